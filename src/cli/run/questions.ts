import { cancelled, type Detail, isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { capitalized, flagName, title, wordOf } from '../../base/text.ts';
import type { Api } from '../../platform/api/api.ts';
import { idIn, namings, nounIn, type Targets } from '../../platform/names/names.ts';
import { type Context, nounOf, type TypedLine } from '../language/command.ts';
import type { From, Option } from '../language/options.ts';
import { takenBy } from '../language/signature.ts';
import { safeLine } from '../output/text.ts';
import type { Result } from '../output/view.ts';
import type { PromptChoice } from '../prompt/questions.ts';
import type { Inputs, PromptAnswer, Ready } from './line.ts';
import { parseValue, type Sources } from './values.ts';

const OTHER = Symbol('other');

/** Prompts for an option. Undefined if there is nothing to choose from. `last`: what was typed before. */
export async function askFor(
  key: string,
  option: Option<unknown>,
  values: JsonObject,
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
  const choices = await choicesOf(option, values, api);
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
async function choicesOf(option: Option<unknown>, values: JsonObject, api: Pick<Api, 'list'>): Promise<readonly PromptChoice<unknown>[]> {
  const { from, required, strict, prompt } = option;
  const { explained = {} } = prompt ?? {};
  const width = Math.max(...Object.keys(explained).map((each) => each.length));
  const words = (each: string): PromptChoice<unknown> =>
    explained[each] === undefined
      ? { name: each, value: each }
      : { name: `${each.padEnd(width)}  ${explained[each]}`, short: each, value: each };
  const offers = from ? await offersOf(from, values, api) : (prompt?.offers?.(values) ?? []).map(words);
  const known = (option.choices ?? []).map(words).filter(({ value }) => !offers.some((offer) => offer.value === value));
  if (offers.length + known.length === 0 && (from || !prompt?.offers)) return [];
  const none = required ? [] : [{ name: prompt?.none ?? 'Let Deploynix decide', value: undefined }];
  const other = from || strict ? [] : [{ name: 'Other…', value: OTHER }];
  return prompt?.none ? [...none, ...offers, ...known, ...other] : [...offers, ...none, ...known, ...other];
}

/** The choices that the API lists for an option; empty if the token cannot read the list. */
async function offersOf(
  { list, where, resolve }: From,
  values: JsonObject,
  api: Pick<Api, 'list'>,
): Promise<readonly PromptChoice<string>[]> {
  const keys = resolve && namings[nounIn(list) ?? '']?.keys;
  try {
    const items = await api.list<JsonObject>(list, values);
    return items
      .filter((item) => !where || item[where] === undefined || item[where] === values[where])
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

type SentValues = Pick<Inputs, 'fields' | 'extra' | 'asked'>;

/** After prompts, shows what a command will send, and where to, and asks for confirmation unless --yes is given. */
export async function review(
  { command, consent }: Pick<TypedLine, 'command' | 'consent'>,
  inputs: SentValues,
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

async function detailsOf(
  declared: Readonly<Record<string, Option<unknown>>>,
  { fields, extra, asked }: SentValues,
  api: Pick<Api, 'list'>,
) {
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

/** The API reference does not describe sizes; these are common field names of cloud providers, here of CPUs. */
export const cpus = ['vcpus', 'vcpu', 'vcpu_count', 'cpus', 'cpu', 'cores'];
/** Those of memory. */
export const memories = ['memory', 'memory_mb', 'memory_gb', 'ram'];
const disks = ['disk', 'disk_gb', 'disk_size', 'storage'];
/** Those of prices. */
export const prices = [
  { keys: ['price_monthly', 'monthly_price', 'price_per_month', 'monthly_cost', 'monthly'], period: '/mo' },
  { keys: ['price_hourly', 'hourly_price', 'price_per_hour', 'hourly_cost', 'hourly'], period: '/h' },
  { keys: ['price', 'cost', 'amount'], period: '' },
];

const symbols: Readonly<Record<string, string>> = { EUR: '€', USD: '$', GBP: '£' };

/** Memory below this is in GB, otherwise in MB. */
const LEAST_MB = 512;

/** The specs and price of a server size: `4 vCPU`, `8 GB`, `80 GB disk`, `€6.80/mo`. */
export function specsOf(size: JsonObject): readonly string[] {
  const name = typeof size.name === 'string' ? size.name : '';
  const sized = /\d\s*(vcpu|cpu|core|gb)\b/i.test(name);
  const machine = sized ? [name] : [amountOf(size, cpus, 'vCPU'), memoryOf(size)];
  return [...machine, amountOf(size, disks, 'GB disk'), priceOf(size)].filter((each) => each !== undefined);
}

const first = (item: JsonObject, keys: readonly string[]): unknown =>
  keys.map((key) => item[key]).find((value) => value !== undefined && value !== null && value !== '');

/** A number with its unit; text such as `80 GB` unchanged. */
function amountOf(item: JsonObject, keys: readonly string[], unit: string): string | undefined {
  const value = first(item, keys);
  if (typeof value === 'number' || (typeof value === 'string' && isNumber(value))) return `${value} ${unit}`;
  return typeof value === 'string' ? value : undefined;
}

function memoryOf(item: JsonObject): string | undefined {
  const value = first(item, memories);
  if (typeof value === 'string' && !isNumber(value)) return value;
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const amount = Number(value);
  return `${Number((amount < LEAST_MB ? amount : amount / 1024).toFixed(1))} GB`;
}

/** `€6.80/mo`, without the period if it is unknown. */
function priceOf(item: JsonObject): string | undefined {
  const { price } = item;
  if (isObject(price)) return priceOf({ currency: item.currency, ...price });
  for (const { keys, period } of prices) {
    const value = first(item, keys);
    if (typeof value === 'number' || typeof value === 'string')
      return isNumber(String(value)) ? `${money(value, item.currency)}${period}` : String(value);
  }
  return undefined;
}

function money(value: number | string, currency: unknown): string {
  const amount = Number(value) < 0.1 ? String(value) : Number(value).toFixed(2);
  if (typeof currency !== 'string') return amount;
  const symbol = symbols[currency.toUpperCase()];
  return symbol ? `${symbol}${amount}` : `${amount} ${currency}`;
}

const isNumber = (word: string): boolean => /^\d+(\.\d+)?$/.test(word);

/** Adds the command line that needs no prompts, if dnx prompted for anything. */
export function withoutPrompts({ line, inputs: { asked, answers }, picked, targets }: Ready, result: Result): Result {
  const all = { ...placesIn(line, targets[0] ?? {}), ...picked, ...answers, ...result.answers };
  if (!line.command.fields || Object.keys(all).length === 0) return result;
  // --no-input, because the command would prompt again for options that were left out.
  const quiet = Object.values(asked).some(({ value }) => value === undefined);
  const words = wordsWithout(line, quiet ? { ...all, no_input: true } : all);
  return words ? { ...result, next: [...(result.next ?? []), { command: words, why: 'Without prompts' }] } : result;
}

/** The server or site that the settings name, which a repeated command line must name, too. A site needs no server. */
const placesIn = ({ targets: typed }: TypedLine, { server, site }: Targets): Readonly<Record<string, string>> => ({
  ...(site && !typed.site && { site: site.label }),
  ...(server && !typed.server && !typed.site && { server: server.label }),
});

/** The command line that needs no prompts. Undefined if it would repeat a secret, or does not fit on a line. */
function wordsWithout(line: TypedLine, answers: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const { command, path, group, targets, options, fields, body, consent } = line;
  const taken = takenBy(command);
  if (body.field.length > 0 || body.data !== undefined || Object.keys(options).some((key) => taken[key]?.confidential)) return undefined;
  const values: Readonly<Record<string, unknown>> = {
    ...targets,
    ...fields,
    ...options,
    ...(consent.yes && { yes: true }),
    ...(consent.confirm !== undefined && { confirm: consent.confirm }),
    ...answers,
  };
  const positional = (key: string) => key === nounOf(group) || taken[key]?.place !== undefined;
  const placed = Object.keys(values).filter(positional);
  const named = Object.keys(values).filter((key) => !positional(key));
  const words = placed.flatMap((key) => valuesOf(values[key]));
  const flags = [...named.flatMap((key) => option(key, values[key])), ...shaped(line)];
  const all = words.some((word) => word.startsWith('-'))
    ? [...path.split(' '), ...flags, '--', ...words]
    : [...path.split(' '), ...words, ...flags];
  return all.every((word) => safeLine(word) === word) ? all : undefined;
}

const shaped = ({ globals }: TypedLine): readonly string[] => [
  ...(globals.json ? ['--json'] : []),
  ...(['output', 'query', 'sort', 'limit'] as const).flatMap((key) => (globals[key] === undefined ? [] : [flagName(key), globals[key]])),
  ...(globals.fields ? ['--fields', globals.fields.join(',')] : []),
  ...(globals.quiet ? ['--quiet'] : []),
];

function option(key: string, value: unknown): readonly string[] {
  if (value === true) return [flagName(key)];
  if (value === false) return [flagName(`no_${key}`)];
  return valuesOf(value).flatMap((word) => (/^-./.test(word) ? [`${flagName(key)}=${word}`] : [flagName(key), word]));
}

const valuesOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value : [value]).map(String);
