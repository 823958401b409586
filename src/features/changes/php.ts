import { isObject, type JsonObject } from '../../base/json.ts';
import { Unknowable } from './clone.ts';
import { allows } from './constraint.ts';

/** A PHP version, and what composer.json says about it. */
export interface Php {
  /** The version of the site; null if composer.json requires none. */
  readonly current: string | null;
  /** The constraint of `require.php`. */
  readonly required: string | null;
  /** `config.platform.php`: the version that the dependencies were chosen for, so an older one may not run them. */
  readonly platform: string | null;
  readonly allowed: boolean;
}

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
  try {
    const file: unknown = JSON.parse(text);
    if (isObject(file)) return file;
  } catch {
    // Reported below.
  }
  throw new Unknowable('composer.json of the branch is not valid JSON');
}

/** Compares as many numbers as both have. */
function isAtLeast(version: string, least: string): boolean {
  const limits = (/^v?(\d+(?:\.\d+)*)/.exec(least.trim())?.[1] ?? '').split('.');
  const numbers = version.split('.');
  const at = numbers.findIndex((each, index) => limits[index] !== undefined && Number(each) !== Number(limits[index]));
  return at < 0 || Number(numbers[at]) > Number(limits[at]);
}
