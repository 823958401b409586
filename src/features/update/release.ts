/** The numbers of a release: `v1.2.3`. */
const RELEASE = /^v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/;

/** The version of a release tag: `1.2.3` for `v1.2.3`. Undefined for a pre-release, and for anything else. */
export function versionIn(tag: unknown): string | undefined {
  const [, ...numbers] = (typeof tag === 'string' ? RELEASE.exec(tag) : undefined) ?? [];
  return numbers.length > 0 ? numbers.map(Number).join('.') : undefined;
}

/** True if a release is newer than this version. A release is newer than its own pre-releases. */
export function isNewer(release: string, current: string): boolean {
  const [own = '', preRelease] = current.split('+', 1)[0]?.split(/-(.*)/) ?? [];
  const [theirs, ours] = [release, own].map((each) => each.split('.').map(Number));
  const difference = [0, 1, 2].map((index) => (theirs?.[index] ?? 0) - (ours?.[index] ?? 0)).find((each) => each !== 0) ?? 0;
  return difference > 0 || (difference === 0 && preRelease !== undefined);
}
