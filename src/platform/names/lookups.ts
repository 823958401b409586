import { own } from '../../base/json.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Api } from '../api/api.ts';
import type { Endpoint } from '../api/endpoint.ts';
import type { NameIndex } from './name-index.ts';
import { isIdOf, listUnder, namings, sameDomain, type Target, type Targets, withoutUrl } from './names.ts';

/** Words for path parameters, by name: ids or names. */
export type LookupWords = Readonly<Record<string, string | undefined>>;

/** The server and site from the environment, the link file or the profile. */
export type Defaults = Partial<Pick<Settings, 'server' | 'site' | 'origins' | 'linked' | 'link' | 'unplaced' | 'broken'>>;

/** How one path parameter becomes an id. */
export interface Lookup {
  readonly name: string;
  readonly word: string | undefined;
  /** The name of an id from the link file. */
  readonly label?: string;
  /**
   * `id`: needs no request. `list`: a name to find in the list of its parents. `anywhere`: a site to find on any server.
   * `list, then anywhere`: on the default server first. `missing`: not given.
   */
  readonly how: 'id' | 'list' | 'list, then anywhere' | 'anywhere' | 'missing';
  readonly requests: readonly Endpoint[];
}

const LISTS = ['GET /servers', 'GET /servers/{server}/sites'] as const;

/** The lookups for these path parameters, in order. Sends nothing: `resolve` executes them, and `arithmetic.ts` sums up their abilities. */
export function lookupsFor(names: readonly string[], typed: LookupWords, settled: Defaults): readonly Lookup[] {
  const words = typed.site === undefined ? typed : { ...typed, site: withoutUrl(typed.site) };
  const linked = linkedFor(names, words, settled);
  if (linked.length > 0) {
    const done = linked.map(({ name }) => name);
    return [
      ...linked,
      ...lookupsFor(
        names.filter((name) => !done.includes(name)),
        words,
        {},
      ),
    ];
  }
  const site = words.site ?? (settled.site && withoutUrl(settled.site));
  const serverless = names.includes('site') && names.includes('server') && words.server === undefined && site !== undefined;
  const placed = serverless ? sitePath(site, settled) : [];
  const others = names.filter((name) => !placed.some((each) => each.name === name) && !(serverless && name === 'server'));
  const word = (name: string) => words[name] ?? (name === 'site' ? site : name === 'server' ? settled.server : undefined);
  return [...placed, ...others.map((name) => lookupFor(name, word(name), names))];
}

/** The server and site that the link file names by id: with a site, both or neither. */
function linkedFor(names: readonly string[], words: LookupWords, { linked = {} }: Defaults): readonly Lookup[] {
  const { server, site } = linked;
  const found = (name: string, { id, label }: Target): Lookup => ({ name, word: id, label, how: 'id', requests: [] });
  const free = words.server === undefined && words.site === undefined;
  if (!server || !free || !names.includes('server')) return [];
  if (!names.includes('site')) return [found('server', server)];
  return site ? [found('server', server), found('site', site)] : [];
}

/** Lookups for a site without --server: `server/domain`, on the default server, or anywhere. */
function sitePath(site: string, settled: Defaults): readonly Lookup[] {
  const { server } = settled;
  if (site.includes('/')) {
    const [before = '', after = ''] = site.split('/', 2);
    return [lookupFor('server', before), lookupFor('site', after)];
  }
  const here = lookupFor('site', site);
  if (server === undefined || (here.how === 'list' && isElsewhere(site, settled)))
    return [{ name: 'site', word: site, how: 'anywhere', requests: LISTS }];
  return [lookupFor('server', server), here.how === 'list' ? { ...here, how: 'list, then anywhere' } : here];
}

/** True for a domain that a link file does not place. It may be on several servers. */
function isElsewhere(word: string, { site, linked, origins }: Defaults): boolean {
  if (origins?.server !== 'link file') return false;
  const name = linked?.site?.label ?? site;
  return name === undefined || !sameDomain(word, name.slice(name.indexOf('/') + 1));
}

/** The lookup that turns one word into an id. */
export function lookupFor(name: string, word: string | undefined, names: readonly string[] = ['server', 'site']): Lookup {
  if (word === undefined) return { name, word, how: 'missing', requests: [] };
  const naming = own(namings, name);
  if (!naming || isIdOf(name, word)) return { name, word, how: 'id', requests: [] };
  return { name, word, how: 'list', requests: [listUnder(naming, names)] };
}

/** What names are looked up with. */
export interface Scope {
  readonly api: Pick<Api, 'list' | 'send'>;
  readonly settings: Defaults;
  readonly names: NameIndex;
  /** How old a name may be that is used without a check, in ms. None if missing: only this command's own lists count. */
  readonly trust?: number;
  /** Shows a search of this many servers, for a site if a word is given. */
  readonly searching: (servers: number, word: string | undefined) => SearchProgress;
  /** What need not exist: a target that is missing instead of an error. */
  readonly optional?: string | undefined;
  /** What was picked from lists, which is not looked up again. */
  readonly picked?: Targets;
}

/** The progress of a search. */
export interface SearchProgress {
  next(): void;
  end(): void;
}
