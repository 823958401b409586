import { quotedForAny } from '../../base/shell.ts';
import { childEnv } from '../../machine/env.ts';
import type { World } from '../../machine/world.ts';
import { requireMachine } from './example-address.ts';
import type { Machine } from './machine.ts';

/** The options of a long connection: ssh ends it once it is silent for 30 s. */
export const alive: readonly string[] = ['-o', 'ServerAliveInterval=10', '-o', 'ServerAliveCountMax=3'];

/** How to run ssh. */
interface Options {
  /** Asks for a pseudo-terminal on the server. */
  readonly terminal?: boolean;
  /** Options of ssh, such as `-N`. */
  readonly options?: readonly string[];
  /** What the login shell of the server runs; an interactive login by default. */
  readonly command?: string;
}

/** The command line of ssh: its words. */
export const sshWords = ({ address, user }: Machine, { terminal = false, options = [], command }: Options): readonly string[] => [
  'ssh',
  terminal ? '-t' : '-T',
  ...options,
  user === undefined ? address : `${user}@${address}`,
  ...(command === undefined ? [] : ['--', command]),
];

/** The same as a program to run. Its configuration may send variables to the server, which must not get the token. */
export async function sshProgram(machine: Machine, options: Options, world: Pick<World, 'capture' | 'env'>) {
  const env = childEnv(world.env, { DNX_TOKEN: undefined });
  await requireMachine(machine, { capture: world.capture, env });
  const [file = 'ssh', ...args] = sshWords(machine, options);
  return { file, args, env };
}

/** The command line of a script for sh, whatever the login shell is. Arguments are never interpreted. */
export const scripted = (script: string, ...args: readonly string[]): string =>
  ['exec sh -c', ...[script, 'dnx', ...args].map((word) => (/^[\w./-]+$/.test(word) ? word : quotedForAny(word)))].join(' ');

/** The command line of a program. Its arguments are never interpreted. */
export const literally = (words: readonly string[]): string => words.map(quotedForAny).join(' ');
