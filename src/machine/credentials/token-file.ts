import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { systemCode, usage } from '../../base/errors.ts';
import { pathOf, type World } from '../world.ts';

/** A new file that waits for a token. */
export interface TokenFile {
  readonly path: string;
  write(token: string): void;
  /** Takes it away again, when there is no token to put there. */
  discard(): void;
}

/** Makes the file that a token will go to, readable by its owner alone, before there is a token to lose. One that exists is refused. */
export function reserveFile(name: string, world: Pick<World, 'cwd' | 'home'>): TokenFile {
  const path = pathOf(name, world);
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') throw usage(`${name} exists already.`, 'Move it away, or name another file.');
    throw usage(`Cannot write ${name} (${code}).`);
  }
  return {
    path,
    write: (token) => writeFileSync(path, `${token}\n`),
    discard: () => rmSync(path, { force: true }),
  };
}
