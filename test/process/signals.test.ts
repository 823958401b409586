import { readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openExecutable, type Started, said } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { sampled } from '../support/volume.ts';

const executable = perTest(openExecutable);

const signals = [
  ['SIGINT', 130, 'Interrupted'],
  ['SIGTERM', 143, 'Terminated'],
  ['SIGHUP', 129, 'Hangup'],
] as const;

/** Temporary directories of `sandbox run`. */
const temporary = () => readdirSync(executable.directory).filter((name) => name.startsWith('dnx-sandbox-'));

describe('following a deployment', () => {
  test.each(sampled(signals, 1, 2))('%s exits %i, says how to resume, and cancels nothing', async (signal, code) => {
    const child = executable.dnx(['deploy', 'shop.example.com']);
    await said(child, 'Started');
    child.kill(signal);
    await expect(child).toExit(code, { stdout: '', stderr: expect.stringMatching(/dnx watch .*shop\.example\.com/) });
    expect(executable.sandbox.calls.filter(({ method }) => method !== 'GET').map(({ path }) => path)).toEqual([
      expect.stringMatching(/\/deploy$/),
    ]);
  });

  test('SIGHUP with --json prints one line of JSON', async () => {
    const child = executable.dnx(['deploy', 'shop.example.com', '--json']);
    await said(child, 'Started');
    child.kill('SIGHUP');
    const run = await child;
    expect(run).toExit(129);
    expect(JSON.parse(run.stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'hangup', hint: expect.stringContaining('dnx watch') },
    });
  });
});

// conditions.test.ts has each of them.
test.each(sampled(signals, 1, 6))('%s ends a hanging request', async (signal, code, word) => {
  executable.sandbox.faults.always({ path: '/servers' }, 'hang');
  const child = executable.dnx(['server', 'list', '--debug']);
  await said(child, '> GET /servers');
  child.kill(signal);
  await expect(child).toExit(code, { stdout: '', says: word });
});

describe('within a second', () => {
  /** The exit code of a command after a signal, and how long it took to end. */
  async function ending(child: Started, signal: NodeJS.Signals) {
    const start = performance.now();
    child.kill(signal);
    const { exitCode, stderr } = await child;
    return { exitCode, stderr, ms: performance.now() - start };
  }

  test.each(sampled(signals, 1, 4))('%s ends a command whose output nobody reads', async (signal, code, word) => {
    executable.sandbox.faults.always({ path: '/servers' }, { status: 200, body: { data: [{ id: '1', name: 'x'.repeat(1_000_000) }] } });
    const pipe = join(executable.directory, 'pipe');
    await expect(executable.shell('mkfifo pipe')).toExit(0);
    const child = executable.shell('exec "$NODE" "$DNX" server list --json > pipe');
    const reader = await open(pipe, 'r');
    await reader.read(Buffer.alloc(1));
    const { exitCode, stderr, ms } = await ending(child, signal);
    await reader.close();
    expect(exitCode).toBe(code);
    expect(stderr).toContain(word);
    expect(ms).toBeLessThan(1_000);
  });

  test.each(sampled(signals, 1, 5))('%s ends a command that waits for input', async (signal, code, word) => {
    const child = executable.dnx(['api', 'POST', '/servers', '--data', '-', '--debug'], { stdin: 'pipe' });
    // More than a pipe holds: once it is written, the command is reading.
    await new Promise((resolve) => child.stdin?.write(' '.repeat(2_000_000), resolve));
    const { exitCode, stderr, ms } = await ending(child, signal);
    expect(exitCode).toBe(code);
    expect(stderr).toContain(word);
    expect(ms).toBeLessThan(1_000);
    expect(executable.sandbox.calls).toEqual([]);
  });
});

describe('sandbox start', () => {
  test('serves until Ctrl-C and exits 0', async () => {
    const child = executable.dnx(['sandbox', 'start']);
    await said(child, 'Ctrl-C stops it.');
    child.kill('SIGINT');
    const run = await child;
    expect(run).toExit(0, { stdout: '' });
    expect(run.stderr).toMatch(/^Running a local Deploynix API with sample data, for testing\.\n {2}URL {7}http:\/\/127\.0\.0\.1:\d+\n/);
  });
});

describe('sandbox run', () => {
  test('passes on the exit code and streams of its command, and cleans up', async () => {
    await expect(
      executable.dnx(['sandbox', 'run', '--', 'sh', '-c', 'dnx server list -o ids | wc -l; ls -d "$TMPDIR"/dnx-sandbox-*; exit 7']),
    ).toExit(7, { stdout: expect.stringMatching(/^\s*3\n\S+dnx-sandbox-\w+\n$/) });
    expect(temporary()).toEqual([]);
  });

  test('exits 2 if its command does not exist', async () => {
    const run = await executable.dnx(['sandbox', 'run', '--', 'no-such-command']);
    expect(run).toExit(2, { stdout: '', stderr: 'Error: Could not run no-such-command: command not found.\n' });
    expect(temporary()).toEqual([]);
  });

  test.each(sampled(signals, 1, 8))('passes %s on to its command and cleans up', async (signal, code) => {
    const child = executable.dnx(['sandbox', 'run', '--', 'sh', '-c', 'echo ready >&2; read line'], { stdin: 'pipe' });
    await said(child, 'ready');
    expect(temporary()).toHaveLength(1);
    child.kill(signal);
    await expect(child).toExit(code);
    expect(temporary()).toEqual([]);
  });

  test('ends at the second Ctrl-C even if its command does not', async () => {
    const child = executable.dnx(['sandbox', 'run', '--', 'sh', '-c', "trap 'echo no >&2' INT; echo ready >&2; read x; read x"], {
      stdin: 'pipe',
    });
    await said(child, 'ready');
    child.kill('SIGINT');
    await said(child, 'no');
    child.kill('SIGINT');
    await expect(child).toExit(130);
  });
});
