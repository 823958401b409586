/** The numbers of a stable release; PHP has three, Composer four. */
export type Release = readonly [number, number, number, number];

/** True for a release that satisfies a constraint. */
export type Check = (release: Release) => boolean;

/** A version in a constraint. `suffix`: -1 if it comes before the release with these numbers, as `-RC1` does; 1 if after, as `-p1` does. */
export interface Bound {
  readonly numbers: Release;
  readonly suffix: -1 | 0 | 1;
}

export const NUMBERS = 'v?(\\d+)(?:\\.(\\d+))?(?:\\.(\\d+))?(?:\\.(\\d+))?';
const SUFFIX = '[._-]?(?:(stable|beta|b|RC|alpha|a|patch|pl|p)((?:[.-]?\\d)*)?)?([.-]?dev)?';
/** A version with 8 groups: four numbers, the stability, its number, `dev`, and `x-dev`. */
export const VERSION = `${NUMBERS}(?:${SUFFIX}|\\.([xX*][.-]?dev))(?:\\+[^\\s]+)?`;

const RELEASE = new RegExp(`^${NUMBERS}${SUFFIX}$`, 'i');
const BRANCH = /^v?(\d+)(?:\.(\d+|[x*]))?(?:\.(\d+|[x*]))?(?:\.(\d+|[x*]))?[.-]?dev$/i;
/** What Composer puts for the `x` of `8.x-dev`. */
const ANY = 9_999_999;
/** A first number with more digits is a date, and PHP has none. */
const MOST_DIGITS = 5;

/** The numbers of a version in a constraint. Undefined for anything else. */
export function boundOf(given: string): Bound | undefined {
  const version = plain(given);
  const [whole, ...groups] = RELEASE.exec(version) ?? [];
  if (whole !== undefined && (groups[0]?.length ?? 0) <= MOST_DIGITS) {
    const [stability, , dev] = groups.slice(4);
    return {
      numbers: padded(groups),
      suffix: /^p/i.test(stability ?? '') ? 1 : (stability && !/^stable$/i.test(stability)) || dev ? -1 : 0,
    };
  }
  const [branch, ...parts] = BRANCH.exec(version) ?? [];
  return branch === undefined ? undefined : { numbers: padded(parts.map((each) => each ?? 'x')), suffix: -1 };
}

/** True for a version that is a branch, such as `dev-main`. */
export function isBranch(given: string): boolean {
  const version = plain(given);
  return ['master', 'trunk', 'default'].includes(version) || /^dev-/i.test(version) || /^[\d.a-z/-]+-dev$/i.test(given);
}

/** Without an alias, a stability flag, and build metadata. */
function plain(version: string): string {
  const named = version
    .trim()
    .replace(/^([^,\s]+) +as +[^,\s]+$/, '$1')
    .replace(/@(stable|RC|beta|alpha|dev)$/i, '');
  return /^dev-/i.test(named) ? named : named.replace(/^([^,\s+]+)\+\S+$/, '$1');
}

/** Four numbers: missing ones are 0. */
export function padded(parts: readonly (string | undefined)[]): Release {
  const at = (index: number): number => (parts[index] === undefined ? 0 : /^\d+$/.test(parts[index]) ? Number(parts[index]) : ANY);
  return [at(0), at(1), at(2), at(3)];
}

/** The next version at a place: 1 is the major version. It excludes its own unstable versions. */
export const next = (numbers: Release, place: number): Bound => {
  const at = (index: number): number => (index < place - 1 ? (numbers[index] ?? 0) : index === place - 1 ? (numbers[index] ?? 0) + 1 : 0);
  return { numbers: [at(0), at(1), at(2), at(3)], suffix: -1 };
};

/** Negative if a stable release comes before a bound. */
export function compare(release: Release, { numbers, suffix }: Bound): number {
  const at = numbers.findIndex((each, index) => each !== release[index]);
  return at < 0 ? -suffix : (release[at] ?? 0) - (numbers[at] ?? 0);
}
