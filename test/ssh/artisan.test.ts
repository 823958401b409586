import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { find } from '../support/programs.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { stubSsh } from '../support/ssh-stub.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { leading } from '../support/volume.ts';

const reason = reasonAgainstSsh('dnx artisan');

const SITE = ownDomain('artisan');
const EMPTY = ownDomain('empty');
const RELEASE = `/home/deploynix/${SITE}/releases/20260102_000000`;

/** A PHP that prints its name, its directory and its arguments, a line each. */
const php = (name: string) => `#!/bin/sh\necho ${name}\npwd -P\nprintf '%s\\n' "$@"\n`;

let bed: SshBed;
const shop = () => bed.sandbox.state.sites[0] as (typeof bed.sandbox.state.sites)[number];
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  bed.sshd.share();
  Object.assign(bed.sandbox.state.sites[1] ?? {}, { domain: EMPTY });
  bed.sshd.program('php', php('php'));
  bed.sshd.program('php8.3', php('php8.3'));
});
afterAll(() => bed?.close());
beforeEach(() => {
  if (reason !== undefined) return;
  Object.assign(shop(), { domain: SITE, php_version: '8.3' });
  bed.sshd.site(SITE, { releases: ['20260101_000000', '20260102_000000'], files: { 'current/artisan': '' } });
});

describe.skipIf(reason !== undefined)('dnx artisan', () => {
  const on = ['artisan', '--site', SITE];

  test.each([
    [
      ['migrate', '--force', '--help'],
      ['migrate', '--force', '--help'],
    ],
    [['--', '--version'], ['--version']],
    [
      ['make:x', '--', '-y', '--site', 'other', '--json'],
      ['make:x', '--', '-y', '--site', 'other', '--json'],
    ],
    [
      ['db:seed', '--class=A\\B', "it's", '$HOME', '*', 'two\nlines', ''],
      ['db:seed', '--class=A\\B', "it's", '$HOME', '*', 'two\nlines', ''],
    ],
    [[], []],
  ])('passes on %j in the live release', async (words, expected) => {
    const ran = await bed.here([...on, ...words]);
    const printed = expected.length === 0 ? '' : `${expected.join('\n')}\n`;
    expect(ran).toExit(0, { stderr: '', stdout: `php8.3\n${RELEASE}\nartisan\n${printed}` });
  });

  test.each(
    leading(
      [
        ['8.3', undefined, 'php8.3'],
        ['7.4', undefined, 'php'],
        [undefined, '8.3', 'php8.3'],
        ['latest', '8.3', 'php8.3'],
      ],
      2,
    ),
  )('with PHP %s of the site and %s of the server it runs %s', async (own, other, expected) => {
    Object.assign(shop(), { php_version: own });
    const [server] = bed.sandbox.state.servers;
    Object.assign(server ?? {}, { php_version: other ?? '8.4' });
    const ran = await bed.here([...on, 'list']);
    expect([ran.exitCode, ran.stderr, ran.stdout.split('\n')[0]]).toEqual([0, '', expected]);
  });

  test.each(leading([127, 200], 1))('its exit code %i is passed on', async (code) => {
    bed.sshd.program('php9.9', `#!/bin/sh\nexit ${code}\n`);
    Object.assign(shop(), { php_version: '9.9' });
    await expect(bed.dnx([...on, 'test'])).toExit(code, { stdout: '', stderr: '' });
  });

  test('works without options in a linked project', async () => {
    const cwd = join(bed.directory, 'project');
    mkdirSync(cwd);
    writeFileSync(join(cwd, '.deploynix.json'), JSON.stringify({ environments: { production: { site: SITE } } }));
    const ran = await bed.here(['artisan', 'migrate', '--force'], { cwd });
    expect(ran).toExit(0, { stderr: '', stdout: `php8.3\n${RELEASE}\nartisan\nmigrate\n--force\n` });
  });

  test('without an artisan file it runs nothing and exits 6', async () => {
    bed.sshd.site(SITE, { releases: ['20260102_000000'] });
    const ran = await bed.here([...on, 'migrate']);
    expect(ran).toExit(6, { stdout: '' });
    expect(ran.stderr).toBe(`Error: The live release of ${SITE} has no artisan file.\n  If it is a Laravel site, use --path.\n`);
    expect((await bed.here([...on, '--path', `${SITE}/app`, 'migrate'])).stderr).toBe(
      `Error: No directory of ${SITE} on web-1.\n  Use --path.\n`,
    );
    bed.sshd.site(SITE, { files: { 'app/artisan': '' } });
    const found = await bed.here([...on, '--path', `${SITE}/app`, 'migrate']);
    expect(found).toExit(0, { stderr: '', stdout: `php8.3\n/home/deploynix/${SITE}/app\nartisan\nmigrate\n` });
  });

  test('without a directory of the site it runs nothing and exits 6', async () => {
    const ran = await bed.here(['artisan', '--site', EMPTY, 'migrate']);
    expect(ran).toExit(6, { stdout: '', stderr: `Error: No directory of ${EMPTY} on web-1.\n  Use --path.\n` });
  });

  test('without PHP it says so and exits 127', async () => {
    const folder = join(bed.directory, 'no-php');
    mkdirSync(folder);
    symlinkSync(find('sh') ?? '', join(folder, 'sh'));
    writeFileSync(join(folder, 'artisan'), '');
    // Runs the command of the server here, with nothing but sh in PATH.
    const path = stubSsh(bed.sshd, `for last; do :; done; PATH=${folder} exec ${find('sh')} -c "$last"`);
    const ran = await bed.here([...on, '--path', folder, 'list'], { env: { PATH: path } });
    expect(ran).toExit(127, { stdout: '', stderr: 'Error: php not found on web-1.\n' });
  });
});

