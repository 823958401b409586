import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { exits } from '../../src/base/errors.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { type Bed, openBed, type Run } from '../support/dnx.ts';
import { prepareExample } from '../support/examples.ts';
import { brokenBy, shown } from './promises.ts';
import { environment, files } from './surroundings.ts';
import { commandLine } from './words.ts';

/** A command line and its environment. */
export interface Typed {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly columns: number | undefined;
}

export const typed: fc.Arbitrary<Typed> = fc.record({
  words: commandLine,
  env: environment,
  files,
  stdin: fc.constantFrom('', 'a secret that is long enough\n', '{"a":1}', '\u0000', '1|x\n2'),
  columns: fc.oneof({ arbitrary: fc.constantFrom(0, 1, 20, 80, 200), weight: 2 }, { arbitrary: fc.constant(undefined), weight: 1 }),
});

/** The working directory; `../..` is still inside the bed. */
const WORK = 'work/a/b';

/** Real ms after which a command counts as hanging. */
const HANGS_MS = 8_000;

/** Requests that need consent, and those that need the name. */
const taking = /^DELETE |^POST \/backups\/[^/]+\/restore$|\/suspend$/;
const severe = /^DELETE \/servers\/[^/]+(\/(sites|databases)\/[^/]+)?$|^POST \/backups\/[^/]+\/restore$/;

/** Runs command lines on one bed, which is replaced after a command that changes something. */
export interface CommandRunner {
  /** The exit codes so far. */
  readonly codes: ReadonlySet<number>;
  try(typed: Typed): Promise<string | undefined>;
  close(): Promise<void>;
}

export async function openCommandRunner(): Promise<CommandRunner> {
  let bed: Bed | undefined;
  const codes = new Set<number>();
  const rejections: unknown[] = [];
  const keep = (reason: unknown) => void rejections.push(reason);
  process.on('unhandledRejection', keep);
  const replace = async () => {
    await bed?.close();
    bed = undefined;
  };
  return {
    codes,
    async try(given) {
      const { globals, help } = await parse(given.words, tree);
      bed ??= await openBed();
      const started = performance.now();
      await furnish(bed, given.files);
      const run = await execute(bed, given);
      codes.add(run.code);
      const broken =
        (performance.now() - started >= HANGS_MS ? 'hangs' : undefined) ??
        (help && (run.code !== 0 || run.stdout === '') ? 'prints no help' : undefined) ??
        (globals.json && run.code !== 0 ? jsonBroken(run) : undefined) ??
        brokenBy(run, {
          terminal: given.columns !== undefined,
          dumb: (given.env.TERM ?? 'dumb') === 'dumb',
          early: isEarly(given),
          endless: isEndless(given.words),
        }) ??
        consentBroken(run, given.words) ??
        (rejections.length > 0 ? `an unhandled rejection: ${String(rejections.splice(0))}` : undefined);
      const report = broken && `${broken}\n${shown(run)}`;
      if (run.calls.some((call) => !call.startsWith('GET '))) await replace();
      return report;
    },
    async close() {
      process.off('unhandledRejection', keep);
      await replace();
    },
  };
}

/** Resets the directories and writes these files. */
async function furnish(bed: Bed, files: Typed['files']): Promise<void> {
  for (const each of ['config', 'cache', 'state', 'work']) rmSync(join(bed.directory, each), { recursive: true, force: true });
  mkdirSync(join(bed.directory, WORK), { recursive: true });
  await prepareExample(bed, '');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(bed.directory, name)), { recursive: true });
    writeFileSync(join(bed.directory, name), text);
  }
}

const execute = (bed: Bed, { words, env, stdin, columns }: Typed): Promise<Run> =>
  bed.dnx(words, {
    cwd: join(bed.directory, WORK),
    stdin,
    env: { NO_COLOR: '1', TERM: 'dumb', NO_PROXY: '127.0.0.1', SHELL: '/bin/bash', ...env },
    ...(columns !== undefined && { columns }),
    // The sandbox runs until Ctrl-C.
    interruptOn: 'Ctrl-C stops it',
    limitMs: isEndless(words) ? 100 : HANGS_MS,
    elsewhere: () => {},
  });

/** True if a command may run until Ctrl-C. */
const isEndless = (words: readonly string[]): boolean => words.some((word) => /^(sandbox|--watch|--follow|-f)$/.test(word));

/** Commands that print a result although they fail: the state of a deployment, the rejected token, or events. */
const isEarly = ({ words, env }: Typed): boolean =>
  /ndjson|--watch|\b(changes|deploy|watch|rollback|status|rotate|doctor)\b/.test([...words, env.DNX_OUTPUT].join(' '));

function consentBroken({ calls }: Run, words: readonly string[]): string | undefined {
  const named = words.some((word) => word.startsWith('--confirm'));
  const agreed = named || words.some((word) => /^(--yes|-[a-zA-Z]*y)/.test(word));
  const done = calls
    .filter((call) => !takesBack(call, calls))
    .find((call) => (severe.test(call) && !words.includes('api') ? !named : taking.test(call) && !agreed));
  return done && `${done} without consent`;
}

/** Whether a request revokes a new token that could not be printed. */
const takesBack = (call: string, calls: readonly string[]): boolean =>
  call.startsWith('DELETE /tokens/') && calls.slice(0, calls.indexOf(call)).includes('POST /tokens');

/** With --json, stderr must end with an error whose code matches the exit code. */
function jsonBroken({ code, stderr }: Run): string | undefined {
  try {
    // On a terminal, a spinner may precede the error.
    const { error } = JSON.parse(/\{"error":.*\}$/.exec(stderr.trimEnd())?.[0] ?? '');
    return exits[error.code as keyof typeof exits] === code ? undefined : `exit ${code} with the error ${error.code}`;
  } catch {
    return 'with --json, an error that is not JSON';
  }
}
