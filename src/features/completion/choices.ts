import type { DnxError } from '../../base/errors.ts';
import { title } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { namings } from '../../platform/names/namings.ts';
import { offeredNames, rememberedLists } from './names.ts';

const MOST = 10;

/** The error for a target that was not given, with the names that dnx remembers. */
export function withChoices(error: DnxError, { world, settings }: Pick<Context, 'world' | 'settings'>): DnxError {
  const noun = Object.keys(namings).find((each) => error.message === `No ${title(each)} given.`);
  const names = noun === undefined ? [] : offeredNames(rememberedLists(world, settings), noun, {}).map(({ value }) => value);
  if (names.length === 0) return error;
  const more = names.length > MOST ? `, and ${names.length - MOST} more` : '';
  return error.with({ hint: `${error.hint} Known: ${names.slice(0, MOST).join(', ')}${more}.` });
}
