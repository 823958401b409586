import { type Detail, DnxError, type Next } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import { counted, title, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { where } from '../../cli/run/consent.ts';
import { called, idIn, resourceName, type Targets } from '../../platform/names/names.ts';
import { fieldWords, shownValue } from '../../platform/names/value.ts';
import type { LeftRow } from './draft.ts';
import type { Row, StateFile, Unread } from './model.ts';
import { changedLately } from './sides.ts';
import { positionIn } from './source.ts';
import { unreadError } from './unread.ts';
import { substanceOf } from './words.ts';

/** `redirect /old on shop.example.com (web-1)`. */
export function rowTitle({ kind, place, entry, item }: Row): string {
  const label = resourceName(item ?? entry?.fields ?? {}, kind) ?? idIn(item?.id) ?? '';
  const targets: Targets = { ...place, [kind]: { id: '', label } };
  return `${called(kind, { label })}${where(targets, kind)}`;
}

const withReason = (left: readonly LeftRow[], why: LeftRow['why']): readonly LeftRow[] => left.filter((item) => item.why === why);

/** Says what a plan leaves as it is: what only a create sets, what is too much, and what the API hides. */
export async function sayLeft(ctx: Pick<Context, 'progress' | 'signal' | 'world'>, state: StateFile, left: readonly LeftRow[]) {
  const { progress } = ctx;
  for (const { row, fields } of withReason(left, 'fixed')) {
    const words = row.differences.filter(({ field }) => fields.includes(field)).map(differenceWords);
    progress.warn(`${rowTitle(row)}: ${words.join('; ')}. The API cannot change that.`);
  }
  const extra = withReason(left, 'extra').map(({ row }) => `  - ${rowTitle(row)}`);
  if (extra.length > 0) progress.note(['Only at Deploynix. To delete what can be deleted, use --delete:', ...extra].join('\n'));
  const hidden = withReason(left, 'hidden');
  if (hidden.length === 0) return;
  progress.note(`Not compared, because the API hides the value: ${namesOf(hidden)}. To send it, use --set-unknown NAME, or all.`);
  const changed = state.path === '' ? [] : await changedLately(ctx, state, hidden);
  const flags = wordsOf(changed).map((name) => ` --set-unknown ${quoted(name)}`);
  if (flags.length > 0)
    progress.note(`Changed lately in ${state.name}: ${namesOf(changed)}. If that was not sent yet, use${flags.join('')}`);
}

const wordsOf = (left: readonly Pick<LeftRow, 'row'>[]): readonly string[] => [
  ...new Set(left.map(({ row: { kind, entry } }) => resourceName(entry?.fields ?? {}, kind) ?? title(kind))),
];

function namesOf(left: readonly Pick<LeftRow, 'row'>[]): string {
  const names = wordsOf(left);
  return `${names.slice(0, MOST_NAMES).join(', ')}${names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ''}`;
}

const MOST_NAMES = 10;

const differenceWords = ({ field, is, wanted }: Row['differences'][number]): string =>
  `${fieldWords(field)} is ${shownValue(is)}, not ${shownValue(wanted)}`;

/** Why not everything is as a state file says; undefined if it is. */
export function leftError(state: StateFile, left: readonly LeftRow[], unread: readonly Unread[]): DnxError | undefined {
  const unplanned = unreadError(unread, 'so not everything was planned');
  if (unplanned) return unplanned;
  const missing = withReason(left, 'must_exist');
  const stuck = withReason(left, 'stuck');
  if (missing.length + stuck.length === 0) return undefined;
  const details: readonly Detail[] = [
    ...missing.map(({ row }): Detail => {
      const file = row.entry ? positionIn(state, row.entry) : state.name;
      return [rowTitle(row), `missing, and its ${fieldWords(substanceOf(row.kind, row.entry?.fields ?? {}) ?? 'value')} is not in ${file}`];
    }),
    ...stuck.map(
      ({ row, fields }): Detail => [rowTitle(row), `Deploynix has answered otherwise before: ${fields.map(fieldWords).join(', ')}`],
    ),
  ];
  return new DnxError(
    'differences',
    `${counted(details.length, 'resource')} ${details.length === 1 ? 'is' : 'are'} not as ${state.name} says.`,
    {
      details,
      next: nextFor(missing),
    },
  );
}

/** The command that makes the first thing that has to exist. */
function nextFor([first]: readonly LeftRow[]): readonly Next[] {
  const { kind, entry, place } = first?.row ?? {};
  const { server, site, database } = place ?? {};
  const name = wordOf(entry?.fields[kind === 'variable' ? 'key' : 'username']);
  if (kind === 'variable' && site && server)
    return [{ command: ['env', 'set', name, '--from-file', 'FILE', '--site', site.label, '--server', server.label], why: 'Set it with' }];
  if (kind === 'user' && database && server)
    return [{ command: ['database-user', 'create', name, '--database', database.label, '--server', server.label], why: 'Create it with' }];
  return [];
}
