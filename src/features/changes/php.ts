import { isObject, type JsonObject } from '../../base/json.ts';
import { allows } from './constraint.ts';
import { Unknowable } from './unknowable.ts';

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
  if (allowed === undefined) throw new Unknowable(`Composer does not accept the constraint '${required}' for PHP`);
  return { current: version, required, platform, allowed: allowed && (platform === null || isAtLeast(version, platform)) };
}

function requirements(text: string | undefined): Pick<Php, 'required' | 'platform'> {
  if (text === undefined) return { required: null, platform: null };
  const file = parsed(text);
  const word = (value: unknown, ...keys: readonly string[]): string | null => {
    const found = keys.reduce<unknown>((within, key) => (isObject(within) && Object.hasOwn(within, key) ? within[key] : undefined), value);
    return typeof found === 'string' ? found : null;
  };
  return { required: word(file, 'require', 'php'), platform: word(file, 'config', 'platform', 'php') };
}

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