describe.skipIf(reason !== undefined)('dnx tinker', () => {
  test.each(
    leading(
      [
        [[], []],
        [['--execute', 'User::where(\'a\', "$b")->count();'], ['--execute=User::where(\'a\', "$b")->count();']],
        [
          ['include.php', './other'],
          ['include.php', './other'],
        ],
      ],
      2,
    ),
  )('runs Tinker with %j', async (words, expected) => {
    const ran = await bed.here(['tinker', '--site', SITE, ...words]);
    expect(ran).toExit(0, { stderr: '', stdout: `${['php8.3', RELEASE, 'artisan', 'tinker', ...expected].join('\n')}\n` });
  });

  test('reads code from stdin', async () => {
    bed.sshd.program('php9.9', '#!/bin/sh\nexec cat\n');
    Object.assign(shop(), { php_version: '9.9' });
    await expect(bed.shell(`echo '1 + 1' | dnx tinker --site ${SITE}`)).toExit(0, { stderr: '', stdout: '1 + 1\n' });
  });
});

describe.skipIf(reason !== undefined)('a Tab offers the Artisan commands of a site', () => {
  const list = {
    commands: [
      { name: 'migrate', description: 'Run the database migrations', hidden: false },
      { name: 'migrate:status', description: 'Show the status of each migration' },
      { name: '_complete', description: 'Internal', hidden: true },
      { name: '$(touch x)', description: 'Hostile' },
      { name: 'about', description: 'a\u001b[31m' },
    ],
  };
  /** The words of a Tab at the end of a line. */
  async function tab(line: string) {
    const ran = await bed.here(['__complete', 'fish', line, ...line.split(' ').slice(1)]);
    return ran.stdout.split('\n').slice(2, -1);
  }
  const terminal = { columns: 80, keys: '' };
  const asked = () => bed.sshd.log().match(/session opened for|Starting session: command/g)?.length ?? 0;

  test('once an Artisan command has run on a terminal, from a list that is kept for a day', async () => {
    bed.sshd.program('php8.3', `#!/bin/sh\n[ "$2" = list ] && echo 'Deprecated: x' && echo '${JSON.stringify(list)}'\nexit 0\n`);
    expect(await tab(`dnx artisan ${SITE} mig`)).toEqual([]);
    // Not without a terminal.
    await expect(bed.here(['artisan', SITE, 'migrate'])).toExit(0);
    expect(await tab(`dnx artisan ${SITE} mig`)).toEqual([]);
    await expect(bed.here(['artisan', SITE, 'migrate'], terminal)).toExit(0, { stdout: '' });
    const before = asked();
    const expected = ['migrate\tRun the database migrations', 'migrate:status\tShow the status of each migration', 'about'];
    expect(await tab(`dnx artisan ${SITE} `)).toEqual(expected);
    expect(await tab(`dnx artisan --site ${SITE} `)).toEqual(expected);
    expect(await tab(`dnx artisan --site web-1/${SITE} `)).toEqual(expected);
    expect(await tab(`dnx artisan ${SITE} migrate -`)).toEqual([]);
    expect(await tab(`dnx artisan other.example.com `)).toEqual([]);
    expect(asked()).toBe(before);
    await expect(bed.here(['artisan', SITE, 'migrate'], terminal)).toExit(0);
    expect(asked()).toBe(before + 1);
  });
});
