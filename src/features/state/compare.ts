import { inParallel } from '../../base/parallel.ts';
import { counted } from '../../base/text.ts';
import { duration, SECOND } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { kindNames, kindOf } from '../../platform/kinds.ts';
import { domainKey, idIn, resourceName, type Target, type Targets, targetIds } from '../../platform/names/names.ts';
import { countProgress } from '../overview/lists.ts';
import { isSpent } from '../site/certificate.ts';
import type { Fleet } from './fleet.ts';
import type { Comparison, Row, StateFile, Unread } from './model.ts';
import { type DeclaredList, declaredLists, type Narrowing } from './places.ts';
import { compareItems, type Resolve, type RowContext } from './rows.ts';

interface CompareOptions extends Narrowing {
  /** Reads a reference to a value that the API shows. Without it, none is read. */
  readonly resolve?: Resolve | undefined;
}

/** Compares a state file, or a part of it, with what is there. Throws for a server that is missing, and for what cannot be told apart. */
export async function compareState(ctx: Context, state: StateFile, fleet: Fleet, options: CompareOptions): Promise<Comparison> {
  const { lists, unread } = await declaredLists(fleet, state, options);
  await announce(ctx, lists, options);
  const next = countProgress(ctx, 'Reading', lists.length, 'list');
  const comparing = { ctx, state, fleet, resolve: options.resolve, parents: new Map<string, Target>(), unshown: new Set<string>() };
  const parts: Comparison[] = [{ rows: [], unread: [...unread, ...(await unreadNames(fleet, lists))] }];
  // What has lists is found before its lists are read.
  for (const under of [['account'], ['server'], ['site', 'database']]) {
    const level = lists.filter(({ kind }) => under.includes(kindOf(kind).under));
    const compareOne = async (list: DeclaredList) => {
      const part = await compareList(list, comparing);
      next();
      return part;
    };
    parts.push(...(await inParallel(level, compareOne)));
  }
  ctx.progress.done();
  const order = ({ kind }: Row) => kindNames.indexOf(kind);
  return {
    rows: parts.flatMap(({ rows }) => rows).toSorted((one, other) => order(one) - order(other)),
    unread: parts.flatMap((part) => part.unread),
  };
}

/** The lists of names that the file has for ids, if they could not be read and are none of its own. */
async function unreadNames(fleet: Fleet, lists: readonly DeclaredList[]): Promise<readonly Unread[]> {
  const nouns = lists.flatMap(({ kind, entries }) =>
    Object.entries(kindOf(kind).by ?? {}).flatMap(([field, noun]) => (entries.some(({ fields }) => field in fields) ? [noun] : [])),
  );
  const others = nouns.filter((noun) => !lists.some(({ kind }) => kind === noun));
  const readings = await inParallel([...new Set(others)], fleet.list);
  return readings.flatMap(({ error, fix }) => (error ? [{ kind: 'git_repository' as const, place: {}, error, fix }] : []));
}

interface Comparing extends RowContext {
  readonly ctx: Context;
  /** The sites and databases of the file, by `parentKey`. Those that are still to be created have no id. */
  readonly parents: Map<string, Target>;
}

/** Says how long it takes if it is more than a window of the rate limit. */
export async function announce(
  { api, progress }: Context,
  lists: { readonly length: number },
  { servers, sites }: Narrowing,
): Promise<void> {
  const { limit, remaining, window_s } = await api.rate();
  const pauses = limit === null || window_s === null ? 0 : Math.ceil((lists.length - (remaining ?? limit)) / limit);
  if (pauses < 1) return;
  const narrow = servers.length + sites.length === 0 ? '. Narrow it with --server or --site' : '';
  progress.step(`Reading ${counted(lists.length, 'list')} takes about ${duration(pauses * (window_s ?? 0) * SECOND)}${narrow}`);
}

const parentKey = (kind: 'site' | 'database', server: Target | undefined, name: string | undefined): string =>
  `${kind} ${server?.id} ${kind === 'site' ? domainKey(name ?? '') : name}`;

/** What has a list; undefined if that could not be read. */
function placeOf({ kind, server, names }: DeclaredList, parents: Comparing['parents']): Targets | undefined {
  const { under } = kindOf(kind);
  if (under === 'account') return {};
  const place: Targets = server ? { server } : {};
  if (under === 'server') return place;
  const parent = parents.get(parentKey(under, server, names[under]));
  return parent && { ...place, [under]: parent };
}

const isCreated = (place: Targets): boolean => Object.values(place).every(({ id }) => id !== '');

async function compareList(list: DeclaredList, comparing: Comparing): Promise<Comparison> {
  const { kind } = list;
  const { fleet, parents } = comparing;
  const place = placeOf(list, parents);
  if (!place) return { rows: [], unread: [] };
  const isThere = isCreated(place) && (list.server !== undefined || kindOf(kind).under === 'account');
  const { items, error, fix } = isThere ? await fleet.list(kind, targetIds(place)) : { items: [] };
  if (error) return { rows: [], unread: [{ kind, place, error, fix }] };
  const now = comparing.ctx.clock.now();
  const living = kind === 'certificate' ? items.filter((item) => !isSpent(item, now)) : items;
  const comparison = await compareItems({ ...list, place }, living, comparing);
  for (const { entry, item, outcome } of comparison.rows) {
    if ((kind !== 'site' && kind !== 'database') || !entry || outcome === 'twin') continue;
    const name = resourceName(entry.fields, kind) ?? '';
    parents.set(parentKey(kind, list.server, name), { id: idIn(item?.id) ?? '', label: resourceName(item ?? {}, kind) ?? name });
  }
  return comparison;
}
