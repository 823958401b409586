import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lacking } from '../support/programs.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh('dnx ssh --config');
const noRsync = lacking(['rsync']).length > 0;
if (noRsync) process.stderr.write('Skipped the tests of rsync: this machine lacks it\n');

const SITE = ownDomain('config');

/** The sandbox has a site twice. */
const AMBIGUOUS = '! staging.example.com is on web-1 and web-2. It is left out.\n';

let bed: SshBed;
let written: string;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  bed.shop(SITE, { releases: ['20260102_000000'], files: { 'current/a.txt': 'a\n' } });
  // The home directory of what is not run in this process.
  written = join(bed.directory, '.ssh/dnx_config');
});
afterAll(() => bed?.close());

const config = (...words: readonly string[]) => bed.here(['ssh', ...words, '--config']);

describe.skipIf(reason !== undefined)('dnx ssh --config', () => {
  test('prints the entry of a server, of a site, and of another user', async () => {
    const entry = (name: string, user = 'deploynix') => `Host ${name}\n  HostName 127.0.0.1\n  User ${user}\n`;
    expect(await config('web-1')).toEqual({ exitCode: 0, stderr: '', stdout: entry('web-1') });
    expect(await config(SITE)).toEqual({ exitCode: 0, stderr: '', stdout: entry(SITE) });
    expect((await config('root@web-1')).stdout).toBe(entry('web-1', 'root'));
  });

  test('--all prints an entry for each server, with the names of its sites', async () => {
    const ran = await config('--all');
    expect(ran).toExit(0, { stderr: AMBIGUOUS, stdout: expect.stringContaining(`Host web-1 ${SITE} blog.example.com`) });
    expect(ran.stdout.match(/^Host /gm)).toHaveLength(bed.sandbox.state.servers.length);
    const entries = JSON.parse((await config('--all', '--json')).stdout);
    expect(entries[0]).toEqual({ names: expect.arrayContaining(['web-1', SITE]), address: '127.0.0.1', user: 'deploynix' });
  });

  test('the same site of two servers has no entry, because ssh would choose one', async () => {
    const { stdout } = await config('--all');
    expect(stdout).not.toContain('staging.example.com');
  });

  test('a hostile name is no pattern, option or second line: it is left out', async () => {
    const blog = bed.sandbox.state.sites[1] ?? {};
    const hostile = [
      '*',
      '*.example.com',
      '!x',
      '-oProxyCommand=touch x',
      'a b',
      'a\n  ProxyCommand touch x',
      'a # b',
      '"a"',
      'a/b',
      'a:b',
      '?',
    ];
    for (const domain of hostile) {
      Object.assign(blog, { domain });
      const ran = await config('--all', '--no-cache');
      expect([ran.exitCode, ran.stdout.includes(`Host web-1 ${SITE}\n`), /Proxy|[*!?"#]| - /.test(ran.stdout)], domain).toEqual([
        0,
        true,
        false,
      ]);
      expect(ran.stderr, domain).toMatch(/left out/);
    }
    Object.assign(blog, { domain: 'blog.example.com' });
  });

  test.each([
    [['ssh', 'web-1', '--config', 'ls'], '--config takes no command'],
    [['ssh', SITE, '--config', '--path', 'x'], '--config takes no command'],
  ])('refuses %j', async (words, message) => {
    await expect(bed.here(words)).toExit(2, { stdout: '', says: message });
  });
});

describe.skipIf(reason !== undefined)('by the name of a site, with what it wrote, a file comes and goes with', () => {
  /** The configuration of the test, after what dnx wrote: as in ~/.ssh/config, the first value counts. */
  const both = () => join(bed.directory, 'both');
  const at = (name: string) => join(bed.directory, name);
  const remote = `${SITE}/current`;
  beforeAll(async () => {
    mkdirSync(join(bed.directory, '.ssh'), { recursive: true });
    writeFileSync(written, (await config('--all')).stdout);
    writeFileSync(both(), `Include ${written}\n`);
    appendFileSync(both(), readFileSync(bed.sshd.config).toString().replace('  HostName 127.0.0.1\n', ''));
    writeFileSync(at('b.txt'), 'b\n');
  });

  const programs = {
    scp: async () => {
      await execa('scp', ['-F', both(), at('b.txt'), `${SITE}:${remote}/b.txt`]);
      await execa('scp', ['-F', both(), `${SITE}:${remote}/a.txt`, `${SITE}:${remote}/b.txt`, bed.directory]);
    },
    sftp: async () => {
      await execa('sftp', ['-F', both(), '-b', '-', SITE], {
        input: `put ${at('b.txt')} ${remote}/b.txt\nget ${remote}/a.txt ${at('a.txt')}\n`,
      });
    },
    rsync: async () => {
      await execa('rsync', ['-e', `ssh -F ${both()}`, at('b.txt'), `${SITE}:${remote}/`]);
      await execa('rsync', ['-e', `ssh -F ${both()}`, `${SITE}:${remote}/a.txt`, bed.directory]);
    },
  };
  test.each(Object.entries(programs).filter(([name]) => name !== 'rsync' || !noRsync))('%s', async (_, run) => {
    rmSync(at('a.txt'), { force: true });
    await run();
    expect(readFileSync(at('a.txt'), 'utf8')).toBe('a\n');
    expect(readFileSync(join('/home/deploynix', remote, 'b.txt'), 'utf8')).toBe('b\n');
    rmSync(join('/home/deploynix', remote, 'b.txt'));
  });
});

test.skipIf(reason !== undefined || noRsync)(
  'rsync -e "dnx ssh" copies from and to the live release of a site, and with a user',
  async () => {
    await expect(
      bed.shell(
        `printf '#!/bin/sh\\nexec "$NODE" "$DNX" "$@"\\n' > dnx && chmod +x dnx && mkdir -p in out && echo c > in/c.txt &&
       rsync -r -e './dnx ssh' in/ ${SITE}:. && rsync -r -e './dnx ssh' deploynix@${SITE}:./ out && cat out/a.txt out/c.txt`,
      ),
    ).toExit(0, { stderr: '', stdout: 'a\nc\n' });
    expect(readFileSync(`/home/deploynix/${SITE}/releases/20260102_000000/c.txt`, 'utf8')).toBe('c\n');
  },
);
