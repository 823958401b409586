import { cancelled, type Detail, isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { capitalized, title, wordOf } from '../../base/text.ts';
import type { Api } from '../../platform/api/api.ts';
import { idIn, type Targets } from '../../platform/names/names.ts';
import { namings, nounIn } from '../../platform/names/namings.ts';
import type { Context } from '../language/command.ts';
import type { From, Option } from '../language/options.ts';
import type { PromptChoice } from '../prompt/questions.ts';
import type { Invocation } from './invocation.ts';
import { specsOf } from './specs.ts';
import { parseValue, type Sources } from './values.ts';

/** The answer to a prompt: the value to send (undefined leaves the option out) and its display text. */
export interface PromptAnswer {
  readonly value: unknown;
  readonly label: string;
  /** It was chosen from the API's list, so it is an id. */
  readonly listed?: boolean;
}

/** The choice to type another value. */
const OTHER = Symbol('other');

/** Prompts for an option. Undefined if there is nothing to choose from. `last`: what was typed before. */
export async function askFor(
  key: string,
  option: Option<unknown>,
  given: JsonObject,
  { api, ...sources }: Sources & { readonly api: Pick<Api, 'list'> },
  last = '',
): Promise<PromptAnswer | undefined> {
  const { ask } = sources;
  if (option.kind === 'flag') {
    const value = await ask.confirm(option.prompt?.none ?? `${option.help}?`, option.prompt?.after?.enter);
    return { value, label: value ? 'yes' : 'no' };
  }
  if (option.kind === 'secret') return { value: await ask.password(option.help), label: '' };
  const typed = async (question: string): Promise<PromptAnswer> => {
    const word = await ask.input(`${question}:`, { check: option.prompt?.check, ...(last && { default: last }) });
    return { value: await parseValue(key, option, word, sources), label: word };
  };
  const choices = await choicesOf(option, given, api);
  if (choices.length === 0) return option.required || !option.from ? typed(option.help) : undefined;
  const question = labelOf(option);
  const chosen = await ask.select(`${question}:`, choices);
  if (chosen === OTHER) return typed(question);
  const { name = '', short: label = name } = choices.find(({ value }) => value === chosen) ?? {};
  return {
    value: typeof chosen === 'string' ? await parseValue(key, option, chosen, sources) : undefined,
    label,
    listed: option.from !== undefined,
  };
}

/** The name of an option in prompts: its help up to the first comma or colon. */
const labelOf = ({ help }: Option<unknown>): string => help.replace(/[,:].*/, '');

/** The choices, the most likely first: offers of the API, or leaving the option out. */
async function choicesOf(option: Option<unknown>, given: JsonObject, api: Pick<Api, 'list'>): Promise<readonly PromptChoice<unknown>[]> {
  const { from, required, strict, prompt } = option;
  const { explained = {} } = prompt ?? {};
  const width = Math.max(...Object.keys(explained).map((each) => each.length));
  const words = (each: string): PromptChoice<unknown> =>
    explained[each] === undefined
      ? { name: each, value: each }
      : { name: `${each.padEnd(width)}  ${explained[each]}`, short: each, value: each };
  const offers = from ? await offersOf(from, given, api) : (prompt?.offers?.(given) ?? []).map(words);
  const known = (option.choices ?? []).map(words).filter(({ value }) => !offers.some((offer) => offer.value === value));
  if (offers.length + known.length === 0 && (from || !prompt?.offers)) return [];
  const none = required ? [] : [{ name: prompt?.none ?? 'Let Deploynix decide', value: undefined }];
  const other = from || strict ? [] : [{ name: 'Other…', value: OTHER }];
  return prompt?.none ? [...none, ...offers, ...known, ...other] : [...offers, ...none, ...known, ...other];
}

/** The choices that the API lists for an option; empty if the token cannot read the list. */
async function offersOf(
  { list, where, resolve }: From,
  given: JsonObject,
  api: Pick<Api, 'list'>,
): Promise<readonly PromptChoice<string>[]> {
  const keys = resolve && namings[nounIn(list) ?? '']?.keys;
  try {
    const items = await api.list<JsonObject>(list, given);
    return items
      .filter((item) => !where || item[where] === undefined || item[where] === given[where])
      .flatMap((item) => {
        const id = idIn(item.id);
        return id === undefined ? [] : [{ name: offerLabel(item, keys), value: id }];
      });
  } catch (error) {
    if (isError(error, 'forbidden', 'not_found', 'invalid')) return [];
    throw error;
  }
}

/** `Falkenstein (fsn1)`, `cx32 (4 vCPU, 8 GB, €6.80/mo)`, or just the name if it can be given by name. */
function offerLabel(item: JsonObject, keys: readonly string[] | undefined): string {
  const id = wordOf(item.id);
  const name = wordOf(item[keys?.[0] ?? 'name']) || id;
  if (keys) return name;
  const specs = specsOf(item);
  if (specs.length > 0) return `${id} (${specs.join(', ')})`;
  return name === id ? name : `${name} (${id})`;
}

/** The values that a command sends, and those that were prompted for. */
interface Sent {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly asked: Readonly<Record<string, PromptAnswer>>;
}

/** After prompts, shows what a command will send, and where to, and asks for confirmation unless --yes is given. */
export async function review(
  { command, consent }: Pick<Invocation, 'command' | 'consent'>,
  inputs: Sent,
  targets: Targets,
  { api, ask, progress }: Pick<Context, 'api' | 'ask' | 'progress'>,
): Promise<void> {
  if (!command.review) return;
  const parents = Object.entries(targets).map(([noun, { label }]): Detail => [capitalized(title(noun)), label]);
  const details = [...parents, ...(await detailsOf(command.fields ?? {}, inputs, api))];
  const width = Math.max(...details.map(([label]) => label.length));
  for (const [label, text] of details) progress.note(`  ${label.padEnd(width)}  ${text}`);
  if (!consent.yes && !(await ask.confirm(command.review))) throw cancelled();
}

/** A line for each field that is sent or was prompted for, with its display text. */
async function detailsOf(declared: Readonly<Record<string, Option<unknown>>>, { fields, extra, asked }: Sent, api: Pick<Api, 'list'>) {
  const sent: Readonly<Record<string, unknown>> = { ...fields, ...extra };
  const details: Detail[] = [];
  for (const key of new Set([...Object.keys(declared), ...Object.keys(sent)])) {
    const option = declared[key];
    const text = asked[key]?.label ?? (sent[key] === undefined ? undefined : await wordsFor(option, sent[key], sent, api));
    if (text !== undefined) details.push([option ? labelOf(option) : key, text]);
  }
  return details;
}

/** The display text of a typed value: its label in the API's list, such as size and price. */
async function wordsFor(
  option: Option<unknown> | undefined,
  value: unknown,
  sent: Readonly<Record<string, unknown>>,
  api: Pick<Api, 'list'>,
) {
  const offers = option?.from ? await offersOf(option.from, sent, api) : [];
  return offers.find((offer) => offer.value === value)?.name ?? wordOf(value);
}
