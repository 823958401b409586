import { chmodSync, chownSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leading } from '../support/volume.ts';

const bed = perTest(openBed);

const file = () => join(bed.directory, '.deploynix.json');
const link = (content: object) => writeFileSync(file(), JSON.stringify(content));

describe('a link file from a repository', () => {
  test('is read up to 1 MB', async () => {
    link({ server: 'web-1', note: 'x'.repeat(1_100_000) });
    await expect(bed.dnx('config list')).toExit(0, { stderr: `! ${file()} is larger than 1 MB. Fix or remove it.\n` });
  });

  test('is reported in a few lines, however many keys are not settings', async () => {
    link(Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, 1])));
    const run = await bed.dnx('config list');
    expect(run.stderr.split('\n')).toEqual([
      ...[0, 1, 2, 3, 4].map((index) => `! 'k${index}' in .deploynix.json is not a setting.`),
      '! .deploynix.json has 9995 more keys that are not settings.',
      '',
    ]);
  });

  test.each(['site', 'server', 'default', 'unknown', 'profile', 'host'])('cannot fill the screen with its %s', async (key) => {
    link({ [key]: 'x'.repeat(500_000), ['y'.repeat(500_000)]: 1 });
    for (const line of leading(['config list', 'deploy', 'doctor', 'config get site', 'site show', 'env list', 'status', 'link'], 3)) {
      const run = await bed.dnx(line);
      expect((run.stdout + run.stderr).length, line).toBeLessThan(5_000);
    }
  });

  test('cannot send control sequences to the terminal', async () => {
    const evil = '\u001b]0;title\u0007\u001b[2J\u009b2J\u202eweb';
    link({ server: evil, site: `${evil}.example.com`, [evil]: 1 });
    for (const line of ['config list', 'server show', 'site show', 'doctor', 'deploy']) {
      const run = await bed.dnx(line, { columns: 200, env: { NO_COLOR: '1' } });
      expect(run.stdout + run.stderr).toContain('web');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is what this is for
      expect(run.stdout + run.stderr, line).not.toMatch(/\u001b\]|\u001b\[2J|[\u0007\u0080-\u009f\u202e]/);
    }
  });

  test('cannot name a path of the API instead of a server', async () => {
    for (const server of ['..', '../tokens', 'x?y', '/user']) {
      link({ server });
      await expect(bed.dnx('daemon list')).toExit(6, { calls: ['GET /servers'] });
    }
  });
});

describe('a link file that another user could have written', () => {
  /** Another user and group; only root can give files away. */
  const OTHER = 4711;
  const project = () => join(bed.directory, 'project');
  const shared = () => join(project(), '.deploynix.json');
  beforeEach(() => {
    mkdirSync(project());
    writeFileSync(shared(), '{"server":"web-1","site":"shop.example.com","confirm":true}');
  });
  const dnx = (line: string, env = {}) => bed.dnx(line, { cwd: project(), env });

  /** The command ignores the file, and says why once. */
  async function expectIgnored(why: string) {
    await expect(dnx('config get site')).toExit(6, { stdout: '' });
    const deployed = await dnx('deploy');
    expect(deployed).toExit(2, { calls: [] });
    expect(deployed.stderr.split(why)).toHaveLength(2);
    await expect(dnx('site show shop.example.com -o ids')).toExit(0, { stderr: `! ${why}\n` });
    expect((await dnx('doctor')).stdout).toMatch(/^✗ /m);
  }

  test('is ignored if others can write to it', async () => {
    chmodSync(shared(), 0o666);
    await expectIgnored(`Others can write to ${shared()}, so it is ignored. To use it: chmod go-w ${shared()}`);
  });

  test('is ignored if others can write to its directory', async () => {
    chmodSync(project(), 0o777);
    await expectIgnored(`Others can write to the directory of ${shared()}, so it is ignored. To use it: chmod go-w ${project()}`);
    await expect(dnx('link shop.example.com')).toExit(2, { changes: [], says: 'Remove it with: dnx unlink --yes' });
    await expect(dnx('unlink --yes')).toExit(0);
    const unlinked = await dnx('link shop.example.com');
    expect(unlinked).toExit(2, { says: 'To use it: chmod go-w' });
    expect(unlinked.stderr).not.toContain('Remove it with');
    expect(existsSync(shared())).toBe(false);
  });

  test('is ignored if it is a link to one', async () => {
    const target = join(bed.directory, 'shared.json');
    writeFileSync(target, '{"site":"shop.example.com"}');
    chmodSync(target, 0o666);
    const link = join(project(), 'sub/.deploynix.json');
    mkdirSync(join(project(), 'sub'));
    symlinkSync(target, link);
    const run = await bed.dnx('config get site', { cwd: join(project(), 'sub') });
    expect(run).toExit(6, { says: `Others can write to ${target}, so it is ignored.` });
  });

  test('counts in CI, where the modes of a clone tell nothing, and on Windows', async () => {
    chmodSync(shared(), 0o666);
    chmodSync(project(), 0o777);
    expect(await dnx('config get site', { CI: 'true' })).toMatchObject({ stdout: 'shop.example.com\n', stderr: '' });
    const run = await bed.dnx('config get site', { cwd: project(), platform: 'win32' });
    expect([run.stdout, run.stderr]).toEqual(['shop.example.com\n', '']);
  });

  test('counts in a shared directory in which only owners can replace files', async () => {
    chmodSync(project(), 0o1777);
    await expect(dnx('config get site')).toExit(0, { stdout: 'shop.example.com\n', stderr: '' });
  });

  describe.runIf(process.getuid?.() === 0)('and that is not of the same user', () => {
    const mine = `chown ${process.getuid?.()}`;

    test('is ignored if another user owns it', async () => {
      chownSync(shared(), OTHER, OTHER);
      await expectIgnored(`Another user owns ${shared()}, so it is ignored. To use it: sudo ${mine} ${shared()}`);
    });

    test('is ignored if another user owns its directory', async () => {
      chownSync(project(), OTHER, OTHER);
      await expectIgnored(`Another user owns the directory of ${shared()}, so it is ignored. To use it: sudo ${mine} ${project()}`);
    });

    test('counts if only the group of this user can write to it, and not if another group can', async () => {
      for (const path of [shared(), project()]) chmodSync(path, 0o775);
      await expect(dnx('config get site')).toExit(0, { stderr: '' });
      chownSync(shared(), process.getuid?.() ?? 0, OTHER);
      await expectIgnored(`Others can write to ${shared()}, so it is ignored. To use it: chmod go-w ${shared()}`);
    });
  });
});
