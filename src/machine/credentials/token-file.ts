import { closeSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { systemCode, usage } from '../../base/errors.ts';
import { pathOf, type World } from '../world.ts';

/** A new file that waits for a token. */
export interface TokenFile {
  readonly path: string;
  /** Writes all of it to the disk, or throws the error of the system. */
  write(token: string): void;
  /** Removes the file, when there is no token to put there. */
  discard(): void;
}

/** Makes the file that a token will go to, readable by its owner alone, before there is a token to lose. One that exists is refused. */
export function reserveFile(name: string, world: Pick<World, 'cwd' | 'home'>): TokenFile {
  const path = pathOf(name, world);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx', 0o600);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') throw usage(`${name} exists already.`, 'Move it away, or name another file.');
    throw usage(`Cannot write ${name} (${code}).`);
  }
  return {
    path,
    write(token) {
      writeFileSync(descriptor, `${token}\n`);
      fsyncSync(descriptor);
      closeSync(descriptor);
    },
    discard: () => rmSync(path, { force: true }),
  };
}
