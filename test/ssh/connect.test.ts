import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh();
if (reason !== undefined) process.stderr.write(`Skipped the tests of dnx ssh: ${reason}\n`);
const it = test.skipIf(reason !== undefined);

let bed: SshBed;
beforeAll(async () => {
  if (reason === undefined) bed = await openSshBed();
});
afterAll(() => bed?.close());

it('runs a command on a server, with its words as they are', async () => {
  const ran = await bed.dnx(['ssh', 'web-1', '--', 'printf', '%s\n', "'; touch x", '$(id)', 'a\\b', 'two\nlines', '*']);
  expect([ran.exitCode, ran.stderr, ran.stdout]).toEqual([0, '', "'; touch x\n$(id)\na\\b\ntwo\nlines\n*\n"]);
});

it('runs a command in the live release of a site', async () => {
  bed.sshd.site('shop.example.com', { releases: ['20260101_000000', '20260102_000000'] });
  const ran = await bed.dnx(['ssh', 'shop.example.com', '--', 'pwd', '-P']);
  expect([ran.exitCode, ran.stderr, ran.stdout]).toEqual([0, '', '/home/deploynix/shop.example.com/releases/20260102_000000\n']);
});
