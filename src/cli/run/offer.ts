import { isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Api } from '../../platform/api/api.ts';
import { idIn } from '../../platform/names/names.ts';
import { namings, nounIn } from '../../platform/names/namings.ts';
import type { From } from '../language/options.ts';
import type { PromptChoice } from '../prompt/questions.ts';
import { specsOf } from './specs.ts';

/** The choices that the API lists for an option; empty if the token cannot read the list. */
export async function offersOf(
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
        return id === undefined ? [] : [{ name: labelOf(item, keys), value: id }];
      });
  } catch (error) {
    if (isError(error, 'forbidden', 'not_found', 'invalid')) return [];
    throw error;
  }
}

/** `Falkenstein (fsn1)`, `cx32 (4 vCPU, 8 GB, €6.80/mo)`, or just the name if it can be given by name. */
function labelOf(item: JsonObject, keys: readonly string[] | undefined): string {
  const id = wordOf(item.id);
  const name = wordOf(item[keys?.[0] ?? 'name']) || id;
  if (keys) return name;
  const specs = specsOf(item);
  if (specs.length > 0) return `${id} (${specs.join(', ')})`;
  return name === id ? name : `${name} (${id})`;
}
