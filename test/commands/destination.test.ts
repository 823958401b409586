import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { keys } from '../support/terminal.ts';

const web1 = seeded.servers['web-1'];
const shop = seeded.sites['shop.example.com'];

const bed = perTest(openBed);

const open = (line: string, env: Readonly<Record<string, string>> = {}) => bed.dnx(`open ${line} --print`, { env });
const pageOf = (server: string) => `${bed.sandbox.url}/servers/${server}\n`;
const lists = (calls: readonly string[]) => calls.filter((call) => /\/(servers|sites)(\?.*)?$/.test(call));

/** Changes web-1. */
const change = (fields: object) => Object.assign(bed.sandbox.state.servers.find(({ id }) => id === web1) ?? {}, fields);

describe('a destination is a server if it is', () => {
  test.each(['web-1', 'WEB-1', web1, '203.0.113.10'])('%s', async (word) => {
    await expect(open(word)).toExit(0, { stderr: '', stdout: pageOf(web1) });
  });

  test.each(['web.1', 'db1.internal', 'web1.example.com', 'WEB.1', 'münchen.example'])('%s, a name with a dot', async (word) => {
    change({ name: word.toLowerCase() });
    await expect(open(word)).toExit(0, { stderr: '', stdout: pageOf(web1) });
  });

  test.each(['2001:db8::1', '::1', '::ffff:203.0.113.10'])('the address %s', async (ip_address) => {
    change({ ip_address });
    const run = await open(ip_address);
    expect([run.code, run.stderr, run.stdout, lists(run.calls)]).toEqual([0, '', pageOf(web1), [expect.stringMatching(/\/servers/)]]);
  });

  test('7, an id', async () => {
    change({ id: '7' });
    const run = await open('7');
    expect([run.stdout, run.calls]).toEqual([pageOf('7'), [expect.stringMatching(/\/servers\/7$/)]]);
  });

  test('a word that a site is named with --site', async () => {
    change({ name: 'web.1' });
    const run = await open('web.1 --site docs.example.com --dashboard');
    expect(run.stderr).toContain(`Site 'docs.example.com' not found on server web.1.`);
    expect((await open('web.1 --site shop.example.com')).stdout).toBe('https://shop.example.com\n');
  });
});

describe('a destination is a site if it is', () => {
  test.each([
    'shop.example.com',
    'SHOP.example.com.',
    'web-1/shop.example.com',
    `web-1/${shop}`,
    `${web1}/${shop}`,
    'shop.example.com --server web-1',
  ])('%s', async (line) => {
    expect(await open(line)).toMatchObject({ code: 0, stderr: '', stdout: 'https://shop.example.com\n' });
  });

  test('a domain without a dot, with --server', async () => {
    Object.assign(bed.sandbox.state.sites.find(({ id }) => id === shop) ?? {}, { domain: 'intranet' });
    expect((await open('intranet --server web-1')).stdout).toBe('https://intranet\n');
  });

  test('a domain that is also the name of a server', async () => {
    change({ name: 'shop.example.com' });
    for (const _ of [1, 2]) expect((await open('shop.example.com')).stdout).toBe('https://shop.example.com\n');
  });
});

describe('without a destination on a terminal', () => {
  const pick = (typed: string, env: Readonly<Record<string, string>> = {}) =>
    bed.dnx('open --print', { keys: typed, columns: 100, env: { NO_COLOR: '1', ...env } });

  test('a site or a server is picked from one list', async () => {
    const run = await pick(`docs${keys.enter}`);
    expect(run.stderr).toContain('? Open which site or server? (type to filter)');
    expect([run.code, run.stdout]).toEqual([0, 'http://docs.example.com\n']);
    expect((await pick(`db-1${keys.enter}`)).stdout).toBe(pageOf(seeded.servers['db-1']));
  });

  test('a server is picked with a token that cannot read sites', async () => {
    await expect(pick(keys.enter, { DNX_TOKEN: bed.sandbox.mint(['server:read']) })).toExit(0, { stdout: pageOf(web1) });
  });

  test('nothing is picked with a default', async () => {
    expect((await pick('', { DNX_SERVER: 'web-1' })).stdout).toBe(pageOf(web1));
  });

  test('a broken link file stops it', async () => {
    writeFileSync(join(bed.directory, '.deploynix.json'), '{');
    await expect(pick('')).toExit(2, { calls: [] });
  });
});

