import Range from 'semver/classes/range';
import minVersion from 'semver/ranges/min-version';
import { attempt } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { nullable, objectOf, type Printed, word, yes } from '../../cli/language/shape.ts';
import { Unknowable } from './clone.ts';

/** A PHP version, and what composer.json says about it. */
export const phpShape = objectOf({
  current: nullable(word),
  required: nullable(word),
  /** `config.platform.php`: the version that the dependencies were chosen for, so an older one may not run them. */
  platform: nullable(word),
  allowed: yes,
});
export type Php = Printed<typeof phpShape>;

/** Compares the PHP version of a site with a composer.json. `current` is asked only if composer.json requires one. */
export async function phpOf(text: string | undefined, current: () => Promise<string>): Promise<Php> {
  const { required, platform } = requirements(text);
  if (required === null && platform === null) return { current: null, required, platform, allowed: true };
  const word = await current();
  const version = /^(?:php)?[ -]?(\d+\.\d+(?:\.\d+)?)/i.exec(word.trim())?.[1];
  if (version === undefined) throw new Unknowable(`the PHP version in the API is not a version: '${word}'`);
  const allowed = required === null ? true : allows(required, version);
  if (allowed === undefined) throw new Unknowable(`dnx cannot read the constraint '${required}' for PHP`);
  return { current: version, required, platform, allowed: allowed && (platform === null || isAtLeast(version, platform)) };
}

function requirements(text: string | undefined): Pick<Php, 'required' | 'platform'> {
  if (text === undefined) return { required: null, platform: null };
  const file = parsed(text);
  const required = phpIn(file.require);
  // Without quotation marks, 8.2 is a number, which Composer refuses.
  if (required !== undefined && typeof required !== 'string') throw new Unknowable('the PHP version in composer.json is not a string');
  const { platform } = isObject(file.config) ? file.config : {};
  const chosen = phpIn(platform);
  return { required: required ?? null, platform: typeof chosen === 'string' ? chosen : null };
}

/** The value of `php`; Composer ignores the case of names. */
const phpIn = (packages: unknown): unknown =>
  isObject(packages) ? Object.entries(packages).findLast(([name]) => name.toLowerCase() === 'php')?.[1] : undefined;

function parsed(text: string): JsonObject {
  const file: unknown = attempt(() => JSON.parse(text));
  if (isObject(file)) return file;
  throw new Unknowable('composer.json of the branch is not valid JSON');
}

function isAtLeast(version: string, least: string): boolean {
  const limits = (/^v?(\d+(?:\.\d+)*)/.exec(least.trim())?.[1] ?? '').split('.');
  const numbers = version.split('.');
  const at = numbers.findIndex((number, index) => limits[index] !== undefined && Number(number) !== Number(limits[index]));
  return at < 0 || Number(numbers[at]) > Number(limits[at]);
}

/** A longer constraint is not read: it comes from a repository that may be anyone's. */
const LONGEST = 1_000;

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
  return ranges.some((range) => minVersion(`${range} ${wanted}`) !== null);
}

/** The alternatives of a constraint as ranges of npm. Composer reads a comma and a blank as `and`. */
function rangesOf(constraint: string): readonly string[] | undefined {
  const found = constraint.split(/ *\|\|? */).map((group) => {
    const all = group
      .replace(/ - /g, '…')
      .replace(/([<>=!]) +/g, '$1')
      .split(/ *, *| +/)
      .map(rangeOfOne);
    return all.every((one) => one !== undefined) ? all.join(' ') : undefined;
  });
  return found.every((range) => range !== undefined) ? found : undefined;
}

const NUMBERS = '\\d{1,5}(?:\\.\\d{1,9}){0,2}';
/** A version that sorts right before the release with these numbers. For a release, it makes no difference but to `>` and `<=`. */
const UNSTABLE = '(?:[._-]?(?:beta|b|RC|alpha|a)(?:[.-]?\\d+)*|[.-]?dev)';
const ONE = new RegExp(`^(>=?|<=?|==?|\\^|~)?v?(${NUMBERS})(${UNSTABLE})?(?:-?stable)?(@(?:stable|RC|beta|alpha|dev))?$`, 'i');

/** One constraint, where Composer's grammar and npm's differ: Composer fills a missing number with 0, and its `~8.1` is below 9. `!=` is not read. */
function rangeOfOne(words: string): string | undefined {
  if (/^v?[x*](\.[x*])*(@\w+)?$/i.test(words)) return '>=0.0.0';
  const [wild] = /(?<=^v?)\d{1,5}(?:\.\d{1,9})?(?=(?:\.[x*])+$)/i.exec(words) ?? [];
  if (wild !== undefined) return normal(`${plain(wild)}.x`);
  const [, from, to] = new RegExp(`^v?(${NUMBERS})…v?(${NUMBERS})$`).exec(words) ?? [];
  if (from !== undefined && to !== undefined) return normal(`${plain(from)} - ${plain(to)}`);
  const [, operator = '=', numbers, unstable, flag] = ONE.exec(words) ?? [];
  if (numbers === undefined) return undefined;
  const count = numbers.split('.').length;
  const version = `${plain(numbers)}${'.0'.repeat(3 - count)}`;
  const isUnstable = unstable !== undefined || (flag !== undefined && flag.toLowerCase() !== '@stable');
  if (isUnstable && !['>=', '<', '^', '~'].includes(operator)) return undefined;
  switch (operator) {
    case '~':
      return normal(count < 3 ? `>=${version} <${Number.parseInt(numbers, 10) + 1}.0.0` : `~${version}`);
    case '^':
      return normal(`^${plain(numbers)}`);
    default:
      return `${operator.replace('==', '=')}${version}`;
  }
}

const plain = (numbers: string): string => numbers.split('.').map(Number).join('.');

/** A range as plain comparisons, which can be joined with others. */
const normal = (range: string): string => new Range(range).range || '>=0.0.0';
