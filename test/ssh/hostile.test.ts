import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';
import { sampled, seedOf } from '../support/volume.ts';

const reason = reasonAgainstSsh();
if (reason !== undefined) process.stderr.write(`Skipped the tests of hostile names over SSH: ${reason}\n`);

const HOME = '/home/deploynix';
const MARK = 'HOSTILE-1';
const RELEASE = '20260102_000000';

/** Names that run a command or change one, if any shell, ssh or program interprets them. */
const names = [
  `'; touch ${MARK}; '`,
  `"; touch ${MARK}; "`,
  `\\'; touch ${MARK}; \\'`,
  `; touch ${MARK}`,
  `$(touch ${MARK})`,
  `\`touch ${MARK}\``,
  `(touch ${MARK})`,
  `a\ntouch ${MARK}\n`,
  `a\r\ntouch ${MARK}`,
  `| touch ${MARK}`,
  `> ${MARK}`,
  `-oProxyCommand=touch ${MARK}`,
  '-F/dev/null',
  '%h',
  '~',
  '~root',
  '*',
  '../../etc',
  'ünïcödé🚀.example.com',
  'a\\',
  '\u001b]0;title\u0007',
];
const some = (seed: number) => sampled(names, 4, seedOf(seed));

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

  test('the address or the user of a server, which are refused', async () => {
    const { ip_address, ssh_user } = web1();
    try {
      for (const name of some(2)) {
        Object.assign(web1(), { ip_address: name, ssh_user });
        const at = await runs(['ssh', web1().id, '--', 'echo', 'ran']);
        expect([at.exitCode, at.stdout]).toEqual([1, '']);
        expect(at.stderr).toContain('unusable IP address');
        Object.assign(web1(), { ip_address, ssh_user: name });
        const as = await runs(['ssh', web1().id, '--', 'echo', 'ran']);
        expect([as.exitCode, as.stdout]).toEqual([1, '']);
        expect(as.stderr).toContain('unusable SSH user');
        expect(as.stderr).toContain('Use --user.');
      }
    } finally {
      Object.assign(web1(), { ip_address, ssh_user });
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

  test('--user, which is refused, --path and the words of the command', async () => {
    bed.sshd.site(shop().domain, { releases: [RELEASE] });
    for (const name of some(4)) {
      const as = await runs(['ssh', 'web-1', `--user=${name}`, '--', 'echo', 'ran']);
      expect([as.exitCode, as.stdout, as.stderr]).toEqual([2, '', expect.stringContaining('is not a user name')]);
      const at = await runs(['ssh', shop().domain, `--path=${shop().domain}/x${name}`, '--', 'echo', 'ran']);
      expect([at.exitCode, at.stdout, at.stderr]).toEqual([6, '', expect.stringContaining('No directory of')]);
      const ran = await runs(['ssh', 'web-1', '--', 'printf', '%s', name.replace('\u001b', '')]);
      expect([ran.exitCode, ran.stderr, ran.stdout]).toEqual([0, '', name.replace('\u001b', '')]);
      const command = await runs(['ssh', 'web-1', '--', name]);
      expect([command.exitCode, command.stdout]).toEqual([127, '']);
    }
  });

  test('a server or site in a link file', async () => {
    const folder = join(bed.directory, 'linked');
    mkdirSync(folder);
    for (const name of some(5)) {
      for (const environment of [
        { server: name },
        { site: name },
        { server: 'web-1', site: name },
        { server: { id: name, name }, site: { id: name, name } },
      ]) {
        writeFileSync(join(folder, '.deploynix.json'), JSON.stringify({ environments: { production: environment } }));
        const ran = await runs(['ssh', '--', 'echo', 'ran'], 'linked');
        expect([ran.exitCode === 0, ran.stdout], JSON.stringify(environment)).toEqual([false, '']);
      }
    }
  });
});
