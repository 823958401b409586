import { optionsOf } from '../../src/cli/language/signature.ts';
import { openBed } from './dnx.ts';
import { before, examples, prepareExample, runExample } from './examples.ts';
import { leaves } from './tree.ts';

/** A command line that works, and its result under normal conditions. */
export interface Runnable {
  readonly path: string;
  /** As typed in a shell. It does not follow remote work, and reads from token.txt or secret.txt. */
  readonly line: string;
  /** Command lines to run first. */
  readonly before: string | undefined;
}

/**
 * Every command, with its first example that needs no prompt and no server to read from. `auth refresh` needs a stored token, which these
 * runs do not have.
 */
export const runnables: readonly Runnable[] = leaves.flatMap(({ path, group, command }) => {
  const own = examples.filter(({ leaf, asks, remote }) => leaf.path === path && !asks && !remote).map(({ line }) => line);
  const [line] = own;
  if (line === undefined || path === 'auth refresh') return [];
  const options = optionsOf(group, command);
  const mayWait = 'wait' in options && (!('deploy' in options) || / --deploy/.test(line));
  const waits = mayWait && !/--(no-wait|dry-run|timeout)/.test(line);
  const typed = `${line}${waits ? ' --no-wait' : ''}`.replace('--port 8787', '--port 0');
  return [{ path, line: readsStdin(typed) ? `${typed} < secret.txt` : typed, before: before[line] }];
});

/** True for a line that reads a value, or `dnx mcp`, which answers each line. */
function readsStdin(line: string): boolean {
  return / -$| - |^dnx mcp\b/.test(line);
}

/** What a command does under normal conditions. */
export interface Conduct {
  readonly prints: boolean;
  readonly requests: readonly string[];
}

const known = new Map<string, Promise<Conduct>>();

/** Runs a command once to see whether it prints a result, and what it requests. */
export function conductOf({ line }: Runnable): Promise<Conduct> {
  const found = known.get(line) ?? observe(line);
  known.set(line, found);
  return found;
}

async function observe(line: string): Promise<Conduct> {
  // The child process prints instead.
  if (line.startsWith('dnx sandbox run')) return { prints: true, requests: [] };
  const bed = await openBed();
  try {
    await prepareExample(bed, line.replace(' --no-wait', ''));
    const run = await runExample(bed, line);
    if (run.code !== 0) throw new Error(`${line} fails under normal conditions: ${run.stderr}`);
    return { prints: run.stdout !== '', requests: run.calls };
  } finally {
    await bed.close();
  }
}
