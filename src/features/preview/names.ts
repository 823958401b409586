import { createHash } from 'node:crypto';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { PreviewSettings } from '../../machine/settings/preview.ts';
import { siteUrl } from '../../platform/names/names.ts';

/** What a preview belongs to: the names, not the ids, so that a site that was connected anew is the same one. */
export interface PreviewOwner {
  /** Of Deploynix. */
  readonly host: string;
  /** `example/shop`, as Deploynix has it. */
  readonly repository: string;
  /** The domain of the base site, which the previews are like. */
  readonly base: string;
}

/** Six characters that every preview of an owner has, and six for a branch of it. */
const LENGTH = 6;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
/** With the mark, a label stays below the 63 characters of DNS. */
const LONGEST_SLUG = 30;

/** The part of every mark that names the owner. */
export const ownerMark = ({ host, repository, base }: PreviewOwner): string =>
  hash([withoutPort(host), repository, base].map((word) => word.toLowerCase()).join('\0'));

/** A sandbox that starts again has another port, and the same previews. */
const withoutPort = (host: string): string => host.replace(/^(http:\/\/127\.0\.0\.1):\d+$/, '$1');

/** The mark of a preview: the owner, then the branch, whose case counts. */
export const markOf = (owner: PreviewOwner, branch: string): string => `${ownerMark(owner)}${hash(branch)}`;

/** The domain of a preview: `fix-cart-k3vq2mab7xde.preview.example.com` for the pattern `{branch}.preview.example.com`. */
export function previewDomain(pattern: string, branch: string, mark: string): string {
  const slug = branch
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, LONGEST_SLUG)
    .replace(/-$/, '');
  return pattern.replace('{branch}', slug === '' ? `branch-${mark}` : `${slug}-${mark}`);
}

/** The URL of a preview: HTTPS, unless it has no certificate. Undefined for a domain that no URL can have. */
export const previewUrl = (domain: string, { certificate }: Pick<PreviewSettings, 'certificate'>): string | undefined =>
  siteUrl(domain, certificate === 'none' ? 'http' : 'https');

/** The database of a preview, and its user. Each engine takes 15 characters. */
export const databaseName = (mark: string): string => `pv_${mark}`;

/** The mark that a domain has in its first label. */
export const markInDomain = (domain: string): string | undefined => MARKED.exec(domain.toLowerCase())?.[1];

/** The mark that the name of a database or user has. */
export const markInDatabase = (name: string): string | undefined => /^pv_([a-z2-7]{12})$/.exec(name)?.[1];

/** True for the mark of a preview of this owner. */
export const isOwned = (mark: string | undefined, owner: PreviewOwner): mark is string => mark?.startsWith(ownerMark(owner)) === true;

/** True for the mark of a preview of this branch, whatever it belongs to. */
export const isOfBranch = (mark: string | undefined, branch: string): mark is string => mark?.slice(LENGTH) === hash(branch);

/** The part of a mark that names the owner. */
const ownerIn = (mark: string): string => mark.slice(0, LENGTH);

/** The mark of a site that is a preview of some project: its domain has that of its branch. Not enough to remove it. */
export function markOfSite({ domain, branch }: JsonObject): string | undefined {
  const mark = markInDomain(wordOf(domain));
  return isOfBranch(mark, wordOf(branch)) ? mark : undefined;
}

/** True for a preview of some project, by what a list of sites shows. Not enough to remove it. */
export const isPreview = (site: JsonObject): boolean => markOfSite(site) !== undefined;

/** Tells the databases of the previews among these sites. `pv_measurements` alone may be anybody's. */
export function databasesOfPreviews(sites: readonly JsonObject[]): (database: JsonObject) => boolean {
  const owners = new Set(sites.flatMap((site) => markOfSite(site) ?? []).map(ownerIn));
  return ({ name }) => owners.has(ownerIn(markInDatabase(wordOf(name)) ?? ''));
}

const MARKED = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?-([a-z2-7]{12})\./;

function hash(text: string): string {
  const bytes = createHash('sha256').update(text).digest();
  return Array.from({ length: LENGTH }, (_, at) => ALPHABET[(bytes[at] ?? 0) % ALPHABET.length]).join('');
}
