import { dirname, join } from 'node:path';
import { argv, execPath, versions } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { World } from './world.ts';

/** Where Bun keeps the files inside an executable. */
const INSIDE = /^(\/\$bunfs|B:[\\/]~BUN)[\\/]/;

const script = argv[1] ?? '';

/** True in an executable, which is dnx and Bun in one file. Everywhere else, dnx runs on Node. No other file asks for the runtime. */
const isExecutable = 'bun' in versions && INSIDE.test(script);

/** The command that runs this dnx again: Node and its script, or the executable. */
export const self: World['self'] = isExecutable ? [execPath] : [execPath, script];

/** The version of Node; undefined in an executable. */
export const node: string | undefined = isExecutable ? undefined : versions.node;

/** The absolute path of a file of the package, which is inside an executable. */
export const packageFile = (name: string): string => join(packageRoot(), name);

/** The directory of the package. The build is in `dist`. */
export const packageRoot = (): string =>
  isExecutable ? dirname(script) : fileURLToPath(import.meta.url).replace(/(dist|src[\\/]machine)[\\/][^\\/]+$/, '');
