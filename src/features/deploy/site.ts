import { DnxError, isError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { releasesEndpoint, siteEndpoint } from '../../platform/follow/readers.ts';
import type { Target, Targets } from '../../platform/names/names.ts';
import type { Site } from './baseline.ts';
import { type Release, releasesOf } from './release.ts';

/** A site and its server, by id for the API and by label for people. */
export interface SiteReference {
  readonly server: Target;
  readonly site: Target;
}

/** The site of a command. `domain` is its name if it was read, because it may have been given by id. */
export function siteReference({ server, site }: Targets, domain?: string): SiteReference {
  if (!server || !site) throw new Error('A deployment needs a server and a site.');
  return { server, site: { id: site.id, label: wordOf(domain) || site.label } };
}

/** The path parameters of a site. */
export const siteIds = ({ server, site }: SiteReference) => ({ server: server.id, site: site.id });

/** `shop.example.com (web-1)`. */
export const sitePlace = ({ site, server }: SiteReference): string => `${site.label} (${server.label})`;

/** A command for this site that works in any directory. */
export const siteCommand = (verb: string, { server, site }: SiteReference): readonly string[] => [
  ...(['watch', 'releases', 'why'].includes(verb) ? [] : ['site']),
  ...[verb, site.label],
  ...['--server', server.label],
];

/** The rollback command of this site, optionally to a release. */
export const rollbackCommand = ({ server, site }: SiteReference, to?: string): readonly string[] => [
  ...['rollback', site.label, '--server', server.label],
  ...(to === undefined ? [] : ['--to', to]),
];

/** Reads the site. */
export async function readSite(
  { api }: Pick<Context, 'api'>,
  of: SiteReference,
  options: { readonly retry?: boolean } = {},
): Promise<Site> {
  const { data } = await api.send<Site>(siteEndpoint, siteIds(of), options);
  if (!isObject(data)) throw new DnxError('failed', 'The response from Deploynix has no site.');
  return data;
}

/** Reads the releases, newest first; null if the API or the token does not allow it. */
export async function readReleases(
  { api }: Pick<Context, 'api'>,
  of: SiteReference,
  options: { readonly retry?: boolean } = {},
): Promise<readonly Release[] | null> {
  try {
    return releasesOf(await api.list(releasesEndpoint, siteIds(of), options));
  } catch (error) {
    if (isError(error, 'forbidden', 'not_found', 'invalid')) return null;
    throw error;
  }
}
