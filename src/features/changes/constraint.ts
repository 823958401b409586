import Range from 'semver/classes/range';
import minVersion from 'semver/ranges/min-version';

/** A longer constraint is not read: it comes from a repository that may be anyone's. */
const LONGEST = 1_000;
/** So many alternatives of a constraint are compared; each `!=` doubles them. */
const MOST = 64;

/**
 * True if a constraint of composer.json allows a PHP version: `8.3` if it allows any 8.3 release, `8.3.6` only that one. Undefined if
 * dnx cannot read either.
 */
export function allows(constraint: string, version: string): boolean | undefined {
  const release = /^v?(\d+)\.(\d+)(?:\.(\d+))?$/.exec(version.trim());
  const ranges = constraint.length <= LONGEST ? rangesOf(constraint.trim()) : undefined;
  if (!release || !ranges) return undefined;
  const [, major, minor, patch] = release;
  const wanted = patch === undefined ? `~${major}.${minor}.0` : `=${major}.${minor}.${patch}`;
  return ranges.some((each) => minVersion(`${each} ${wanted}`) !== null);
}

/** The alternatives of a constraint as ranges of npm. Composer reads a comma and a blank as `and`. */
function rangesOf(constraint: string): readonly string[] | undefined {
  const found = constraint.split(/ *\|\|? */).map((group) => {
    const all = group
      .replace(/ - /g, '…')
      .replace(/([<>=!]) +/g, '$1')
      .split(/ *, *| +/)
      .map(rangesOfOne);
    return all.reduce(
      (some, each) => some && each && some.flatMap((left) => each.map((right) => `${left} ${right}`)).slice(0, MOST + 1),
      [''],
    );
  });
  const ranges = found.every((each) => each !== undefined) ? found.flat() : [];
  return ranges.length > 0 && ranges.length <= MOST ? ranges : undefined;
}

const NUMBERS = '\\d{1,5}(?:\\.\\d{1,9}){0,2}';
/** A version that sorts right before the release with these numbers. For a release, it makes no difference but to `>` and `<=`. */
const UNSTABLE = '(?:[._-]?(?:beta|b|RC|alpha|a)(?:[.-]?\\d+)*|[.-]?dev)';
const ONE = new RegExp(`^(<>|!=|>=?|<=?|==?|\\^|~)?v?(${NUMBERS})(${UNSTABLE})?(?:-?stable)?(@(?:stable|RC|beta|alpha|dev))?$`, 'i');

/** One constraint, where Composer's grammar and npm's differ: Composer fills a missing number with 0, and its `~8.1` is below 9. */
function rangesOfOne(given: string): readonly string[] | undefined {
  if (/^v?[x*](\.[x*])*(@\w+)?$/i.test(given)) return ['>=0.0.0'];
  const [wild] = /(?<=^v?)\d{1,5}(?:\.\d{1,9})?(?=(?:\.[x*])+$)/i.exec(given) ?? [];
  if (wild !== undefined) return [normal(`${plain(wild)}.x`)];
  const [, from, to] = new RegExp(`^v?(${NUMBERS})…v?(${NUMBERS})$`).exec(given) ?? [];
  if (from !== undefined && to !== undefined) return [normal(`${plain(from)} - ${plain(to)}`)];
  const [, operator = '=', numbers, unstable, flag] = ONE.exec(given) ?? [];
  if (numbers === undefined) return undefined;
  const count = numbers.split('.').length;
  const version = `${plain(numbers)}${'.0'.repeat(3 - count)}`;
  const isUnstable = unstable !== undefined || (flag !== undefined && flag.toLowerCase() !== '@stable');
  if (isUnstable && !['>=', '<', '^', '~'].includes(operator)) return undefined;
  switch (operator) {
    case '~':
      return [normal(count < 3 ? `>=${version} <${Number.parseInt(numbers, 10) + 1}.0.0` : `~${version}`)];
    case '^':
      return [normal(`^${plain(numbers)}`)];
    case '!=':
    case '<>':
      return [`<${version}`, `>${version}`];
    default:
      return [`${operator.replace('==', '=')}${version}`];
  }
}

/** Numbers without the leading zeros that npm refuses. */
const plain = (numbers: string): string => numbers.split('.').map(Number).join('.');

/** A range as plain comparisons, which can be joined with others. */
const normal = (range: string): string => new Range(range).range || '>=0.0.0';
