import { closeSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { systemCode, usage } from '../../base/errors.ts';
import { pathOf, type World } from '../world.ts';

/** A new, empty file for a token. */
export interface TokenFile {
  readonly path: string;
  /** Writes the token to disk, or throws the system's error. */
  write(token: string): void;
  /** Removes the file if there is no token for it. */
  discard(): void;
}

/** Creates the file for a token, readable only by its owner, before there is a token to lose. An existing file is refused. */
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
