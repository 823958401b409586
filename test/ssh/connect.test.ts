import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { leading, sampled, seedOf, turn } from '../support/volume.ts';

const reason = reasonAgainstSsh('dnx ssh');

const SITE = ownDomain('connect');
const PLAIN = ownDomain('plain');
const HOME = '/home/deploynix';

let bed: SshBed;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  Object.assign(bed.sandbox.state.sites[1] ?? {}, { domain: PLAIN });
  bed.shop(SITE, { releases: ['20260101_000000', '20260102_000000'], files: { 'other/file': '' } });
});
afterAll(() => bed?.close());

describe.skipIf(reason !== undefined)('with a shared connection that outlives dnx', () => {
  beforeAll(async () => {
    appendFileSync(bed.sshd.config, `  ControlMaster auto\n  ControlPath ${bed.sshd.directory}/shared-%C\n  ControlPersist 60\n`);
    // Opens it, for every test below, too.
    await expect(bed.here(['ssh', 'web-1', '--', 'true'])).toExit(0);
  });

  test.each(leading([255, 6], 1))('the exit code %i is passed on, on a server and on a site', async (code) => {
    for (const target of ['web-1', SITE]) {
      await expect(bed.dnx(['ssh', target, '--', 'sh', '-c', `exit ${code}`])).toExit(code, { stdout: '', stderr: '' });
    }
  });

  test('every exit code is passed on', async () => {
    const codes = sampled([...Array(256).keys()], 6, seedOf(10));
    const run = async (code: number) => (await bed.here(['ssh', '--server', 'web-1', '--', 'sh', '-c', `exit ${code}`])).exitCode;
    const ended: number[] = [];
    for (let at = 0; at < codes.length; at += 8) ended.push(...(await Promise.all(codes.slice(at, at + 8).map(run))));
    expect(ended).toEqual(codes);
  }, 60_000);
});

describe.skipIf(reason !== undefined)('dnx ssh', () => {
  test('runs a command on a server, with its words as they are', async () => {
    const ran = await bed.here(['ssh', 'web-1', '--', 'printf', '%s\n', "'; touch x", '$(id)', 'a\\b', 'two\nlines', '*', '']);
    expect(ran).toExit(0, { stderr: '', stdout: "'; touch x\n$(id)\na\\b\ntwo\nlines\n*\n\n" });
  });

  test('runs a command in the live release of a site', async () => {
    const ran = await bed.here(['ssh', SITE, '--', 'pwd', '-P']);
    expect(ran).toExit(0, { stderr: '', stdout: `${HOME}/${SITE}/releases/20260102_000000\n` });
  });

  test('runs it in the directory of a site without releases', async () => {
    bed.sshd.site(PLAIN);
    await expect(bed.here(['ssh', PLAIN, '--', 'pwd', '-P'])).toExit(0, { stderr: '', stdout: `${HOME}/${PLAIN}\n` });
  });

  test.each(
    leading(
      [
        [`${HOME}/${SITE}/other`, `${HOME}/${SITE}/other`],
        [`${SITE}/other`, `${HOME}/${SITE}/other`],
        [`${HOME}/${SITE}`, `${HOME}/${SITE}/releases/20260102_000000`],
      ],
      1,
    ),
  )('--path %s is the directory instead', async (path, expected) => {
    await expect(bed.here(['ssh', SITE, '--path', path, '--', 'pwd', '-P'])).toExit(0, { stderr: '', stdout: `${expected}\n` });
  });

  test('a command fails if the site has no directory, and nothing runs', async () => {
    for (const given of [[SITE, '--path', '/nowhere'], ['web-2/staging.example.com']]) {
      const ran = await bed.here(['ssh', ...given, '--', 'echo', 'ran']);
      expect(ran).toExit(6, { stdout: '', stderr: expect.stringMatching(/^Error: No directory of \S+ on web-\d\.\n {2}Use --path\.\n$/) });
    }
  });

  test('a script on stdin runs in the live release, or in the home directory with a note', async () => {
    const ran = await bed.shell(`printf 'pwd -P\\nexit 7\\n' | dnx ssh ${SITE}`);
    expect(ran).toExit(7, { stderr: '', stdout: `${HOME}/${SITE}/releases/20260102_000000\n` });
    const lost = await bed.here(['ssh', 'web-2/staging.example.com'], { stdin: 'pwd\n' });
    expect(lost).toExit(0, { stdout: `${HOME}\n`, stderr: 'No directory of staging.example.com on web-2. This is the home directory.\n' });
    await expect(bed.here(['ssh', 'web-1'], { stdin: 'pwd\n' })).toExit(0, { stderr: '', stdout: `${HOME}\n` });
  });

  test('10 MB of bytes go in and out unchanged', async () => {
    const ran = await bed.shell('head -c 10000000 /dev/urandom > in; dnx ssh web-1 -- cat < in > out; cmp in out');
    expect(ran).toExit(0, { stderr: '', stdout: '' });
  });

  test('stderr is kept apart, and no CR gets into a pipe', async () => {
    await expect(bed.dnx(['ssh', SITE, '--', 'sh', '-c', 'echo out; echo err >&2'])).toExit(0, { stderr: 'err\n', stdout: 'out\n' });
  });

  test('a closed pipe ends it', async () => {
    const ran = await bed.shell('dnx ssh web-1 -- yes | head -1');
    expect(ran).toExit(0, { stdout: 'y\n' });
    expect(ran.stderr).not.toContain('dnx');
  });

  test('--user signs in as another user', async () => {
    bed.sshd.user('dnx-dash', '/bin/dash');
    await expect(bed.here(['ssh', 'web-1', '--user', 'dnx-dash', '--', 'id', '-un'])).toExit(0, { stderr: '', stdout: 'dnx-dash\n' });
  });

  test('shell code in one word is not run, and a hint shows how to', async () => {
    const ran = await bed.here(['ssh', 'web-1', '--', 'echo one && echo two']);
    expect(ran).toExit(127, { stdout: '', says: "dnx ssh web-1 -- sh -c 'echo one && echo two'" });
    expect((await bed.here(['ssh', 'web-1', '--', 'sh', '-c', 'echo one && echo two'])).stdout).toBe('one\ntwo\n');
    const missing = await bed.here(['ssh', SITE, '--', 'no-such-command', 'a b']);
    expect([missing.exitCode, missing.stderr.includes('sh -c')]).toEqual([127, false]);
  });

  test('a word that looks like an option is never one: not of ssh, and not of the shell', async () => {
    for (const [target, word] of [
      ['web-1', '-oProxyCommand=touch x'],
      ['web-1', '-v'],
      [SITE, '-a'],
      [SITE, '--'],
    ] as const) {
      const ran = await bed.here(['ssh', target, '--', word, 'true']);
      expect([ran.exitCode, ran.stdout], word).toEqual([127, '']);
    }
  });

  test('the line of --print works in every shell', async () => {
    const odd = ["it's", 'a\\', '$HOME', '\\\\x', '"', '*', 'two\nlines'];
    const shells = ['bash', 'dash', 'zsh', 'fish'];
    for (const [target, some] of [['web-1', turn(shells, 3)] as const, [SITE, shells] as const]) {
      const shown = await bed.here(['ssh', target, '--print', '--', 'printf', '%s|', ...odd]);
      expect(shown).toExit(0, { stderr: '' });
      for (const shell of some) {
        const pasted = execFileSync(shell, ['-c', shown.stdout], { env: { ...bed.env, HOME: bed.directory }, encoding: 'utf8' });
        expect(pasted, shell).toBe(`${odd.join('|')}|`);
      }
    }
  });
});

