import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { linkFileFor } from '../../src/machine/settings/link.ts';
import { type GivenGlobals, readSettings } from '../../src/machine/settings/settings.ts';

let home: string;
let cwd: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dnx-link-'));
  cwd = join(home, 'project/deep/down');
  mkdirSync(cwd, { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true }));

const file = () => join(home, 'project/.deploynix.json');
const read = (env: Record<string, string> = {}, given: GivenGlobals = {}) => readSettings({ env, cwd, home, platform: 'linux' }, given);
function link(value: unknown): void {
  writeFileSync(file(), typeof value === 'string' ? value : JSON.stringify(value));
}
const place = (id: string, name: string) => ({ id, name });
const shop = { server: place('S1', 'web-1'), site: place('A1', 'shop.test') };
const staging = { server: place('S2', 'web-2'), site: place('A2', 'staging.test') };
const both = { default: 'production', environments: { production: { ...shop, confirm: true }, staging } };
const linked = ({ server, site }: typeof shop) => ({
  server: { id: server.id, label: server.name },
  site: { id: site.id, label: site.name },
});

describe('the environment in use', () => {
  test.each<[string, object, Record<string, string>, GivenGlobals, object]>([
    ['is the default one', both, {}, {}, { site: 'shop.test', server: 'web-1', linked: linked(shop) }],
    ['is that of DNX_ENV', both, { DNX_ENV: 'staging' }, {}, { site: 'staging.test', linked: linked(staging) }],
    ['is that of --env', both, { DNX_ENV: 'production' }, { env: 'staging' }, { site: 'staging.test' }],
    [
      'ignores DNX_SITE with --env',
      both,
      { DNX_SITE: 'x.test', DNX_SERVER: 'x' },
      { env: 'staging' },
      { site: 'staging.test', server: 'web-2' },
    ],
    ['yields to DNX_SITE without --env', both, { DNX_SITE: 'x.test' }, {}, { site: 'x.test', server: 'web-1' }],
    ['is the only one', { environments: { live: shop } }, {}, {}, { site: 'shop.test' }],
    ['is the top level', shop, {}, {}, { site: 'shop.test', linked: linked(shop) }],
    [
      'has numbers as ids',
      { server: place(1 as never, 'web-1'), site: { id: 7, name: 'a.test' } },
      {},
      {},
      { linked: { server: { id: '1' }, site: { id: '7', label: 'a.test' } } },
    ],
    ['has names alone', { server: 'web-1', site: 'a.test' }, {}, {}, { site: 'a.test', linked: {} }],
    ['has a site by id, but a server by name', { server: 'web-1', site: place('A1', 'a.test') }, {}, {}, { site: 'a.test', linked: {} }],
    [
      'is called __proto__',
      JSON.parse('{"environments":{"__proto__":{"site":"p.test"},"constructor":{"site":"c.test"}}}'),
      { DNX_ENV: '__proto__' },
      {},
      { site: 'p.test' },
    ],
    ['is called constructor', { environments: { constructor: { site: 'c.test' }, x: {} } }, {}, { env: 'constructor' }, { site: 'c.test' }],
  ])('%s', (_, content, env, given, expected) => {
    link(content);
    expect(read(env, given)).toMatchObject({ ...expected, unplaced: undefined, problems: [] });
  });

  test('has no site of the profile', () => {
    mkdirSync(join(home, '.config/dnx'), { recursive: true });
    writeFileSync(join(home, '.config/dnx/config.json'), JSON.stringify({ profiles: { default: { server: 'p', site: 'p.test' } } }));
    link({ environments: { production: { server: 'web-1' } } });
    expect(read()).toMatchObject({ server: 'web-1', site: undefined });
    link({ server: 'web-1' });
    expect(read()).toMatchObject({ server: 'web-1', site: 'p.test' });
  });
});

describe('an environment that does not exist leaves out every default', () => {
  test.each<[string, unknown, Record<string, string>, GivenGlobals, string]>([
    ['with --env', both, {}, { env: 'stagin' }, "has no environment 'stagin'. Did you mean 'staging'?"],
    ['with DNX_ENV', both, { DNX_ENV: 'toString' }, {}, "has no environment 'toString'."],
    ['as the default', { ...both, default: 'live' }, {}, {}, "has no environment 'live'."],
    ['without a default', { environments: both.environments }, {}, {}, 'has no default environment.'],
    ['in a file for a single site', shop, { DNX_ENV: 'staging' }, {}, 'because it names a single site.'],
    ['if environments is a list', { ...shop, environments: [shop] }, {}, {}, 'environments in '],
    ['if environments is a text', { ...shop, environments: 'x' }, {}, {}, 'environments in '],
    ['in a broken file', '{', { DNX_ENV: 'staging' }, {}, 'is not valid JSON.'],
    ['if the name of one is empty', { environments: { '': shop } }, {}, {}, 'environments in '],
    [
      'if a name has control characters',
      { environments: { production: shop, 'a\u001b[2J': shop } },
      {},
      { env: 'production' },
      'environments in ',
    ],
    ['if a name is longer than any', { environments: { ['x'.repeat(65)]: shop } }, {}, {}, 'environments in '],
    ['without a file', undefined, { DNX_ENV: 'staging' }, {}, "No environment 'staging': .deploynix.json was not found"],
  ])('%s', (_, content, env, given, says) => {
    mkdirSync(join(home, '.config/dnx'), { recursive: true });
    writeFileSync(join(home, '.config/dnx/config.json'), JSON.stringify({ profiles: { default: { server: 'p', site: 'p.test' } } }));
    if (content !== undefined) link(content);
    const { unplaced, ...settings } = read({ ...env, ...(given.env === undefined && { DNX_OUTPUT: 'json' }) }, given);
    expect(unplaced).toMatchObject({ code: 'usage', message: expect.stringContaining(says) });
    expect([settings.server, settings.site, settings.linked]).toEqual([undefined, undefined, {}]);
  });

  test('lists a few of many', () => {
    link({ environments: Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`e${index}`, {}])) });
    expect(read({ DNX_ENV: 'nope' }).unplaced?.hint).toBe('It has e0, e1, e2, e3, e4 and 35 more.');
  });
});

