import { DnxError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { counted, title, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { anything, nullable, objectOf, oneOf, type Printed, word } from '../../cli/language/shape.ts';
import { type Column, columns, type Result, rows } from '../../cli/output/view.ts';
import { kindOf } from '../../platform/kinds.ts';
import { compared, paired } from '../../platform/names/existing.ts';
import type { Located } from '../../platform/names/names.ts';
import { fieldWords } from '../../platform/names/value.ts';
import { remoteSide } from '../env/remote.ts';
import { comparedSides } from '../env/sync/steps.ts';
import { openFleet } from '../state/fleet.ts';
import { requireTwo, siteNamed } from './named.ts';
import { fieldsOf, type PartKind, partKinds, readParts, renamed, type SiteParts } from './parts.ts';

/** A part of two sites: a setting, a variable, or a field of what a list has. Values of variables are never shown. */
export const sitePart = objectOf({
  kind: oneOf('site', ...partKinds),
  /** What a list has, by its key, such as the path of a redirect; null for a setting of the site itself. */
  name: nullable(word),
  /** Null if the whole thing is meant. */
  field: nullable(word),
  change: oneOf('equal', 'changed', 'only_here', 'only_there', 'unknown'),
  here: anything,
  there: anything,
});
type SitePart = Printed<typeof sitePart>;

type CompareOptions = Given<{ other_site: string; equal: boolean; exit_code: boolean }> & { readonly first_site: string };

/** `dnx site compare`: two sites side by side. What the token cannot read is not compared. */
export async function compareSites(ctx: Context, options: CompareOptions): Promise<Result<readonly SitePart[]>> {
  const { first_site: first, other_site: second, equal = false, exit_code } = options;
  const [one, other] = [await siteNamed(ctx, first), await siteNamed(ctx, second)];
  requireTwo(one, other);
  const fleet = openFleet(ctx, 'site compare');
  const [here, there] = await Promise.all([readParts(ctx, fleet, one), readParts(ctx, fleet, other)]);
  const settings = comparedFields('site', null, fieldsOf('site', here.settings), fieldsOf('site', there.settings));
  const parts = [...settings, ...partKinds.flatMap((kind) => comparedLists(kind, here, there))];
  const unread = [...new Map([...there.unread, ...here.unread]).values()];
  for (const { message } of unread) ctx.progress.warn(`Not everything is compared. ${message}`);
  const different = parts.filter(({ change }) => change !== 'equal' && change !== 'unknown').length;
  const differs = exit_code && different > 0 ? new DnxError('differences', `${counted(different, 'difference')}.`) : undefined;
  const shown = equal ? parts : parts.filter(({ change }) => change !== 'equal');
  const note = equal ? undefined : equalWords(parts);
  return {
    view: rows(shown, sideColumns(here.place, there.place), unread.length > 0 ? 'No differences in what was compared.' : 'No differences.'),
    ...(note !== undefined && { note }),
    exit: unread[0] ?? differs,
  };
}

/** What stands for the domain of either site in what its server has, so that those of two sites are alike. */
const SITE = '{site}';

/** What both sites have in a list, unless one of the lists could not be read. */
function comparedLists(kind: PartKind, here: SiteParts, there: SiteParts): readonly SitePart[] {
  const [ours, theirs] = [here, there].map(({ lists, place }) => {
    const isOfServer = kindOf(kind).under === 'server';
    return lists.get(kind)?.map((item) => (isOfServer ? renamed(item, place.site.label, SITE) : item));
  });
  if (!ours || !theirs) return [];
  return kind === 'variable'
    ? comparedSides(remoteSide(ours), remoteSide(theirs)).map(({ key, change }) => wholePart(kind, key, change))
    : comparedItems(kind, ours, theirs);
}

/** Compares what both sites have, and names what only one of them has. What cannot be told apart is that, too. */
function comparedItems(kind: PartKind, here: readonly JsonObject[], there: readonly JsonObject[]): readonly SitePart[] {
  const { keys } = kindOf(kind);
  const nameOf = (item: JsonObject) => wordOf(item[keys[0]?.[0] ?? '']);
  const wanted = here.map((item) => ({ name: nameOf(item), fields: fieldsOf(kind, item) }));
  const { matches } = paired(kind, there, wanted, keys);
  const left = new Set(there);
  const ours = wanted.flatMap((one) => {
    const found = matches.get(one)?.found;
    if (!found) return [wholePart(kind, one.name, 'only_here')];
    left.delete(found);
    const open = comparedFields(kind, one.name, one.fields, fieldsOf(kind, found)).filter(({ change }) => change !== 'equal');
    return open.length > 0 ? open : [wholePart(kind, one.name, 'equal')];
  });
  return [...ours, ...[...left].map((item) => wholePart(kind, nameOf(item), 'only_there'))];
}

/** The fields that either side shows. One that the other does not is unknown. */
function comparedFields(kind: SitePart['kind'], name: string | null, here: JsonObject, there: JsonObject): readonly SitePart[] {
  return Object.keys({ ...here, ...there }).map((field) => {
    const isUnknown = !(field in here && field in there);
    const isEqual = !isUnknown && compared(kind, { [field]: there[field] }, { [field]: here[field] }).differences.length === 0;
    const change = isUnknown ? 'unknown' : isEqual ? 'equal' : 'changed';
    return { kind, name, field: kindOf(kind).names?.[field] ?? field, change, here: here[field] ?? null, there: there[field] ?? null };
  });
}

const wholePart = (kind: PartKind, name: string, change: SitePart['change']): SitePart => {
  return { kind, name, field: null, change, here: null, there: null };
};

/** `Equal: 4 settings, 9 variables. Show them with --equal.` */
function equalWords(parts: readonly SitePart[]): string | undefined {
  const equal = parts.filter(({ change }) => change === 'equal');
  const words = ['site' as const, ...partKinds].flatMap((kind) => {
    const count = equal.filter((part) => part.kind === kind).length;
    return count === 0 ? [] : [counted(count, kind === 'site' ? 'setting' : title(kind))];
  });
  return words.length === 0 ? undefined : `Equal: ${words.join(', ')}. Show them with --equal.`;
}

/** What it is, and a column for each site. */
function sideColumns(here: Located, there: Located): readonly Column[] {
  const isNamesake = here.site.label === there.site.label;
  const side = (key: SideName, { site, server }: Located) => ({
    key,
    title: isNamesake ? `${server.label}/${site.label}` : site.label,
    wrap: true as const,
    cell: (part: SitePart) => sideWords(part, key),
    tone: ({ change }: SitePart) => tones[change],
  });
  return columns<SitePart>(
    { key: 'kind', cell: ({ kind }) => title(kind) },
    { key: 'name', wrap: true, cell: partWords },
    { key: 'field', data: true },
    { key: 'change', data: true },
    side('here', here),
    side('there', there),
  );
}

type SideName = 'here' | 'there';

const tones = { equal: 'dim', changed: 'yellow', only_here: 'green', only_there: 'green', unknown: 'dim' } as const;

/** `php version`, `default: processes`, `APP_ENV`. */
const partWords = ({ name, field }: SitePart): string =>
  [name, field === null ? null : fieldWords(field)].filter((part) => part !== null).join(': ');

/** A side of a part: the value of a field, or whether the thing is there. Undefined if it is not. */
function sideWords({ kind, field, change, ...part }: SitePart, side: SideName): unknown {
  if (field !== null) return part[side] ?? (change === 'unknown' ? 'not shown' : undefined);
  if (change === (side === 'here' ? 'only_there' : 'only_here')) return undefined;
  if (kind !== 'variable') return 'yes';
  if (side === 'here' || change === 'only_there') return 'set';
  return { equal: 'same value', changed: 'other value', unknown: 'set, not comparable', only_here: undefined }[change];
}