describe.skipIf(reason !== undefined)('without a target, dnx ssh connects to', () => {
  const link = { default: 'production', environments: { production: { site: SITE }, staging: { site: PLAIN } } };
  const where = (env: Record<string, string> = {}, args: readonly string[] = []) =>
    bed.here(['ssh', ...args, '--', 'sh', '-c', 'basename "$PWD"; echo "$SSH_CONNECTION" | wc -l'], {
      cwd: join(bed.directory, 'linked'),
      env,
    });

  beforeAll(() => {
    bed.sshd.site(PLAIN);
    mkdirSync(join(bed.directory, 'linked'));
    writeFileSync(join(bed.directory, 'linked/.deploynix.json'), JSON.stringify(link));
  });

  test.each(
    leading(
      [
        ['the site of the link file', {}, [], 'current'],
        ['that of --env', {}, ['-e', 'staging'], PLAIN],
        ['that of DNX_SITE', { DNX_SITE: PLAIN }, [], PLAIN],
        ['the server of DNX_SERVER, in spite of a linked site', { DNX_SERVER: 'web-2' }, [], 'deploynix'],
        ['that of --env, in spite of DNX_SERVER', { DNX_SERVER: 'web-2' }, ['-e', 'staging'], PLAIN],
        ['a server that is given, in spite of a linked site', {}, ['--server', 'web-1'], 'deploynix'],
        ['a server that is given, in spite of DNX_SITE', { DNX_SITE: SITE }, ['web-1'], 'deploynix'],
      ],
      3,
    ),
  )('%s', async (_, env, args, name) => {
    await expect(where(env, args)).toExit(0, { stderr: '', stdout: `${name}\n1\n` });
  });

  test('the server of DNX_SERVER, outside of a project', async () => {
    await expect(bed.here(['ssh', '--', 'pwd'], { env: { DNX_SERVER: 'web-2' } })).toExit(0, { stderr: '', stdout: `${HOME}\n` });
  });
});