describe('requests', () => {
  test('a site and a server without a dot cost no more than with their options', async () => {
    for (const [word, flag] of [
      ['shop.example.com', '--site'],
      ['web-1', '--server'],
    ] as const) {
      const [own, other] = [await open(`${word} --no-cache`), await open(`${flag} ${word} --no-cache`)];
      expect(own.calls).toEqual(other.calls);
    }
  });

  test('a server with a dot costs a search once, and nothing more once the names are known', async () => {
    change({ name: 'web.1' });
    const first = await open('web.1');
    expect(lists(first.calls)).toHaveLength(1 + bed.sandbox.state.servers.length);
    await bed.clock.sleep(3_600_000);
    const second = await open('web.1');
    expect([second.stdout, lists(second.calls).length]).toEqual([pageOf(web1), 0]);
  });

  test('a token that cannot read sites finds a server with a dot', async () => {
    change({ name: 'web.1' });
    await expect(open('web.1', { DNX_TOKEN: bed.sandbox.mint(['server:read']) })).toExit(0, { stderr: '', stdout: pageOf(web1) });
    await expect(open('shop.example.com', { DNX_TOKEN: bed.sandbox.mint(['server:read']) })).toExit(5, { stdout: '', says: 'site:read' });
  });
});

describe('an unknown destination', () => {
  test.each([
    ['web.9', `Error: Server or site 'web.9' not found. Did you mean 'web.1'?\n`],
    ['web1', `Error: Server or site 'web1' not found. Did you mean 'web.1'?\n`],
    ['shop.exmaple.com', `Error: Server or site 'shop.exmaple.com' not found. Did you mean 'shop.example.com' (web.1)?\n`],
    ['nowhere.test', `Error: Server or site 'nowhere.test' not found.\n  Run: dnx server list\n  Run: dnx site list\n`],
    ['198.51.100.99', `Error: Server or site '198.51.100.99' not found.\n  Run: dnx server list\n  Run: dnx site list\n`],
  ])('%s', async (word, stderr) => {
    change({ name: 'web.1' });
    await expect(open(word)).toExit(6, { stdout: '', stderr });
  });

  test('without a dot is compared with remembered sites, too', async () => {
    await expect(open('shop.example.com')).toExit(0);
    const run = await open('shop');
    expect([run.code, lists(run.calls).length]).toEqual([6, 1]);
    expect(run.stderr).toBe(`Error: Server or site 'shop' not found. Did you mean 'shop.example.com' (web-1)?\n`);
  });

  test('names the part of server/domain that is missing', async () => {
    expect((await open('web-9/shop.example.com')).stderr).toContain(`Server 'web-9' not found. Did you mean 'web-1'?`);
    expect((await open('web-1/shp.example.com')).stderr).toContain(`Site 'shp.example.com' not found on server web-1.`);
  });

  test('that is not given is exit 2, without a request', async () => {
    const run = await open('');
    const ways = 'Name one, set a default with `dnx link`, or run in a terminal to pick one.';
    expect(run).toExit(2, { stderr: `Error: No server or site given.\n  ${ways}\n`, calls: [] });
    expect((await open('', { DNX_SERVER: 'web-1' })).stdout).toBe(pageOf(web1));
    expect((await open('', { DNX_SITE: 'shop.example.com' })).stdout).toBe('https://shop.example.com\n');
  });

  test('is not given twice', async () => {
    await expect(open('web-1 --server web-2 --site shop.example.com')).toExit(2, { calls: [] });
  });
});

test('a token made for a destination with a dot is sufficient if it is a server', async () => {
  change({ name: 'web.1' });
  const needs = await bed.dnx(['token', 'abilities', '--for', 'open web.1', '--query', '[].ability', '-o', 'text']);
  const abilities = needs.stdout.trim().split('\n').sort();
  expect(abilities).toEqual(['server:read', 'site:read']);
  expect((await open('web.1', { DNX_TOKEN: bed.sandbox.mint(abilities) })).stdout).toBe(pageOf(web1));
});
