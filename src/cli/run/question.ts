import { isError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { flagName, wordOf } from '../../base/text.ts';
import type { Api } from '../../platform/api/api.ts';
import { idIn } from '../../platform/names/names.ts';
import { namings, nounIn } from '../../platform/names/namings.ts';
import type { Option } from '../language/options.ts';
import type { Choice } from '../prompt/choice.ts';
import { parseValue, type Sources } from './values.ts';

/** The value of an option that was not given, from the user. Undefined: an option that can be left out, and was. */
export async function askFor(
  key: string,
  option: Option<unknown>,
  given: JsonObject,
  { api, ...sources }: Sources & { readonly api: Pick<Api, 'list'> },
): Promise<unknown> {
  const { ask } = sources;
  const named = option.place === 'argument' ? `<${key.replaceAll('_', '-')}>` : flagName(key);
  if (!ask.allowed) throw usage(`${named} is missing.`, `${option.help}. Give it as ${named}.`);
  if (option.kind === 'secret') return ask.password(option.help);
  const choices = await choicesFor(option, given, api);
  if (option.required && choices.length === 0) {
    const known = option.choices ? ` (${option.choices.join(', ')})` : '';
    return parseValue(key, option, await ask.input(`${option.help}${known}:`), sources);
  }
  // The examples after the comma are of no use where everything is listed.
  const question = `${option.help.replace(/[,:].*/, '')}:`;
  if (option.required) return ask.select<string | undefined>(question, choices);
  if (choices.length === 0) return undefined;
  return ask.select<string | undefined>(question, [...choices, { name: 'Let Deploynix decide', value: undefined }]);
}

/** What the API offers as an answer. Nothing, where it offers none or this token may not look. */
async function choicesFor(option: Option<unknown>, given: JsonObject, api: Pick<Api, 'list'>): Promise<readonly Choice<string>[]> {
  const { from } = option;
  if (!from) return option.strict ? (option.choices ?? []).map((each) => ({ name: each, value: each })) : [];
  const naming = from.resolve && namings[nounIn(from.list) ?? ''];
  const { where } = from;
  try {
    const things = await api.list<JsonObject>(from.list, given);
    return things
      .filter((thing) => !where || thing[where] === undefined || thing[where] === given[where])
      .flatMap((thing) => {
        const id = idIn(thing.id);
        return id === undefined ? [] : [{ name: labelOf(thing, naming ? naming.keys : undefined), value: id }];
      });
  } catch (error) {
    if (isError(error, 'forbidden', 'not_found', 'invalid')) return [];
    throw error;
  }
}

/** `Falkenstein (fsn1)`, and for what is known by its name alone just that. */
function labelOf(thing: JsonObject, keys: readonly string[] | undefined): string {
  const id = wordOf(thing.id);
  const name = wordOf(thing[keys?.[0] ?? 'name']) || id;
  return keys || name === id ? name : `${name} (${id})`;
}
