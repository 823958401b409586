import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { usage } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import type { World } from '../../machine/world.ts';

/** How to say that the work has ended. */
export type Channel =
  | { readonly kind: 'bell' | 'desktop' }
  /** The URL may contain a secret, so only its host is shown. */
  | { readonly kind: 'url'; readonly url: URL }
  | { readonly kind: 'command'; readonly command: string };

/** Parses a value of `--notify`, or of DNX_NOTIFY, which `source` names. Throws if it can never work. */
export function channelOf(word: string, source: string, world: Pick<World, 'cwd' | 'env' | 'platform'>): Channel {
  const value = word.trim();
  if (value === '') throw usage(`${source} is empty.`, WAYS);
  if (value === 'bell' || value === 'desktop') return { kind: value };
  if (/^https?:/i.test(value)) return { kind: 'url', url: urlOf(value, source) };
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(value)) throw usage(`${source} is not an http:// or https:// URL.`, WAYS);
  if (/^[\w./+\\-]+$/.test(value) && !isProgram(value, world))
    throw usage(`${source} names a command that was not found: '${value}'.${didYouMean(value, ['bell', 'desktop'])}`, WAYS);
  return { kind: 'command', command: value };
}

const WAYS = 'Use bell, desktop, a URL or a shell command.';

function urlOf(value: string, source: string): URL {
  // The URL is not repeated, because it may contain a secret.
  if (!URL.canParse(value)) throw usage(`${source} is not a valid URL.`, WAYS);
  const url = new URL(value);
  if (url.username !== '' || url.password !== '') throw usage(`${source} must not contain a user name or password.`);
  return url;
}

/** True for a file that can be run: a path, or a name in a directory of PATH. */
function isProgram(name: string, { cwd, env, platform }: Pick<World, 'cwd' | 'env' | 'platform'>): boolean {
  const windows = platform === 'win32';
  const endings = windows ? ['', ...(env.PATHEXT || '.COM;.EXE;.BAT;.CMD').split(';')] : [''];
  const directories = /[\\/]/.test(name) ? [cwd] : (env.PATH ?? '').split(windows ? ';' : ':').filter(Boolean);
  return directories.some((directory) => endings.some((ending) => isExecutable(resolve(cwd, directory, `${name}${ending}`))));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
