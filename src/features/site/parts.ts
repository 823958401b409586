import type { DnxError } from '../../base/errors.ts';
import { isObject, type JsonObject, own } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { isMask, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { siteEndpoint } from '../../platform/follow/readers.ts';
import { type KindName, kindOf } from '../../platform/kinds.ts';
import { domainKey, type Located, resourceName, targetIds } from '../../platform/names/names.ts';
import type { Fleet } from '../state/fleet.ts';
import { exportedFields } from '../state/write.ts';

/** The lists of a site, and those of its server, of which it has what names it. */
export const partKinds = ['variable', 'queue', 'redirect', 'daemon', 'crontab'] as const;
export type PartKind = (typeof partKinds)[number];

/** A site and what it has. */
export interface SiteParts {
  /** With the site's domain, also if it was named by its id. */
  readonly place: Located;
  /** As a state file has them. */
  readonly settings: JsonObject;
  readonly lists: ReadonlyMap<KindName, readonly JsonObject[]>;
  /** Why a list could not be read. */
  readonly unread: ReadonlyMap<KindName, DnxError>;
}

/** Reads a site and what it has. */
export async function readParts({ api }: Pick<Context, 'api'>, fleet: Fleet, named: Located): Promise<SiteParts> {
  const { data } = await api.send<JsonObject>(siteEndpoint, targetIds(named));
  const item = isObject(data) ? data : {};
  const label = resourceName(item, 'site') ?? named.site.label;
  const kinds = [...partKinds, ...(wordOf(item.git_repository_id) === '' ? [] : ['git_repository' as const])];
  const lists = new Map<KindName, readonly JsonObject[]>();
  const unread = new Map<KindName, DnxError>();
  await inParallel(kinds, async (kind) => {
    const { under } = kindOf(kind);
    const place = { account: {}, server: { server: named.server }, site: named, database: {} }[under];
    const { items = [], error } = await fleet.list(kind, targetIds(place));
    if (error) unread.set(kind, error);
    else lists.set(kind, under === 'server' ? items.filter((one) => names(one, label)) : items);
  });
  return { place: { ...named, site: { ...named.site, label } }, settings: await fleet.shown('site', item), lists, unread };
}

/** The fields that a state file has, as far as the API shows them. */
export const fieldsOf = (kind: KindName, item: JsonObject): JsonObject =>
  Object.fromEntries(
    exportedFields(kind).flatMap((field) => {
      const value = own(item, field);
      return value === undefined || isMask(value) ? [] : [[field, value]];
    }),
  );

/** What a new site like this one has: it is not suspended, and zero-downtime releases are turned on or not mentioned. */
export function newSiteFields(item: JsonObject): JsonObject {
  const { suspended: _, zero_downtime, ...settings } = fieldsOf('site', item);
  return { ...settings, ...(zero_downtime === true && { zero_downtime }) };
}

/** A resource with another domain wherever its words name this one. */
export const renamed = (item: JsonObject, domain: string, name: string): JsonObject =>
  Object.fromEntries(
    Object.entries(item).map(([field, value]) => [
      field,
      typeof value === 'string' ? value.replaceAll(namedIn(domain), () => name) : value,
    ]),
  );

const names = (item: JsonObject, domain: string): boolean =>
  Object.values(item).some((value) => typeof value === 'string' && namedIn(domain).test(value));

/** Where a text names a domain: in a path, a URL or alone, but not as a part of another domain or in an email address. */
function namedIn(domain: string): RegExp {
  const spellings = [domain, domainKey(domain)].map((text) => text.replaceAll(/[$()*+./?[\\\]^{|}]/g, '\\$&'));
  return new RegExp(`(?<![${LETTERS}@-]|[${LETTERS}]\\.)(${spellings.join('|')})(?![${LETTERS}-]|\\.[${LETTERS}])`, 'giu');
}

const LETTERS = '\\p{L}\\p{N}_';
