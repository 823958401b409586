import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { sshWith } from '../support/ssh-stub.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh('kept connections');
const SITE = ownDomain('kept');

let bed: SshBed;
/** The runtime directory of the user. */
let runtime: string;
/** How many connections sshd had accepted before the test. */
let before: number;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  bed.shop(SITE, {
    releases: ['20260101_000000'],
    files: { 'current/artisan': '<?php', 'shared/storage/logs/laravel.log': '[2026-11-25 03:10:12] production.ERROR: Broken\n' },
  });
});
beforeEach(() => {
  if (reason !== undefined) return;
  runtime = mkdtempSync('/tmp/dnx-run-');
  before = accepted();
});
afterEach(() => {
  bed?.sshd.drop();
  if (runtime) rmSync(runtime, { recursive: true, force: true });
});
afterAll(() => bed?.close());

const env = (more: Readonly<Record<string, string>> = {}) => ({ env: { XDG_RUNTIME_DIR: runtime, PATH: bed.sshd.path, ...more } });
const accepted = () => bed.sshd.log().match(/^Accepted publickey/gm)?.length ?? 0;
/** How many connections sshd has accepted in this test. */
const connections = () => accepted() - before;
const sockets = (directory = join(runtime, 'dnx')): readonly string[] => {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
};
const ssh = (...command: readonly string[]) => bed.here(['ssh', 'web-1', '--', ...command], env());

