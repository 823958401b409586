import type { JsonObject } from '../../base/json.ts';
import type { Api } from '../../platform/api/api.ts';
import type { Option } from '../language/options.ts';
import type { PromptChoice } from '../prompt/questions.ts';
import { offersOf } from './offer.ts';
import { parseValue, type Sources } from './values.ts';

/** The answer to a prompt: the value to send (undefined leaves the option out) and its display text. */
export interface Answer {
  readonly value: unknown;
  readonly label: string;
  /** It was chosen from the API's list, so it is an id. */
  readonly listed?: boolean;
}

/** The choice to type another value. */
const OTHER = Symbol('other');

/** Prompts for an option. Undefined if there is nothing to choose from. */
export async function askFor(
  key: string,
  option: Option<unknown>,
  given: JsonObject,
  { api, ...sources }: Sources & { readonly api: Pick<Api, 'list'> },
): Promise<Answer | undefined> {
  const { ask } = sources;
  if (option.kind === 'secret') return { value: await ask.password(option.help), label: '' };
  const typed = async (question: string): Promise<Answer> => {
    const word = await ask.input(`${question}:`, { check: option.prompt?.check });
    return { value: await parseValue(key, option, word, sources), label: word };
  };
  const choices = await choicesOf(option, given, api);
  if (choices.length === 0) return option.required || !option.from ? typed(option.help) : undefined;
  const question = labelOf(option);
  const chosen = await ask.select(`${question}:`, choices);
  if (chosen === OTHER) return typed(question);
  const label = choices.find(({ value }) => value === chosen)?.name ?? '';
  return {
    value: typeof chosen === 'string' ? await parseValue(key, option, chosen, sources) : undefined,
    label,
    listed: option.from !== undefined,
  };
}

/** The name of an option in prompts: its help up to the first comma or colon. */
export const labelOf = ({ help }: Option<unknown>): string => help.replace(/[,:].*/, '');

/** The choices, the most likely first: offers of the API, or leaving the option out. */
async function choicesOf(option: Option<unknown>, given: JsonObject, api: Pick<Api, 'list'>): Promise<readonly PromptChoice<unknown>[]> {
  const { from, required, strict, prompt } = option;
  const words = (each: string): PromptChoice<unknown> => ({ name: each, value: each });
  const offers = from ? await offersOf(from, given, api) : (prompt?.offers?.(given) ?? []).map(words);
  const known = (option.choices ?? []).map(words).filter(({ value }) => !offers.some((offer) => offer.value === value));
  if (offers.length + known.length === 0 && (from || !prompt?.offers)) return [];
  const none = required ? [] : [{ name: prompt?.none ?? 'Let Deploynix decide', value: undefined }];
  const other = from || strict ? [] : [{ name: 'Other…', value: OTHER }];
  return prompt?.none ? [...none, ...offers, ...known, ...other] : [...offers, ...none, ...known, ...other];
}
