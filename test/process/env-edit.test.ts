import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kill } from 'node:process';
import { afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, type TestContext, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { filesWith, scriptEditor, treeOf } from '../support/editor.ts';
import { type Executable, openExecutable, said } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { leading, sampled } from '../support/volume.ts';

const SITE = seeded.sites['shop.example.com'];
const SECRET = 'hunter2 but longer';
const edit = ['env', 'edit', '--site', 'shop.example.com', '--yes'];

const executable = perSuite(() => openExecutable({ rateLimit: 0 }));
let variables: Executable['sandbox']['state']['environment_variables'];
let before: readonly string[];
let earlier: number;

/** The environment of an editor that is a shell script. What is there before it must be all that is there afterwards. */
function editorOf(script: string): Readonly<Record<string, string>> {
  const editor = scriptEditor(executable, script);
  before = treeOf(executable.directory);
  return editor;
}

/** Runs `dnx env edit` with an editor that is a shell script. */
const edited = (script: string, env: Readonly<Record<string, string>> = {}) =>
  executable.dnx(edit, { env: { ...editorOf(script), ...env } });

const value = (key: string) =>
  executable.sandbox.state.environment_variables.find((each) => each.site_id === SITE && each.key === key)?.value;
const changed = () =>
  executable.sandbox.calls
    .slice(earlier)
    .filter(({ method }) => method !== 'GET')
    .map(({ method }) => method);

beforeAll(async () => {
  variables = structuredClone(executable.sandbox.state.environment_variables);
  // Creates the cache, the state directory and the history.
  await expect(executable.dnx(['env', 'set', 'A=b', '--site', 'shop.example.com'])).toExit(0);
});
beforeEach(() => {
  executable.sandbox.state.environment_variables = structuredClone(variables);
  earlier = executable.sandbox.calls.length;
});
afterEach(() => {
  executable.sandbox.faults.clear();
  expect(treeOf(executable.directory)).toEqual(before);
  expect(filesWith(executable.directory, SECRET)).toEqual([]);
});

/** Changes a variable. */
const local = 's/^APP_NAME=.*/APP_NAME=local/';

test('an editor may have arguments and print; the result stays alone on stdout', async () => {
  const run = await edited('echo "noise $1"; sed -i "s/^APP_NAME=.*/APP_NAME=$1/" "$2"', {
    EDITOR: `${executable.directory}/editor.sh local`,
  });
  expect([run.exitCode, value('APP_NAME')]).toEqual([0, 'local']);
  expect(run.stdout).toMatch(/^✓ Updated/);
  expect(run.stderr).toContain('noise local');
});

const signals = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

/** Says which file it got and its process id, and then waits. */
const WAITS = 'echo "ready $1 $$." >&2; while :; do sleep 0.01; done';

describe.each(sampled(signals, 1, 1))('%s', (signal, code) => {
  test('reaches the editor, and nothing is left', async () => {
    const env = editorOf(`trap 'echo caught >&2; exit 0' INT TERM HUP; ${WAITS}`);
    const child = executable.dnx(edit, { env });
    await said(child, 'ready');
    child.kill(signal);
    const run = await child;
    expect([run.exitCode, run.stdout, changed()]).toEqual([code, '', []]);
    expect(run.stderr).toContain('caught');
  });

  test('again reaches an editor that ignored the first', async () => {
    const env = editorOf(`trap 'trap "exit 0" INT TERM HUP; echo no >&2' INT TERM HUP; ${WAITS}`);
    const child = executable.dnx(edit, { env });
    await said(child, 'ready');
    child.kill(signal);
    await said(child, 'no');
    child.kill(signal);
    await expect(child).toExit(code);
  });

  test('while a request hangs leaves nothing', async () => {
    const env = editorOf(`sed -i '${local}' "$1"`);
    executable.sandbox.faults.always({ method: 'PUT' }, 'hang');
    const child = executable.dnx(edit, { env });
    await expect.poll(changed, { timeout: 20_000 }).toEqual(['PUT']);
    child.kill(signal);
    await expect(child).toExit(code);
  });
});

describe('after SIGKILL', () => {
  /** Starts `dnx env edit`, and waits until its editor has the file. */
  async function waiting(env: Readonly<Record<string, string>> = {}) {
    const editor = editorOf(`cp "$1" "$1~"; ${WAITS}`);
    const child = executable.dnx(edit, { env: { ...editor, ...env } });
    let told = '';
    child.stderr.on('data', (chunk) => {
      told += chunk;
    });
    await said(child, '.\n');
    const [, path = '', pid = ''] = /ready (\S+) (\d+)\./.exec(told) ?? [];
    return { path, pid: Number(pid), child: () => child };
  }

  /** Kills dnx in the middle, and then its editor. */
  async function killed(env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { path, pid, child } = await waiting(env);
    const exited = once(child(), 'exit');
    child().kill('SIGKILL');
    await exited;
    // It keeps stderr open.
    kill(pid, 'SIGKILL');
    expect((await child()).signal).toBe('SIGKILL');
    expect(readFileSync(path, 'utf8')).toContain(SECRET);
    return path;
  }

  test.each(
    leading(
      [
        ['edit', [...edit]],
        ['run', ['env', 'run', '--site', 'shop.example.com', '--all', '--', 'true']],
        ['pull', ['env', 'pull', '-', '--site', 'shop.example.com']],
      ],
      1,
    ),
  )('the next env %s removes what is left', async (_, words) => {
    const path = await killed();
    const run = await executable.dnx(words, { env: { EDITOR: 'true' } });
    expect([run.exitCode, existsSync(path)]).toEqual([0, false]);
  });

  test('of one editor, that of a running one stays', async () => {
    const other = await killed();
    const { path, pid, child } = await waiting();
    expect([existsSync(path), existsSync(other)]).toEqual([true, false]);
    kill(pid, 'SIGKILL');
    await expect(child()).toExit(1);
    before = before.filter((name) => !name.includes('private'));
  });

  const isMemory = (directory: string) => existsSync(directory) && statfsSync(directory).type === 0x01021994;

  /** A directory in memory or on a disk for this test, which is skipped if there is none. */
  function runtimeIn(kind: 'memory' | 'disk', { skip }: TestContext): string {
    const parent = ['/dev/shm', tmpdir(), '/var/tmp'].find((each) => existsSync(each) && isMemory(each) === (kind === 'memory'));
    if (parent === undefined) return skip(`no directory for temporary files is ${kind === 'memory' ? 'in memory' : 'on a disk'}`);
    const runtime = mkdtempSync(join(parent, 'dnx-test-'));
    onTestFinished(() => rmSync(runtime, { recursive: true, force: true }));
    return runtime;
  }

  test('a private directory in memory is used and cleaned up, too', async (context) => {
    const runtime = runtimeIn('memory', context);
    const path = await killed({ XDG_RUNTIME_DIR: runtime });
    expect(path.startsWith(`${runtime}/`)).toBe(true);
    const run = await executable.dnx(edit, { env: { EDITOR: 'true', XDG_RUNTIME_DIR: runtime } });
    expect([run.exitCode, readdirSync(runtime)]).toEqual([0, []]);
  });

  test.for(['memory that others may enter', 'disk'])('a directory on %s is not used', async (place, context) => {
    const isShared = place !== 'disk';
    const XDG_RUNTIME_DIR = runtimeIn(isShared ? 'memory' : 'disk', context);
    if (isShared) chmodSync(XDG_RUNTIME_DIR, 0o755);
    const run = await executable.dnx(edit, { env: { ...editorOf('echo "at $1" >&2'), XDG_RUNTIME_DIR } });
    expect(run.stderr).toContain(`at ${executable.directory}/.local/state/dnx/`);
    expect(readdirSync(XDG_RUNTIME_DIR)).toEqual([]);
  });
});
