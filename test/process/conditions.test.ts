import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { describe, expect, test } from 'vitest';
import { type Conduct, conductOf, type Runnable, runnables } from '../support/commands.ts';
import { cwdOf, editor, prepareClone, prepareFiles, preparePreview } from '../support/examples.ts';
import { type Executable, openExecutable } from '../support/executable.ts';
import { sampled, seedOf } from '../support/volume.ts';

const seed = seedOf(20_260_416);

/** A new sandbox and directory with what the command's example needs. */
async function open({ before, line: example }: Runnable): Promise<Executable & AsyncDisposable> {
  const executable = await openExecutable({ rateLimit: 0 });
  const { directory, sandbox } = executable;
  prepareFiles(directory);
  prepareClone(executable, example);
  writeFileSync(join(directory, 'token.txt'), sandbox.token);
  writeFileSync(join(directory, 'secret.txt'), 'a secret that is long enough\n');
  mkdirSync(join(directory, 'bin'));
  writeFileSync(join(directory, 'bin/dnx'), '#!/bin/sh\nexec "$NODE" "$DNX" "$@"\n');
  chmodSync(join(directory, 'bin/dnx'), 0o755);
  // The real one would contact the address of a sandbox server.
  for (const name of ['bin/ssh', 'bin/claude', 'deploy.sh']) writeFileSync(join(directory, name), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  for (const line of before?.split(' && ') ?? []) await expect(executable.dnx(line.split(' '), cwdOf(executable, line))).toExit(0);
  preparePreview({ sandbox, clock: Date }, example);
  return { ...executable, [Symbol.asyncDispose]: () => executable.close() };
}

/** Files that may exist only while a command runs. */
const leftovers = ({ directory }: Executable): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(tmp|part|lock)$|dnx-(sandbox|private)-/.test(name));

/** Commands that create a token, which is lost if it cannot be printed. */
const mints = ({ path }: Runnable) => path === 'token create' || path === 'token rotate';

/** Commands that must write a file. Undo and redo save their progress before they send anything. */
const writes = ({ path }: Runnable) =>
  /^(auth login|auth switch|token lease|agent (run|install)|config (set|unset|delete-profile)|completion install|backup download|env (edit|pull)|link|sandbox run|undo|redo)$/.test(
    path,
  );

/** Commands that serve, or run another program, until a signal. */
const serves = ({ path }: Runnable) => path.startsWith('sandbox ');

/** Runs a command line in bash, and says which exit codes it may end with. */
interface Condition {
  readonly name: string;
  readonly shell: (line: string) => string;
  readonly env?: Readonly<Record<string, string>>;
  readonly prepare?: (executable: Executable) => void;
  readonly codes: (command: Runnable, conduct: Conduct) => readonly number[];
  /** Checks the output. */
  readonly check?: (text: string, command: Runnable) => void;
}

