import type { Tree } from '../language/command.ts';
import type { Globals } from '../language/globals.ts';
import type { Invocation } from './invocation.ts';
import type { Help, Reading } from './reach.ts';
import { globalsOf } from './received.ts';

/** The parsed argv. Global options are known even if the rest is invalid. */
export interface Parsed {
  readonly globals: Globals;
  /** Undefined for help, the version, or an invalid command line. */
  readonly invocation?: Invocation | undefined;
  /** What to print instead of running a command. */
  readonly help?: Help | undefined;
  readonly error?: unknown;
}

/** Parses argv. Loads only the named group. */
export async function parse(argv: readonly string[], tree: Tree): Promise<Parsed> {
  // What people ask for most needs no commander.
  if (isHelp(argv)) return { globals: globalsOf({}), help: async (page) => (await import('./help/root.ts')).rootHelp(tree, page) };
  const { reach } = await import('./reach.ts');
  const reading: Reading = { tree, given: {} };
  try {
    const invocation = await reach(argv, reading);
    return { globals: globalsOf(reading.given), invocation, help: reading.help };
  } catch (error) {
    return { globals: globalsOf(reading.given), error };
  }
}

const isHelp = ([word = 'help', ...others]: readonly string[]): boolean => others.length === 0 && ['help', '--help', '-h'].includes(word);
