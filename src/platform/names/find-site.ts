import type { DnxError } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import { hiddenFrom, type Listed, type Survey, survey } from './all-sites.ts';
import { sameDomain } from './domains.ts';
import type { Scope } from './lookups.ts';
import { isId, type Located, nameOf, targetOf } from './names.ts';
import { ambiguousSite, notFound } from './unresolved.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** How old a list may be in which a site is found, in ms. The site is checked before it is changed, but may have a new namesake. */
export const KEPT_MS = 24 * 60 * MINUTE;

/** How long a site that no server has stays not found, in ms, so that a typo in a loop does not cost a search each time. */
const MISSING_MS = MINUTE;

/** Finds a site on all servers by domain or id. Reads only the lists that are not remembered, or all if those do not have it exactly once. */
export async function findSite(word: string, scope: Scope): Promise<Located> {
  const { names } = scope;
  const known = await survey(scope, KEPT_MS, word);
  const times = found(word, known).length;
  const isMissing = times === 0 && known.unread.length === 0 && names.searchedFor() < MISSING_MS;
  const all = known.remembered && times !== 1 && !isMissing ? await survey(scope, 0, word) : known;
  const [first, ...others] = found(word, all);
  const hidden = isId(word) && first ? undefined : await hiddenFrom(all, word, scope);
  if (hidden) throw hidden;
  if (!first) throw all.remembered ? withAge(missing(word, all), names.searchedFor()) : missing(word, all);
  const target = located(first);
  if (others.length > 0) throw ambiguousSite(word, [target, ...others.map(located)]);
  if (first.age !== undefined) names.trusted.set(`site ${target.site.id}`, { word, age: first.age });
  return target;
}

/** True if a word means the site with this id and domain. A word that looks like an id is never a domain. */
export const isNamed = (word: string, id: string, domain: string): boolean =>
  isId(word) ? id.toLowerCase() === word.toLowerCase() : sameDomain(domain, word) || id === word;

const found = (word: string, { listed }: Survey): readonly Listed[] =>
  listed.filter(({ site }) => isNamed(word, wordOf(site.id), wordOf(site.domain)));

const located = ({ server, site }: Listed): Located => ({ server, site: targetOf(site, 'site') });

function missing(word: string, { listed }: Survey): DnxError {
  const known = listed.flatMap(({ site, server }) => {
    const name = nameOf(site, 'site');
    return name === undefined ? [] : [{ name, place: server.label }];
  });
  return notFound('site', word, known);
}

const withAge = (error: DnxError, ms: number): DnxError =>
  error.with({ hint: `Checked ${ms < 10 * SECOND ? 'just now' : `${duration(ms)} ago`}. Use --no-cache to check again.` });
