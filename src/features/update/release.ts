import { DnxError } from '../../base/errors.ts';
import { fromJson, isObject } from '../../base/json.ts';
import { repository } from '../../base/version.ts';
import type { Transport } from '../../machine/world.ts';
import { bodyText } from '../../platform/api/network/response.ts';

/** `https://api.github.com/repos/OWNER/NAME/releases/latest`, which is never a draft or a pre-release. */
const LATEST = `${repository.replace('https://github.com/', 'https://api.github.com/repos/')}/releases/latest`;

/** The version of the latest release, from GitHub. Sends nothing about this user or machine. */
export async function latestRelease(transport: Transport, signal: AbortSignal): Promise<string> {
  const headers = { accept: 'application/vnd.github+json', 'user-agent': 'dnx' };
  const response = await transport.request({ method: 'GET', url: LATEST, headers, signal });
  if (response.status !== 200) throw new DnxError('failed', `GitHub returned ${response.status}.`);
  const release = fromJson(await bodyText(response));
  const latest = isObject(release) && !release.draft && !release.prerelease ? versionIn(release.tag_name) : undefined;
  if (latest === undefined) throw new DnxError('failed', 'GitHub returned no release.');
  return latest;
}

/** The version of a release tag: `1.2.3` for `v1.2.3`. Undefined for a pre-release, and for anything else. */
export function versionIn(tag: unknown): string | undefined {
  const [, ...numbers] = (typeof tag === 'string' ? /^v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/.exec(tag) : undefined) ?? [];
  return numbers.length > 0 ? numbers.map(Number).join('.') : undefined;
}

/** True if a release is newer than this version. A release is newer than its own pre-releases. */
export function isNewer(release: string, current: string): boolean {
  const [ownNumbers = '', preRelease] = current.split('+', 1)[0]?.split(/-(.*)/) ?? [];
  const [theirs, ours] = [release, ownNumbers].map((version) => version.split('.').map(Number));
  const difference = [0, 1, 2].map((index) => (theirs?.[index] ?? 0) - (ours?.[index] ?? 0)).find((step) => step !== 0) ?? 0;
  return difference > 0 || (difference === 0 && preRelease !== undefined);
}
