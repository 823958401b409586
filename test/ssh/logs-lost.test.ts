import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { type Followed, type LogBed, openLogBed } from '../support/followed.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh('dnx logs');
const it = test.skipIf(reason !== undefined);
const DOMAIN = ownDomain('lost');
const SECOND = ownDomain('second');
const LARAVEL = 'shared/storage/logs/laravel.log';
const SPEED = 16;

let bed: LogBed;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openLogBed(DOMAIN, { speed: SPEED });
  const shop = bed.sandbox.state.sites.find(({ domain }) => domain === DOMAIN);
  if (shop) bed.sandbox.state.sites.push({ ...shop, id: '9000', domain: SECOND });
});
beforeEach(() => bed?.reset({ [LARAVEL]: 'begun\n' }));
afterAll(() => bed?.close());

const log = () => join(bed.root, LARAVEL);
const append = (text: string) => appendFileSync(log(), text);
const LOST = 'Connection to web-1 lost; reconnecting in ';

async function begin(...args: readonly string[]): Promise<Followed> {
  const followed = bed.follow(['-f', '--trace', ...args]);
  await followed.shows('begun\n');
  return followed;
}

it('goes on after a cut connection, without a line twice or lost', async () => {
  const followed = await begin();
  let expected = 'begun\n';
  for (const index of [1, 2]) {
    append(`shown ${index}\nhalf of a li`);
    await followed.shows(`shown ${index}\nhalf of a li`);
    bed.sshd.drop();
    append(`ne ${index}\nwhile away ${index}\n`);
    await followed.shows(`while away ${index}\n`);
    expected += `shown ${index}\nhalf of a line ${index}\nwhile away ${index}\n`;
  }
  const { stdout, stderr } = await followed.end();
  expect(stdout).toBe(expected);
  expect(stderr).toBe(`${LOST}2s\nReconnected to web-1\n`.repeat(2));
});

it('of several sites of a server is said once', async () => {
  bed.sshd.site(SECOND, { files: { 'storage/logs/laravel.log': 'begun, too\n' } });
  const followed = await begin(SECOND);
  await followed.shows('begun, too\n');
  bed.sshd.drop();
  append('after\n');
  appendFileSync(join(bed.root, '..', SECOND, 'storage/logs/laravel.log'), 'then\n');
  await followed.shows('after\n');
  await followed.shows('then\n');
  expect((await followed.end()).stderr).toBe(`${LOST}2s\nReconnected to web-1\n`);
});

it('goes on after a rotation that it did not see', async () => {
  const followed = await begin();
  bed.sshd.drop();
  append('end of the old file\n');
  renameSync(log(), `${log()}.1`);
  writeFileSync(log(), 'the new file\n');
  await followed.shows('the new file\n');
  expect((await followed.end()).stdout).toBe('begun\nend of the old file\nthe new file\n');
});

it('says which release went live meanwhile', async () => {
  const followed = await begin();
  bed.sshd.drop();
  execFileSync('ln', ['-sfn', 'releases/20260101_000000', join(bed.root, 'current')]);
  await followed.says('Release changed: 20260101_000000\n');
  await followed.end();
});

it('waits longer for a server that is away, at most 30 s, and from the beginning once it was back', async () => {
  const clock = await bed.clock();
  const interruption = new AbortController();
  let running = Promise.resolve();
  const returns = () => {
    append('back\n');
    running = bed.sshd.start();
  };
  const next = [returns, () => interruption.abort(new DnxError('interrupted', 'Interrupted.'))];
  // With each line that is shown, the server goes away.
  const slowly = async () => {
    await running;
    await bed.sshd.stop();
    clock.at(clock.elapsed() + 45_000, () => next.shift()?.());
  };
  const words = ['logs', DOMAIN, '-f', '-o', 'ndjson', '--query', 'line'];
  const { exitCode, stdout, stderr } = await bed.here(words, { slowly, signal: interruption.signal });
  await bed.sshd.start();
  expect([exitCode, stdout]).toEqual([130, '"begun"\n"back"\n']);
  const pauses = [2, 4, 8, 16, 30].map((pause) => `${LOST}${pause}s\n`).join('');
  expect(stderr).toMatch(new RegExp(`^${pauses}(${LOST}30s\n)*Reconnected to web-1\n${pauses}$`));
});

it('Ctrl-C ends the pause', async () => {
  const clock = await bed.clock();
  const before = clock.elapsed();
  const { exitCode, stderr } = await bed.here(['logs', DOMAIN, '-f'], { slowly: () => bed.sshd.stop(), interruptAt: 10_000 });
  await bed.sshd.start();
  expect([exitCode, stderr, clock.elapsed() - before]).toEqual([130, `${LOST}2s\n${LOST}4s\n${LOST}8s\n`, 10_000]);
});

it('does not go on with a server that refuses the key by now', async () => {
  const followed = await begin();
  const file = join(bed.sshd.directory, 'authorized_keys');
  const keys = readFileSync(file);
  writeFileSync(file, '');
  bed.sshd.drop();
  const run = await followed.child;
  writeFileSync(file, keys);
  expect(run).toExit(5, { stdout: 'begun\n', says: [`${LOST}2s\nError: Could not connect to web-1 over SSH: `, 'dnx ssh-key create'] });
});

it('does not go on with a server whose host key differs', async () => {
  const followed = await begin();
  const known = readFileSync(bed.sshd.knownHosts, 'utf8');
  const other = readFileSync(join(bed.sshd.directory, 'key.pub'), 'utf8').split(' ')[1] ?? '';
  writeFileSync(bed.sshd.knownHosts, known.replace(/(ssh-ed25519) \S+/, `$1 ${other}`));
  bed.sshd.drop();
  const run = await followed.child;
  writeFileSync(bed.sshd.knownHosts, known);
  expect(run).toExit(1, { stdout: 'begun\n', says: 'Host key verification failed.' });
  expect(run.stderr).toContain(`ssh-keygen -f ${bed.sshd.knownHosts} -R '[127.0.0.1]:${bed.sshd.port}'`);
});

it('fails at once if it never connects, also with -f', async () => {
  await bed.sshd.stop();
  const run = await bed.here(['logs', DOMAIN, '-f']);
  await bed.sshd.start();
  expect(run).toExit(13, { stdout: '' });
  expect(run.stderr).toMatch(/^Error: Could not connect to web-1 over SSH: .*Connection refused\n/);
});

it('says that the output is incomplete if the connection is cut without -f', async () => {
  mkdirSync(join(bed.root, 'large'));
  writeFileSync(join(bed.root, 'large/large.log'), `${'x'.repeat(99)}\n`.repeat(300_000));
  const words = ['logs', DOMAIN, '--path', '../../large/large.log', '-n', '300000', '-o', 'ndjson'];
  const run = await bed.here(words, { slowly: async () => bed.sshd.drop() });
  expect(run).toExit(13, { says: 'The output is incomplete: the connection to web-1 was lost.' });
});
