import { mkdirSync, mkdtempSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { inject } from 'vitest';
import { userEnvironment } from './environment.ts';
import { folderOf } from './nodes.ts';
import type { Release } from './releases.ts';

/** Where and how a program runs. */
export interface Place {
  readonly release: Release;
  readonly directory: string;
  /** Folders to put first in PATH. */
  readonly path?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A new, empty folder. */
export function emptyFolder(): string {
  mkdirSync(join(inject('home'), 'work'), { recursive: true });
  return mkdtempSync(join(inject('home'), 'work', 'dnx-'));
}

/** Runs a program with this release of Node first in PATH; it must succeed. Returns stdout, and stderr too where `all` is set. */
export async function run(
  { release, directory, path = [], env = {} }: Place,
  program: string,
  ...args: readonly string[]
): Promise<string> {
  const inherited = userEnvironment(inject('home'));
  const PATH = [...path, folderOf(release), join(inject('managers'), 'node_modules', '.bin'), inherited.PATH].join(delimiter);
  const { stdout } = await execa(program, args, { cwd: directory, env: { ...inherited, PATH, ...env }, extendEnv: false });
  return stdout;
}

/** The three names of dnx. */
export const names = ['dnx', 'deploynix', 'deploynix-cli'] as const;
