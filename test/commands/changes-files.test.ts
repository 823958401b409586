import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Changes } from '../../src/features/changes/changes.ts';
import { seeded } from '../../src/sandbox/index.ts';
import type { Bed } from '../support/dnx.ts';
import { openProject, type Project, reasonsOf } from '../support/project.ts';
import { deployed, liveRelease, type Repository } from '../support/repository.ts';
import { sampled } from '../support/volume.ts';

const files = { 'composer.json': '{"require":{"php":"^8.2"}}', '.env.example': 'CART_TTL=10\n' };

let bed: Bed;
let hub: Repository;
let clone: Project['clone'];
let run: Project['run'];
let unsure: Project['unsure'];
beforeEach(async () => {
  ({ bed, hub, clone, run, unsure } = await openProject(files));
});
afterEach(() => bed?.close());

describe('files of the branch', () => {
  const [vars, php] = ['missing_keys', 'php'] as const;
  test.each(
    sampled(
      [
        ['a composer.json that is not JSON', { 'composer.json': '{"require":' }, php, 'composer.json of the branch is not valid JSON'],
        [
          'a constraint that Composer refuses',
          { 'composer.json': '{"require":{"php":"~>8"}}' },
          php,
          "dnx cannot read the constraint '~>8' for PHP",
        ],
        [
          'an endless constraint',
          { 'composer.json': `{"require":{"php":"${'8 '.repeat(9_000)}"}}` },
          php,
          /^dnx cannot read the constraint/,
        ],
        [
          'a PHP version that is a number',
          { 'composer.json': '{"require":{"php":8.2}}' },
          php,
          'the PHP version in composer.json is not a string',
        ],
        [
          'a file in Git LFS',
          { '.env.example': `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 9\n` },
          vars,
          '.env.example is stored with Git LFS',
        ],
        ['UTF-16', { '.env.example': 'A\0=\u00001\0' }, vars, '.env.example is not UTF-8 text'],
        ['a huge .env.example', { '.env.example': '#'.repeat(1_100_000) }, vars, '.env.example is larger than 1 MB'],
      ] as const,
      8,
      24,
    ),
  )('%s', async (_, changed, what, why) => {
    hub.commit('Change', changed);
    deployed(bed, hub.head());
    const found = await unsure(clone().directory);
    expect(found[what]).toBeNull();
    expect(found.unknown).toEqual([{ what, why: typeof why === 'string' ? why : expect.stringMatching(why), fix: null }]);
  });

  test('migrations in a submodule or behind a symbolic link are unknown', async () => {
    hub.git('update-index', '--add', '--cacheinfo', `160000,${hub.head()},database`);
    hub.git('commit', '--quiet', '--message=Move the database');
    const cloned = clone();
    expect(reasonsOf(await unsure(cloned.directory))).toEqual(['database is a submodule']);
    hub.git('rm', '--quiet', '--cached', 'database');
    mkdirSync(join(hub.directory, 'database'), { recursive: true });
    symlinkSync('../shared', join(hub.directory, 'database/migrations'));
    hub.commit('Share the migrations');
    cloned.git('fetch', '--quiet');
    expect(reasonsOf(await unsure(cloned.directory))).toEqual(['database/migrations is a symbolic link']);
  });

  test('names of packages have no case', async () => {
    hub.commit('Require PHP 9', { 'composer.json': '{"require":{"PHP":"^9"},"config":{"platform":{"php":false}}}' });
    const done = await run(clone().directory, '--json');
    expect(done.json<Changes>().php).toEqual({ current: '8.3', required: '^9', platform: null, allowed: false });
  });

  test('a symbolic link is not followed', async () => {
    hub.commit('Remove', { '.env.example': null });
    symlinkSync('/etc/passwd', join(hub.directory, '.env.example'));
    deployed(bed, hub.commit('Link'));
    expect(reasonsOf(await unsure(clone().directory))).toEqual(['.env.example is not a regular file']);
  });

  test('without them nothing is required', async () => {
    hub.commit('Remove', { '.env.example': null, 'composer.json': null });
    deployed(bed, hub.head());
    const done = await run(clone().directory, '--json --exit-code');
    expect([done.code, done.json<Changes>()]).toMatchObject([0, { missing_keys: [], php: { required: null, allowed: true }, unknown: [] }]);
    expect(done.calls.filter((call) => call.endsWith('environment-variables'))).toEqual([]);
  });

  test('the PHP version is that of the server if the site has none, if the token may read it', async () => {
    liveRelease(bed).site.php_version = null;
    const { directory } = clone();
    const token = bed.sandbox.mint(['site:read', 'provider:read']);
    const found = await unsure(directory, { env: { DNX_TOKEN: token, DNX_SERVER: seeded.servers['web-1'], DNX_SITE: '' } });
    expect(reasonsOf(found)).toEqual([
      expect.stringMatching(/^the PHP version of server \S+ cannot be read \| Use a token with server:read$/),
    ]);
    const done = await run(directory, '--json');
    expect(done.json<Changes>().php).toMatchObject({ current: '8.3', allowed: true });
  });

  test('variables that the token may not read are unknown', async () => {
    bed.sandbox.faults.always({ method: 'GET', path: /\/environment-variables$/ }, { status: 403, body: { message: 'Forbidden.' } });
    const found = await unsure(clone().directory);
    expect(reasonsOf(found)).toEqual(['the variables of shop.example.com cannot be read | Use a token with site:read']);
  });
});
