import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Executable } from './executable.ts';

/** The environment for an editor that is a shell script; its file is `$1`. */
export function scriptEditor({ directory }: Pick<Executable, 'directory'>, script: string): Readonly<Record<string, string>> {
  const file = join(directory, 'editor.sh');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return { EDITOR: file, NO_COLOR: '1' };
}

/** Every file and directory below a directory, but the counters of the rate limit. */
export const treeOf = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.includes('/budget'))
    .sort();

/** The files below a directory that contain this text. */
export const filesWith = (directory: string, text: string): readonly string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path, 'latin1').includes(text));
