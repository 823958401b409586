import { closeSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { systemCode, usage } from '../../base/errors.ts';
import { pathOf, type World } from '../world.ts';

/** A new, empty file for a token. */
export interface TokenFile {
  readonly path: string;
  /** Writes the token to disk, or throws the system's error. */
  write(token: string): void;
  /** Removes the file if no token was created. */
  discard(): void;
}

/** Creates an empty file with mode 600 before the token is created, so that the token cannot be lost. Refuses an existing file. */
export function reserveFile(name: string, world: Pick<World, 'cwd' | 'home'>): TokenFile {
  const path = pathOf(name, world);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx', 0o600);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') throw usage(`${name} already exists.`, 'Remove it, or use another name.');
    throw usage(`Could not write ${name} (${code}).`);
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
