import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hostileNames, MARK } from '../support/hostile-names.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { sampled, seedOf } from '../support/volume.ts';

const reason = reasonAgainstSsh('hostile names over SSH');

const HOME = '/home/deploynix';
const RELEASE = '20260102_000000';

const some = (seed: number) => sampled(hostileNames, 1, seedOf(seed));

let bed: SshBed;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  bed.sshd.share();
  // A failed run may have left it.
  rmSync(join(HOME, MARK), { force: true });
  for (const name of ['php', 'php8.3']) bed.sshd.program(name, '#!/bin/sh\npwd -P\n');
});
afterAll(() => bed?.close());

const server = () => bed.sandbox.state.servers[0] as (typeof bed.sandbox.state.servers)[number];
const shop = () => bed.sandbox.state.sites[0] as (typeof bed.sandbox.state.sites)[number];

/** Runs a command, and requires that nothing else ran on either side. */
async function runs(words: readonly string[]) {
  const ran = await bed.here(words);
  for (const folder of [bed.directory, process.cwd(), HOME, ...sitesIn(HOME)])
    expect(existsSync(join(folder, MARK)), `${JSON.stringify(words)} in ${folder}`).toBe(false);
  return ran;
}

const sitesIn = (home: string) => readdirSync(home).map((name) => join(home, name));

/** Whether a name can be that of a directory, which dnx requires of a domain. */
const isDirectory = (name: string) => !/[/\n]/.test(name) && !name.startsWith('.');

const SITE = ownDomain('hostile');
const release = (domain: string) => `${HOME}/${domain}/releases/${RELEASE}\n`;

describe.skipIf(reason !== undefined)('a hostile name changes nothing', () => {
  beforeAll(() => {
    bed.sshd.site(SITE, { releases: [RELEASE], files: { 'current/artisan': '' } });
  });
  beforeEach(() => {
    shop().domain = SITE;
    server().name = 'web-1';
  });
  const on = (): readonly string[] => ['--server', server().id, '--site', shop().id];

  test.each(some(1))('as the domain of a site, whose directory has that name: %j', async (name) => {
    const domain = `${name}.${ownDomain('named')}`;
    const usable = isDirectory(domain);
    if (usable) bed.sshd.site(domain, { releases: [RELEASE], files: { 'current/artisan': '' } });
    shop().domain = domain;
    const expected = usable ? [0, release(domain)] : [1, ''];
    const ssh = await runs(['ssh', ...on(), '--', 'pwd', '-P']);
    expect([ssh.exitCode, ssh.stdout], ssh.stderr).toEqual(expected);
    const artisan = await runs(['artisan', ...on(), 'list']);
    expect([artisan.exitCode, artisan.stdout], artisan.stderr).toEqual(expected);
    if (!usable) return expect(ssh.stderr).toContain('unusable domain');
    rmSync(join(HOME, domain), { recursive: true });
    const missing = await runs(['artisan', ...on(), 'list']);
    expect([missing.exitCode, missing.stdout, missing.stderr.includes('\u001b')]).toEqual([6, '', false]);
  });

  test.each(some(2))('as the name of a server, a version or the web directory: %j', async (name) => {
    Object.assign(server(), { name, php_version: name });
    Object.assign(shop(), { php_version: name, web_directory: name, branch: name });
    await expect(runs(['artisan', ...on(), 'list'])).toExit(0, { stderr: '', stdout: release(SITE) });
    const missing = await runs(['ssh', ...on(), '--path', '/nowhere', '--', 'true']);
    expect([missing.exitCode, missing.stdout, missing.stderr.includes('\u001b')]).toEqual([6, '', false]);
    expect(missing.stderr).toContain('Error: No directory of');
  });

  test.each(some(3))('as --path or the name of a command: %j', async (name) => {
    await expect(runs(['ssh', ...on(), `--path=${SITE}/x${name}`, '--', 'echo', 'ran'])).toExit(6, { stdout: '', says: 'No directory of' });
    const command = await runs(['ssh', '--server', server().id, '--', name]);
    // A directory is not run, and % is a job for bash.
    const codes: Readonly<Record<string, number>> = { '../../etc': 126, '%h': 1 };
    expect(command).toExit(codes[name] ?? 127, { stdout: '' });
  });
});