const terminal = (size: string) => (line: string) => `LINE=${quoted(line)} script -qec 'stty ${size}; eval "$LINE"' /dev/null`;
const quoted = (line: string) => `'${line.replaceAll("'", `'\\''`)}'`;
const undelivered = (_: Runnable, { prints }: Conduct) => (prints ? [1] : [0]);
// No token is created, or the new one is revoked.
const lostToken = (command: Runnable) => (mints(command) ? [1, 2] : [0]);

const conditions: readonly Condition[] = [
  {
    name: 'into a pipe that nobody reads',
    shell: (line) => `exec 3> >(:); wait $!; ${line} >&3`,
    codes: lostToken,
  },
  { name: 'with stdout closed', shell: (line) => `${line} >&-`, codes: lostToken },
  {
    name: 'into a pipe that nobody reads, with a rejected token',
    shell: (line) => `exec 3> >(:); wait $!; ${line} >&3`,
    env: { DNX_TOKEN: '1|refused' },
    codes: (command, { requests }) => {
      if (command.path === 'auth logout') return [0];
      if (command.path === 'doctor') return [1];
      return requests.length === 0 || command.path === 'auth login' ? [0] : [4];
    },
  },
  { name: 'on a full disk', shell: (line) => `${line} > /dev/full`, codes: undelivered },
  {
    name: 'into a file that cannot grow',
    shell: (line) => `ulimit -f 0; ${line} > out`,
    codes: (command, conduct) => (writes(command) ? [1] : undelivered(command, conduct)),
  },
  {
    name: 'with no writable files',
    shell: (line) => `{ ulimit -f 0; ${line}; } | cat; exit \${PIPESTATUS[0]}`,
    codes: (command) => (writes(command) ? [1] : [0]),
  },
  {
    name: 'on a terminal of 0 columns',
    shell: terminal('cols 0 rows 0'),
    env: { DNX_NO_INPUT: '1' },
    codes: () => [0],
    check: (text) => expect(text.length).toBeLessThan(150_000),
  },
  {
    name: 'on a terminal that cannot move its cursor',
    shell: terminal('cols 80 rows 24'),
    env: { TERM: 'dumb', DNX_NO_INPUT: '1' },
    codes: () => [0],
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for escape sequences
    check: (text) => expect(text).not.toMatch(/\u001b/),
  },
  {
    name: 'with a broken settings file',
    shell: (line) => line,
    prepare({ directory }) {
      mkdirSync(join(directory, '.config/dnx'), { recursive: true });
      writeFileSync(join(directory, '.config/dnx/config.json'), '{');
    },
    codes: ({ path }) => {
      if (path === 'doctor') return [1];
      return /^(config (list|get|set|unset|delete-profile)|auth (login|switch))$/.test(path) ? [0, 1, 2] : [0];
    },
    check: (text) => expect(text).toContain('config.json'),
  },
];

/** Mounts a file system with `out` and three free bytes. Returns an error if it cannot. */
function mountTiny(directory: string): string | undefined {
  const { exitCode, stderr } = execaSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', directory], { reject: false });
  if (exitCode !== 0) return stderr || 'mount is missing';
  writeFileSync(join(directory, 'out'), ' '.repeat(4_093));
  return undefined;
}

/** Whether such a file system cannot be mounted; prints why. */
function noTinyDisk(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'dnx-test-'));
  const reason = mountTiny(directory);
  if (reason === undefined) execaSync('umount', [directory]);
  else process.stderr.write(`Skipped: no small disk can be mounted (${reason})\n`);
  rmSync(directory, { recursive: true });
  return reason !== undefined;
}

/** Under each condition, others of the commands. */
const few = 1;
const most = 45;
/** The result of `env run` is that of its command. */
const ours = runnables.filter(({ path }) => path !== 'env run');
const some = (salt: number) => sampled(ours, few, seed + salt, most).map((command) => [command.line, command] as const);

test('the examples cover every command', () => {
  expect(runnables.length).toBeGreaterThan(110);
});

/** How many commands run, normally and in `npm run test:deep`. */
const share = `${some(0).length} of ${ours.length} commands`;

describe.each(conditions.map((condition, index) => [condition.name, condition, index] as const))(`%s, ${share}`, (_, condition, index) => {
  test.each(some(index))('%s', async (line, command) => {
    await using executable = await open(command);
    const conduct = await conductOf(command);
    condition.prepare?.(executable);
    // Stops a command that serves.
    const typed = command.path === 'sandbox start' ? `timeout -s INT 1 ${line}` : line;
    const env = {
      NO_COLOR: '1',
      TERM: 'xterm',
      PATH: `${executable.directory}/bin:${process.env.PATH}`,
      SHELL: '/bin/bash',
      EDITOR: editor,
      ...condition.env,
    };
    const run = await executable.shell(`unset -f dnx; ${condition.shell(typed)}`, { ...cwdOf(executable, line), env });
    const text = `${run.stdout}${run.stderr}`;
    const codes = command.path === 'sandbox start' ? [0, 124] : condition.codes(command, conduct);
    expect(codes, `exit ${run.exitCode}: ${text}`).toContain(run.exitCode);
    expect(text).not.toContain('looks like a bug');
    if (run.exitCode !== 0) expect(text.trim()).not.toBe('');
    condition.check?.(text, command);
    expect(leftovers(executable)).toEqual([]);
  });
});

describe.skipIf(noTinyDisk())(`on a disk with three free bytes, ${share}`, () => {
  test.each(some(20))('%s', async (line, command) => {
    await using executable = await open(command);
    const { prints } = await conductOf(command);
    const disk = join(executable.directory, 'disk');
    mkdirSync(disk);
    expect(mountTiny(disk)).toBeUndefined();
    try {
      const typed = command.path === 'sandbox start' ? `timeout -s INT 1 ${line}` : line;
      const env = { PATH: `${executable.directory}/bin:${process.env.PATH}`, SHELL: '/bin/bash', EDITOR: editor };
      const run = await executable.shell(`unset -f dnx; ${typed} >> ${quoted(join(disk, 'out'))}`, { ...cwdOf(executable, line), env });
      if (command.path !== 'sandbox start') expect(run).toExit(prints ? 1 : 0);
      if (run.exitCode !== 0) expect(run.stderr.trim()).not.toBe('');
      expect(run.stderr).not.toContain('looks like a bug');
    } finally {
      execaSync('umount', [disk]);
    }
  });
});

const signals = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

/** What commands print of their changes when one of them hangs. */
const reports: Readonly<Record<string, RegExp>> = {
  // Its first variable differs; the request is for the second.
  'env ensure': /^VARIABLE +RESULT\nAPP_NAME +differ/,
  undo: /^CHANGE +RESULT\n\* resume shop.example.com \(web-1\) +Terminated\.\n$/,
  redo: /^CHANGE +RESULT\n\* suspend shop.example.com \(web-1\) +Terminated\.\n$/,
};

describe.each(signals)(`%s while a request hangs, exit %i, ${share}`, (signal, code) => {
  const asking = runnables.filter(
    (command) =>
      !serves(command) &&
      !/^(completion|config|history|schema|token abilities|auth switch|unlink|version|upgrade|agent (un)?install|mcp)/.test(command.path),
  );
  const chosen = sampled(asking, few, seed + code, most).map((command) => [command.line, command] as const);

  test.each(chosen)('%s', async (line, command) => {
    await using executable = await open(command);
    const { requests } = await conductOf(command);
    if (requests.length === 0) throw new Error(`${line} sends no request: exclude it`);
    // For SIGTERM, the first request that changes something hangs.
    const changing = signal === 'SIGTERM' ? requests.find((call) => !call.startsWith('GET ')) : undefined;
    const [method, path] = (changing ?? requests[0] ?? '').split(' ');
    const { calls, faults } = executable.sandbox;
    const earlier = calls.length;
    faults.always({ method: method ?? '', path: path ?? '' }, 'hang');
    const env = { PATH: `${executable.directory}/bin:${process.env.PATH}`, SHELL: '/bin/bash', EDITOR: editor };
    const child = executable.shell(`unset -f dnx; ${line.replace(/^dnx /, 'exec "$NODE" "$DNX" ')}`, { env });
    await expect.poll(() => calls.slice(earlier).some((call) => call.method === method && call.path === path)).toBe(true);
    const sent = performance.now();
    child.kill(signal);
    const run = await child;
    expect(performance.now() - sent).toBeLessThan(1_000);
    expect(run).toExit(code);
    expect(run.stdout).toMatch((changing && reports[command.path]) ?? /^$/);
    expect(run.stderr.trim()).not.toBe('');
    expect(run.stderr).not.toContain('looks like a bug');
    expect(leftovers(executable)).toEqual([]);
  });
});
