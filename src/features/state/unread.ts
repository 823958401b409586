import { type Detail, DnxError } from '../../base/errors.ts';
import { grouped } from '../../base/matching.ts';
import { counted, plural, title } from '../../base/text.ts';
import { namesIn, placeName, wordList } from '../audit/finding.ts';
import type { Unread } from './model.ts';

/** `queue workers of shop.example.com on web-1` */
export function listWords({ kind, place }: Pick<Unread, 'kind' | 'place'>): string {
  const parent = [place.database && `database ${place.database.label}`, placeName(namesIn(place))].filter(Boolean).join(' on ');
  return `${plural(title(kind))}${parent === '' ? '' : ` of ${parent}`}`;
}

/**
 * The error for lists that could not be read; undefined if all were. A missing ability counts first, because the user can do something about
 * it. `meaning`: what the result is without them.
 */
export function unreadError(unread: readonly Unread[], meaning: string): DnxError | undefined {
  const first = unread.find(({ error }) => error.code === 'forbidden') ?? unread[0];
  if (!first) return undefined;
  const { error, fix } = first;
  const details = [...grouped(unread, (list) => list.error.message)].map(
    ([reason, lists]): Detail => [wordList(lists.map(listWords)), reason],
  );
  // What was found is in the result.
  const code = error.code === 'not_found' ? 'partial' : error.code;
  return new DnxError(code, `${counted(unread.length, 'list')} could not be read, ${meaning}.`, {
    details,
    hint: error.hint,
    next: fix ? [{ command: fix, why: 'Get the abilities with' }] : error.next,
    reason: error.reason,
  });
}