describe('a wrong value', () => {
  test.each([
    [{ environments: { production: 'shop.test' } }, 'environments.production', 'must be an object'],
    [{ environments: { production: { site: ['a'] } } }, 'environments.production.site', 'must be a string'],
    [{ environments: { production: { site: { id: {} } } } }, 'environments.production.site.id', 'must be a string'],
    [{ environments: { production: { confirm: 'yes' } } }, 'environments.production.confirm', 'must be true or false'],
    [{ confirm: null }, 'confirm', 'must be true or false'],
    [{ default: ['production'], environments: both.environments }, 'default', 'must be a string'],
    [{ server: { name: true } }, 'server.name', 'must be a string'],
    [{ site: { id: '..', name: 'a.test' } }, 'site.id', 'is not an id'],
    [{ site: { id: 'a/../b', name: 'a.test' } }, 'site.id', 'is not an id'],
    [{ site: { id: 'a\u001b[2J', name: 'a.test' } }, 'site.id', 'is not an id'],
    [{ site: { id: '9'.repeat(256), name: 'a.test' } }, 'site.id', 'is not an id'],
    [{ server: { id: '', name: 'web-1' } }, 'server.id', 'is not an id'],
  ])('%j is reported', (content, key, says) => {
    link(content);
    expect(read().problems).toEqual([expect.objectContaining({ message: `${key} in ${file()} ${says}.` })]);
  });

  test('that is too long is reported', () => {
    link({ site: 'a'.repeat(1_001) });
    expect(read().problems).toEqual([expect.objectContaining({ message: `site in ${file()} is longer than 1000 characters.` })]);
  });

  test('of an id is not used', () => {
    link({ server: { id: '..', name: 'web-1' }, site: { id: '..', name: 'a.test' } });
    expect(read()).toMatchObject({ linked: {}, server: 'web-1', site: 'a.test' });
  });

  test.each([true, 'yes', 'false', 0, 1, null, [], {}])('of confirm, %j, still asks', (confirm) => {
    link({ environments: { production: { ...shop, confirm } } });
    expect(read().link?.chosen?.confirm).toBe(true);
    link({ confirm, environments: { production: shop, staging: { ...staging, confirm: false } } });
    expect(read().link?.environments.map((each) => each.confirm)).toEqual([true, false]);
  });

  test('of confirm: only false and nothing do not ask', () => {
    link({ environments: { production: { ...shop, confirm: false }, staging } });
    expect(read().link?.environments.map((each) => each.confirm)).toEqual([false, false]);
  });
});

test('a byte order mark before the file is ignored', () => {
  link(`\ufeff${JSON.stringify(both)}`);
  expect(read()).toMatchObject({ site: 'shop.test', problems: [] });
});

test('unknown keys are named at every level, but not those that start with $', () => {
  link({
    $schema: 'x',
    sites: 1,
    environments: { production: { ...shop, confrim: true, site: { ...shop.site, nmae: 'x' }, $note: 1 } },
    site: 'a',
  });
  expect(read().warnings).toEqual([
    "'sites' in .deploynix.json is not a setting. Did you mean 'site'?",
    "'environments.production.confrim' in .deploynix.json is not a setting. Did you mean 'confirm'?",
    "'environments.production.site.nmae' in .deploynix.json is not a setting. Did you mean 'name'?",
    "'site' in .deploynix.json is ignored, because the file has environments.",
  ]);
});

describe('the search for a link file', () => {
  const above = () => writeFileSync(join(home, '.deploynix.json'), '{"site":"above.test"}');

  test('goes up to the root of the file system outside of a repository', () => {
    above();
    expect(read().site).toBe('above.test');
  });

  test.each([
    ['a repository', () => mkdirSync(join(home, 'project/.git'))],
    ['a worktree or submodule', () => writeFileSync(join(home, 'project/.git'), 'gitdir: /elsewhere')],
  ])('stops at the root of %s', (_, make) => {
    above();
    make();
    expect(read()).toMatchObject({ site: undefined, link: undefined });
    expect(linkFileFor(cwd)).toBe(file());
    link({ site: 'here.test' });
    expect(read().site).toBe('here.test');
  });

  test('reports a circular symbolic link', () => {
    symlinkSync('.deploynix.json', file());
    expect(read().problems[0]?.message).toBe(`Could not read ${file()} (ELOOP).`);
  });

  test('a new file belongs into the directory itself without a repository', () => {
    expect(linkFileFor(cwd)).toBe(join(cwd, '.deploynix.json'));
  });
});
