import { optionsOf } from '../../src/cli/language/signature.ts';
import { openBed } from './dnx.ts';
import { before, examples, prepareExample, runExample } from './examples.ts';
import { leaves } from './tree.ts';

/** A command with words that run, and what comes of them where nothing is in the way. */
export interface Runnable {
  readonly path: string;
  /** As it is typed in a shell. It does not follow what goes on at Deploynix, and what it reads is in token.txt or secret.txt. */
  readonly line: string;
  /** What has to be run before. */
  readonly before: string | undefined;
}

/** Each command of the tree, by the first of its examples that asks nobody. */
export const runnables: readonly Runnable[] = leaves.flatMap(({ path, group, command }) => {
  const own = examples.filter(({ leaf, asks }) => leaf.path === path && !asks).map(({ line }) => line);
  const [line] = own;
  if (line === undefined) return [];
  const waits = 'wait' in optionsOf(group, command) && !/--(no-wait|dry-run|timeout)/.test(line);
  const typed = `${line}${waits ? ' --no-wait' : ''}`.replace('--port 8787', '--port 0');
  return [{ path, line: / -$| - /.test(typed) ? `${typed} < secret.txt` : typed, before: before[line] }];
});

/** What a command does in this process. */
export interface Conduct {
  readonly prints: boolean;
  readonly requests: readonly string[];
}

const known = new Map<string, Promise<Conduct>>();

/** Whether a command prints a result, and what it asks. Run once for each. */
export function conductOf({ line }: Runnable): Promise<Conduct> {
  const found = known.get(line) ?? observe(line);
  known.set(line, found);
  return found;
}

async function observe(line: string): Promise<Conduct> {
  // The program that it starts prints in its place.
  if (line.startsWith('dnx sandbox run')) return { prints: true, requests: [] };
  const bed = await openBed({ rateLimit: 0 });
  try {
    await prepareExample(bed, line.replace(' --no-wait', ''));
    const run = await runExample(bed, line);
    if (run.code !== 0) throw new Error(`${line} fails where nothing is in its way: ${run.stderr}`);
    return { prints: run.stdout !== '', requests: run.calls };
  } finally {
    await bed.close();
  }
}
