import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { quotedForSh } from '../../src/base/shell.ts';
import { openStage } from './stage.ts';
import { addState } from './state-project.ts';
import { drawn } from './svg.ts';
import { record } from './transcript.ts';

/** A picture of dnx on a terminal. */
export interface Screen {
  readonly name: string;
  /** The arguments of `dnx`. */
  readonly words: readonly string[];
  readonly columns?: number;
  /** A folder of the stage to run it in. */
  readonly directory?: string;
  /** The arguments of a `dnx` before it, which is not in the picture. */
  readonly before?: readonly string[];
  /** Makes the project in that folder one with a state file. */
  readonly hasState?: true;
  readonly stage?: { readonly signedOut?: boolean; readonly failDeploys?: boolean };
  /** Runs it in a sandbox of its own, after these lines of a shell. */
  readonly inSandbox?: { readonly after: readonly string[]; readonly failDeploys?: string };
  /** Keys to press when a prompt appears, each once. */
  readonly answers?: readonly (readonly [question: RegExp, keys: string])[];
  /** The picture is taken when this appears, instead of at the end. */
  readonly until?: RegExp;
}

const ROWS = 60;

const sandboxed = ({ after, failDeploys }: NonNullable<Screen['inSandbox']>, typed: string): string[] => [
  ...['sandbox', 'run', ...(failDeploys ? ['--fail-deploys', failDeploys] : []), '--'],
  ...['sh', '-c', [...after.map((line) => `{ ${line}; } >/dev/null 2>&1`), typed].join('\n')],
];

/** Runs the built dnx on a terminal and draws the final screen as SVG. The signal ends a dnx that waits for input. */
export async function picture(screen: Screen, signal: AbortSignal): Promise<string> {
  const { words, columns = 80, stage: options, answers = [], until, directory = '', before, hasState, inSandbox } = screen;
  const stage = await openStage(options);
  const cwd = join(stage.directory, directory);
  if (hasState) addState(stage, cwd);
  if (before) await record({ ...stage, directory: cwd }, [`dnx ${before.join(' ')}`]);
  const typed = ['dnx', ...words].map(quotedForSh).join(' ');
  if (typed.length + 2 > columns) throw new Error(`The picture ${screen.name} breaks its command: it needs ${typed.length + 2} columns.`);
  const terminal = new xterm.Terminal({ cols: columns, rows: ROWS, allowProposedApi: true });
  terminal.write(`\u001b[2m$\u001b[0m \u001b[1m${typed}\u001b[0m\r\n`);
  const env = { ...stage.env, TERM: 'xterm-256color' };
  const args = inSandbox ? sandboxed(inSandbox, typed) : [...words];
  const child = spawn('dnx', args, { cwd, cols: columns, rows: ROWS, env });
  signal.addEventListener('abort', () => child.kill());
  const open = [...answers];
  let said = '';
  const exited = new Promise<void>((resolve) => child.onExit(() => resolve()));
  let isTaken = false;
  const ended = new Promise<void>((resolve) => {
    child.onData((data) => {
      if (isTaken) return;
      terminal.write(data);
      // Without line breaks, because a long prompt wraps.
      said += stripVTControlCharacters(data).replace(/\r?\n/g, '');
      if (until?.test(said)) resolve();
      const index = open.findIndex(([question]) => question.test(said));
      const [found] = index < 0 ? [] : open.splice(index, 1);
      if (!found) return;
      said = '';
      child.write(found[1]);
    });
    void exited.then(resolve);
  });
  await ended;
  // A dnx in a sandbox says something more when that ends.
  isTaken = true;
  await new Promise<void>((resolve) => terminal.write('', resolve));
  child.kill('SIGKILL');
  await exited;
  await stage.close();
  return drawn(terminal, typed);
}
