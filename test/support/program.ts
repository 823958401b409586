import { resolve } from 'node:path';

/** The executable to test, a path in DNX_TEST_EXECUTABLE; undefined for the build on Node. */
const executable = process.env.DNX_TEST_EXECUTABLE ? resolve(process.env.DNX_TEST_EXECUTABLE) : undefined;
/** True if the tests start an executable instead of the build on Node. */
export const isExecutable = executable !== undefined;

/** True on an executable: the tests are about Node, which is printed with the reason. */
export function onlyOnNode(what: string): boolean {
  if (isExecutable) process.stdout.write(`Not run on an executable: ${what}\n`);
  return isExecutable;
}

/** The command that starts the built dnx: Node and its script, or the executable. */
export const program: readonly [file: string, ...args: string[]] =
  executable === undefined ? [process.execPath, resolve('bin/dnx.js')] : [executable];

/** What runs other code as dnx is run: Node, or the Bun of the executable. */
export const runtime: { readonly file: string; readonly env: Readonly<Record<string, string>> } =
  executable === undefined ? { file: process.execPath, env: {} } : { file: executable, env: { BUN_BE_BUN: '1' } };

/** Variables with which a shell starts it: `exec "$NODE" "$DNX"`. */
export const programEnv = { NODE: executable === undefined ? process.execPath : 'env', DNX: executable ?? resolve('bin/dnx.js') } as const;

/** A script that starts it. */
export const programScript = `#!/bin/sh\nexec ${program.map((word) => `'${word}'`).join(' ')} "$@"\n`;

/** The environment in which a process of dnx first loads this file. */
export const preloading = (file: string): Readonly<Record<string, string>> =>
  executable === undefined ? { NODE_OPTIONS: `--require ${resolve(file)}` } : { BUN_OPTIONS: `--preload ${resolve(file)}` };