describe.skipIf(reason !== undefined)('a connection of ssh', () => {
  test('stays for the next command, which needs none of its own, and for no other user', async () => {
    await expect(ssh('echo', 'one')).toExit(0, { stdout: 'one\n', stderr: '' });
    expect([connections(), sockets().length]).toEqual([1, 1]);
    expect(statSync(join(runtime, 'dnx')).mode & 0o777).toBe(0o700);
    await expect(ssh('sh', '-c', 'echo two; echo three >&2; exit 7')).toExit(7, { stdout: 'two\n', stderr: 'three\n' });
    const logs = await bed.here(['logs', SITE, '--source', 'laravel'], env());
    expect(logs).toExit(0, { stdout: expect.stringContaining('production.ERROR: Broken') });
    expect([connections(), sockets().length]).toEqual([1, 1]);
    bed.sshd.user('other', '/bin/bash');
    await expect(bed.here(['ssh', 'web-1', '--user', 'other', '--', 'id', '-un'], env())).toExit(0, { stdout: 'other\n' });
    expect([connections(), sockets().length]).toEqual([2, 2]);
  });

  test('lets Ctrl-C end a command, and the next one use it', async () => {
    await expect(ssh('true')).toExit(0);
    const running = bed.dnx(['ssh', 'web-1', '--', 'sh', '-c', 'echo $$; exec cat'], { ...env(), stdin: 'pipe' });
    const pid = await new Promise<string>((resolve) => running.stdout.once('data', (chunk) => resolve(`${chunk}`.trim())));
    running.kill('SIGINT');
    await expect(running).toExit(130);
    await expect.poll(() => statSync(`/proc/${pid}`, { throwIfNoEntry: false })).toBe(undefined);
    await expect(ssh('echo', 'next')).toExit(0, { stdout: 'next\n' });
    expect(connections()).toBe(1);
  });

  test('is made again once it was cut', async () => {
    await expect(ssh('true')).toExit(0);
    bed.sshd.drop();
    await expect(ssh('echo', 'again')).toExit(0, { stdout: 'again\n', stderr: '' });
    expect(connections()).toBe(2);
  });

  test('runs nothing for a site that is not there any more', async () => {
    await expect(bed.here(['ssh', SITE, '--', 'true'], env())).toExit(0);
    const shop = bed.sandbox.state.sites.find(({ domain }) => domain === SITE);
    Object.assign(shop ?? {}, { domain: 'renamed.example.com' });
    onTestFinished(() => void Object.assign(shop ?? {}, { domain: SITE }));
    const run = await bed.here(['ssh', SITE, '--', 'touch', 'ran'], env());
    expect([run.exitCode, connections()]).toEqual([6, 1]);
    expect(statSync(`/home/deploynix/${SITE}/current/ran`, { throwIfNoEntry: false })).toBe(undefined);
  });

  test('is not disputed by commands that start at the same time', async () => {
    const runs = await Promise.all([1, 2, 3].map((code) => bed.dnx(['ssh', 'web-1', '--', 'sh', '-c', `exit ${code}`], env())));
    expect(runs.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([1, 2, 3].map((code) => [code, '']));
    const made = connections();
    await expect(ssh('true')).toExit(0);
    expect(connections()).toBe(made);
  });

  test('is left out if its socket is stale, which is removed', async () => {
    await expect(ssh('true')).toExit(0);
    const [name = ''] = sockets();
    const path = join(runtime, 'dnx', name);
    bed.sshd.drop();
    await expect.poll(sockets).toEqual([]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    // A socket file that nobody listens on: that of a process that was killed.
    const kept = join(runtime, 'kept');
    mkdirSync(kept);
    linkSync(path, join(kept, name));
    await new Promise((resolve) => server.close(resolve));
    linkSync(join(kept, name), path);
    await expect(ssh('echo', 'fresh')).toExit(0, { stdout: 'fresh\n', stderr: '' });
    expect(sockets()).toHaveLength(1);
    expect(sockets()).not.toContain(name);
  });

  test.each([
    ['ControlPath of the user', ['ControlMaster=auto', 'ControlPersist=60', 'ControlPath=SHARED'], true],
    ['ControlPath of the user that is never made', ['ControlMaster=no', 'ControlPath=/nowhere/%C'], false],
    ['forward of the user', ['RemoteForward=127.0.0.1:0 127.0.0.1:9'], false],
    ['forwarded agent', ['ForwardAgent=yes'], false],
  ])('is not kept beside a %s', async (_, options, shared) => {
    const PATH = sshWith(bed.sshd, ...options.map((option) => option.replace('SHARED', join(runtime, 'theirs'))));
    for (const word of ['one', 'two'])
      await expect(bed.here(['ssh', 'web-1', '--', 'echo', word], env({ PATH }))).toExit(0, { stdout: `${word}\n` });
    expect([connections(), sockets()]).toEqual([shared ? 1 : 2, []]);
  });

  test('is neither kept nor used in the session of an agent', async () => {
    await expect(ssh('true')).toExit(0);
    const [name] = sockets();
    const run = await bed.shell(`dnx agent run -- "$NODE" "$DNX" logs ${SITE} --source laravel`, env());
    expect(run).toExit(0, { stdout: expect.stringContaining('production.ERROR: Broken') });
    expect([connections(), sockets()]).toEqual([2, [name]]);
  });

  test('belongs to a tunnel alone, and ends with it', async () => {
    await expect(ssh('true')).toExit(0);
    const run = await bed.dnx(['tunnel', String(bed.sshd.port), 'web-1', '--', 'sh', '-c', 'echo $TUNNEL_PORT'], env());
    expect(run).toExit(0, { stdout: expect.stringMatching(/^\d+\n$/) });
    expect([connections(), sockets().length]).toEqual([2, 1]);
  });

  test('is not kept where another user could reach it, or where the path is too long', async () => {
    mkdirSync(join(runtime, 'dnx'), { mode: 0o755 });
    const state = join(bed.directory, 'a'.repeat(90));
    const run = await bed.dnx(['ssh', 'web-1', '--', 'echo', 'here'], env({ DNX_STATE_DIR: state }));
    expect(run).toExit(0, { stdout: 'here\n', stderr: '' });
    expect(sockets()).toEqual([]);
    expect(sockets(join(state, 'ssh'))).toEqual([]);
  });
});
