import { cancelled, usage } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { sameName, type Target } from '../../platform/names/names.ts';
import { type LinkFile, placeIn } from './environments.ts';

/** A site and its server, as far as they are named. */
export type Site = Readonly<Record<'server' | 'site', Partial<Target>>>;

/** Asks before an environment gets another site. */
export async function confirmReplacement(
  { ask, progress }: Pick<Context, 'ask' | 'progress'>,
  file: LinkFile,
  name: string,
  of: Site,
  yes: boolean,
): Promise<void> {
  const before = siteIn(file, name);
  if (!before || yes || isSame(before, of)) return;
  const sentence = `${name} is linked to ${called(before)}.`;
  if (!ask.allowed) throw usage(`${sentence} Nothing was changed.`, 'Use --yes to replace it, or --env to link another environment.');
  progress.warn(sentence);
  if (!(await ask.confirm(`Link ${name} to ${called(of)} instead?`))) throw cancelled();
}

/** The site of an environment; undefined if it names none. */
export function siteIn({ environments }: LinkFile, name: string): Site | undefined {
  const environment = own(environments, name);
  const site = placeIn(environment, 'site');
  return site && { site, server: placeIn(environment, 'server') ?? {} };
}

/** True for the same id, or for the same domain on a server that may be the same. */
function isSame(before: Site, now: Site): boolean {
  if (before.site.id !== undefined && before.site.id === now.site.id) return true;
  const [domain, server] = [before.site.label ?? '', before.server];
  const isThere =
    server.label === undefined || server.label === now.server.label || [server.id, server.label].includes(now.server.id ?? '');
  return isThere && (sameName('site', domain, now.site.label ?? '') || domain === now.site.id);
}

/** `shop.example.com (web-1)`. */
export const called = ({ server, site }: Site): string => `${site.label}${server.label === undefined ? '' : ` (${server.label})`}`;
