import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lacking, required } from '../support/programs.ts';
import { cloneTo, platforms } from '../support/release.ts';

const missing = lacking(['git', 'zip', 'dpkg-deb', 'rpmbuild']);
if (missing.length > 0 && !required) process.stderr.write(`Skipped two builds of a release: there is no ${missing.join(' and no ')}\n`);

describe.skipIf(missing.length > 0 && !required)('two builds of a release', () => {
  // On the disk of the packages, and open to another user.
  const directory = mkdtempSync(join(tmpdir(), 'dnx-builds-'));
  let one: string;
  let other: string;
  beforeAll(async () => {
    chmodSync(directory, 0o755);
    [one, other] = await Promise.all([
      build('one', { umask: '022', env: { TZ: 'UTC', LC_ALL: 'C' } }),
      build('elsewhere/deeper/other', {
        umask: '077',
        env: { TZ: 'Asia/Kathmandu', LC_ALL: 'C.UTF-8', LANG: 'de_DE.UTF-8' },
        // Another user, if this one may start programs of others.
        ...(process.getuid?.() === 0 && { user: 65_534 }),
      }),
    ]);
  }, 120_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** Makes the files of a release, whose executables are stand-ins, in a clone of its own. The rehearsal in test/install has a real one. */
  async function build(name: string, { umask, env, user }: { umask: string; env: Readonly<Record<string, string>>; user?: number }) {
    const place = join(directory, name);
    const clone = join(place, 'clone');
    const [home, temp] = ['home', 'tmp'].map((each) => join(place, each)) as [string, string];
    for (const each of [home, temp]) mkdirSync(each, { recursive: true });
    cloneTo(clone);
    mkdirSync(join(clone, 'build/executables'), { recursive: true });
    for (const platform of platforms)
      writeFileSync(join(clone, 'build/executables', `dnx-${platform}${platform.startsWith('windows') ? '.exe' : ''}`), platform);
    // As git writes the files of a clone with this umask. Its packages are those of this one.
    const own = readdirSync(clone).flatMap((each) => (each === 'node_modules' ? [] : [join(clone, each)]));
    await execa('chmod', ['-R', umask === '077' ? 'go=' : 'go=rX', ...own]);
    if (user !== undefined) await execa('chown', ['-R', `${user}`, ...own, home, temp]);
    if (user !== undefined) await execa('chown', [`${user}`, place, clone]);
    await execa('sh', ['-c', `umask ${umask}; scripts/release-files.sh files`], {
      cwd: clone,
      env: { PATH: process.env.PATH ?? '', HOME: home, TMPDIR: temp, ...env },
      extendEnv: false,
      ...(user !== undefined && { uid: user, gid: user }),
    });
    return join(clone, 'files');
  }

  const compare = () => execa('node', ['scripts/release.mjs', 'compare', one, other], { reject: false });

  test('have the same files, whatever the directory, the user, the umask, the time zone and the language', async () => {
    const { exitCode, stdout, stderr } = await compare();
    expect([exitCode, stderr]).toEqual([0, '']);
    const sums = readFileSync(join(one, 'SHA256SUMS'), 'utf8').trim().split('\n');
    expect(sums.length).toBe(readdirSync(one).length - 1);
    const rows = sums.map((line) => line.split('  ')).map(([sum, file]) => `| ${file} | \`${sum}\` |`);
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(rows));
  });

  test('are told apart by one byte, and by a file that only one has, each by its name', async () => {
    appendFileSync(join(other, 'dnx-linux-x64.deb'), '\n');
    writeFileSync(join(one, 'dnx-extra'), '');
    rmSync(join(one, 'install.sh'));
    const { exitCode, stdout, stderr } = await compare();
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr.split('\n')).toEqual([
      'Error: Built twice, these files of the release differ:',
      expect.stringMatching(/^dnx-extra: [0-9a-f]{64}, then missing$/),
      expect.stringMatching(/^dnx-linux-x64.deb: [0-9a-f]{64}, then [0-9a-f]{64}$/),
      expect.stringMatching(/^install.sh: missing, then [0-9a-f]{64}$/),
    ]);
  });
});
