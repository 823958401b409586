import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { openSilence, sshWith, stubSsh } from '../support/ssh-stub.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh('servers that do not answer');

/** That of web-2. */
const ADDRESS = '203.0.113.11';

let bed: SshBed;
let silence: Awaited<ReturnType<typeof openSilence>>;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  silence = await openSilence(bed.sshd, ADDRESS);
});
afterAll(async () => {
  await silence?.close();
  await bed?.close();
});

const here = (...words: readonly string[]) => bed.here(words, { env: { PATH: silence.path } });

const NEXT = 'web-2 did not answer within 10 s. Check that it is active and that its firewall lets you in.';

describe.skipIf(reason !== undefined)('a server that accepts a connection and says nothing', () => {
  test('is named as it fails and at the end, beside the output of the others', async () => {
    const others = bed.sandbox.state.servers.filter(({ name }) => name !== 'web-2').map(({ name }) => name);
    const ran = await here('ssh', '--all', '--', 'echo', 'ran');
    expect([ran.exitCode, ran.stdout.split('\n').filter(Boolean).sort()]).toEqual([
      12,
      others.map((name) => `${name.padEnd(5)} | ran`).sort(),
    ]);
    expect(ran.stderr).toContain(`✗ web-2: Could not connect over SSH. ${NEXT}\n`);
    expect(ran.stderr).toMatch(/\nError: 1 of \d servers failed: web-2\.\n$/);
  });

  test.each([
    [['ssh', 'web-2', '--', 'true'], 255],
    [['logs', '--server', 'web-2', '--path', '/var/log/syslog'], 13],
    [['tunnel', '6379', 'web-2', '--', 'true'], 13],
  ])('%j says so, and what to do', async (words, code) => {
    const ran = await here(...words);
    expect(ran).toExit(code, { stdout: '', says: NEXT });
    expect(ran.stderr).toContain('dnx network-rule list --server web-2');
  });

  test('is named by what reads the site first', async () => {
    const { id } = bed.sandbox.state.servers.find(({ name }) => name === 'web-2') ?? {};
    const site = bed.sandbox.state.sites.find(({ server_id }) => server_id === id);
    const ran = await here('db', 'query', `web-2/${site?.domain}`, 'select 1');
    expect(ran).toExit(13, { stdout: '', says: NEXT });
  });
});

/** The ConnectTimeout that dnx passes to an ssh with these options. */
async function passed(options: readonly string[], words: readonly string[] = ['ssh', 'web-1', '--', 'true']) {
  const log = join(bed.directory, 'words');
  const [folder] = sshWith(bed.sshd, ...options).split(':');
  const path = stubSsh(bed.sshd, '');
  writeFileSync(`${path.split(':')[0]}/ssh`, `#!/bin/sh\n[ "$1" = -G ] || echo "$*" >>${log}\nexec ${folder}/ssh "$@"\n`);
  writeFileSync(log, '');
  // Some cannot connect.
  expect((await bed.here(words, { env: { PATH: path } })).exitCode).toBeDefined();
  return /ConnectTimeout=(\d+)/.exec(readFileSync(log, 'utf8'))?.[1];
}

describe.skipIf(reason !== undefined)('how long ssh may take to connect', () => {
  test('is 10 s, unless the configuration of the user says otherwise', async () => {
    expect(await passed([])).toBe('10');
    expect(await passed(['ConnectTimeout=3'])).toBe(undefined);
  });

  test('leaves time for the passphrase of a proxy, if dnx may prompt', async () => {
    expect(await passed(['ProxyCommand=exit 1'])).toBe('120');
    expect(await passed(['ProxyCommand=exit 1'], ['ssh', '--on', 'web-1', '--', 'true'])).toBe('10');
  });
});
