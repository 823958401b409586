import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostileNames, MARK } from '../support/hostile-names.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';
import { sampled, seedOf } from '../support/volume.ts';

const reason = reasonAgainstSsh();
if (reason !== undefined) process.stderr.write(`Skipped the tests of hostile names over SSH: ${reason}\n`);

const HOME = '/home/deploynix';
const RELEASE = '20260102_000000';

const some = (seed: number) => sampled(hostileNames, 4, seedOf(seed));

let bed: SshBed;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  for (const name of ['php', 'php8.3']) bed.sshd.program(name, '#!/bin/sh\npwd -P\n');
});
afterAll(() => bed?.close());

const shop = () => bed.sandbox.state.sites[0] as (typeof bed.sandbox.state.sites)[number];
const web1 = () => bed.sandbox.state.servers.find(({ name }) => name === 'web-1') as (typeof bed.sandbox.state.servers)[number];

/** Runs a command, and requires that nothing else ran on either side. */
async function runs(words: readonly string[], cwd = '.') {
  const line = words.map((each) => `'${each.replaceAll("'", "'\\''")}'`).join(' ');
  const ran = await bed.shell(`cd ${cwd} && dnx ${line}`);
  for (const folder of [bed.directory, join(bed.directory, cwd), HOME, ...sitesIn(HOME)])
    expect(existsSync(join(folder, MARK)), `${JSON.stringify(words)} in ${folder}`).toBe(false);
  return ran;
}

const sitesIn = (home: string) => readdirSync(home).map((name) => join(home, name));

/** Whether a name can be that of a directory, which dnx requires of a domain. */
const isDirectory = (name: string) => !/[/\n]/.test(name) && !name.startsWith('.');

describe.skipIf(reason !== undefined)('a hostile name changes nothing as', () => {
  test('the domain of a site, whose directory has that name', async () => {
    const before = shop().domain;
    try {
      for (const name of some(1)) {
        const domain = `${name}.hostile-1.example.com`;
        shop().domain = domain;
        const usable = isDirectory(domain);
        if (usable) bed.sshd.site(domain, { releases: [RELEASE], files: { 'current/artisan': '' } });
        const on = ['--server', web1().id, '--site', shop().id];
        const expected = usable ? [0, `${HOME}/${domain}/releases/${RELEASE}\n`] : [1, ''];
        const ssh = await runs(['ssh', ...on, '--', 'pwd', '-P']);
        expect([ssh.exitCode, ssh.stdout], ssh.stderr).toEqual(expected);
        const artisan = await runs(['artisan', ...on, 'list']);
        expect([artisan.exitCode, artisan.stdout], artisan.stderr).toEqual(expected);
        if (!usable) expect(ssh.stderr).toContain('unusable domain');
        if (usable) rmSync(join(HOME, domain), { recursive: true });
        const missing = await runs(['artisan', ...on, 'list']);
        expect([missing.exitCode, missing.stdout, missing.stderr.includes('\u001b')]).toEqual([usable ? 6 : 1, '', false]);
      }
    } finally {
      shop().domain = before;
    }
  });

  test('the name of a server, its versions and the web directory of a site', async () => {
    bed.sshd.site(shop().domain, { releases: [RELEASE], files: { 'current/artisan': '' } });
    const server = web1();
    const { name: before, php_version } = server;
    try {
      for (const name of some(3)) {
        Object.assign(server, { name, php_version: name });
        Object.assign(shop(), { php_version: name, web_directory: name, branch: name });
        const on = ['--server', server.id, '--site', shop().id];
        const ran = await runs(['artisan', ...on, 'list']);
        expect([ran.exitCode, ran.stderr, ran.stdout]).toEqual([0, '', `${HOME}/${shop().domain}/releases/${RELEASE}\n`]);
        const missing = await runs(['ssh', ...on, '--path', '/nowhere', '--', 'true']);
        expect([missing.exitCode, missing.stdout, missing.stderr.includes('\u001b')]).toEqual([6, '', false]);
        expect(missing.stderr).toContain('Error: No directory of');
      }
    } finally {
      Object.assign(server, { name: before, php_version });
    }
  });

  test('--path and the words of the command', async () => {
    bed.sshd.site(shop().domain, { releases: [RELEASE] });
    for (const name of some(4)) {
      const at = await runs(['ssh', shop().domain, `--path=${shop().domain}/x${name}`, '--', 'echo', 'ran']);
      expect([at.exitCode, at.stdout, at.stderr]).toEqual([6, '', expect.stringContaining('No directory of')]);
      const command = await runs(['ssh', 'web-1', '--', name]);
      expect([command.exitCode, command.stdout]).toEqual([name.startsWith('../') ? 126 : 127, '']);
    }
  });
});
