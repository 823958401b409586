import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Changes } from '../../src/features/changes/changes.ts';
import { seeded } from '../../src/sandbox/index.ts';
import type { Bed, RunOptions } from '../support/dnx.ts';
import { openProject, type Project } from '../support/project.ts';
import { deployed, liveRelease, type Repository } from '../support/repository.ts';

const files = { 'composer.json': '{"require":{"php":"^8.2"}}', '.env.example': 'CART_TTL=10\n' };

let bed: Bed;
let hub: Repository;
let clone: Project['clone'];
let run: Project['run'];
beforeEach(async () => {
  ({ bed, hub, clone, run } = await openProject(files));
});
afterEach(() => bed.close());

/** The changes, which must not be taken for none by `--exit-code`. */
async function unsure(cwd: string, options: RunOptions = {}): Promise<Changes> {
  const done = await run(cwd, '--json --exit-code', options);
  const found = done.json<Changes>();
  const differs = [found.commits, found.undone, found.migrations, found.missing_keys].some((each) => each && each.length > 0);
  expect([done.code, done.stderr]).toEqual([differs || found.php?.allowed === false ? 10 : 1, '']);
  expect(found.unknown.length).toBeGreaterThan(0);
  return found;
}

const reasons = ({ unknown }: Changes) => [...new Set(unknown.map(({ why, fix }) => (fix === null ? why : `${why} | ${fix}`)))];

describe('files of the branch', () => {
  const [vars, php] = ['missing_keys', 'php'] as const;
  test.each([
    ['a composer.json that is not JSON', { 'composer.json': '{"require":' }, php, 'composer.json of the branch is not valid JSON'],
    [
      'a constraint that Composer refuses',
      { 'composer.json': '{"require":{"php":"~>8"}}' },
      php,
      "Composer does not accept the constraint '~>8' for PHP",
    ],
    [
      'an endless constraint',
      { 'composer.json': `{"require":{"php":"${'8 '.repeat(9_000)}"}}` },
      php,
      /^Composer does not accept the constraint/,
    ],
    ['a huge .env.example', { '.env.example': '#'.repeat(1_100_000) }, vars, '.env.example is larger than 1 MB'],
  ] as const)('%s', async (_, changed, what, why) => {
    hub.commit('Change', changed);
    deployed(bed, hub.head());
    const found = await unsure(clone().directory);
    expect(found[what]).toBeNull();
    expect(found.unknown).toEqual([{ what, why: typeof why === 'string' ? why : expect.stringMatching(why), fix: null }]);
  });

  test('a symbolic link is not followed', async () => {
    hub.commit('Remove', { '.env.example': null });
    symlinkSync('/etc/passwd', join(hub.directory, '.env.example'));
    deployed(bed, hub.commit('Link'));
    expect(reasons(await unsure(clone().directory))).toEqual(['.env.example is not a regular file']);
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
    expect(reasons(found)).toEqual([
      expect.stringMatching(/^the PHP version of server \S+ cannot be read \| Use a token with server:read$/),
    ]);
    const done = await run(directory, '--json');
    expect(done.json<Changes>().php).toMatchObject({ current: '8.3', allowed: true });
  });

  test('variables that the token may not read are unknown', async () => {
    bed.sandbox.faults.always({ method: 'GET', path: /\/environment-variables$/ }, { status: 403, body: { message: 'Forbidden.' } });
    const found = await unsure(clone().directory);
    expect(reasons(found)).toEqual(['the variables of shop.example.com cannot be read | Use a token with site:read']);
  });
});
