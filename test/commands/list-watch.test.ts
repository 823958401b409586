import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed, type RunOptions } from '../support/dnx.ts';

const web2 = seeded.servers['web-2'];
const shop = seeded.sites['shop.example.com'];
const MINUTE = 60_000;

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const watch = (line: string, interruptAt = MINUTE, options: RunOptions = {}) =>
  bed.dnx(`${line} --watch`, { interruptAt, env: { NO_COLOR: '1' }, ...options });
const rowsIn = (stdout: string): Record<string, unknown>[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const blocksIn = (stdout: string) => stdout.split('\n\n');

const server = (name: string) => {
  const found = bed.sandbox.state.servers.find((each) => each.name === name);
  if (!found) throw new Error(`the seed has ${name}`);
  return found;
};
const site = () => {
  const found = bed.sandbox.state.sites.find(({ id }) => id === shop);
  if (!found) throw new Error('the seed has the shop');
  return found;
};
const removeServer = (name: string) => {
  bed.sandbox.state.servers = bed.sandbox.state.servers.filter((each) => each.name !== name);
};

describe('elsewhere than on a terminal', () => {
  test.each(['server list', 'site list', 'site list --server web-1'])('%s prints the table once, until Ctrl-C exits 130', async (line) => {
    const run = await watch(line, 5 * MINUTE);
    expect([run.code, run.stderr]).toEqual([130, 'Error: Interrupted.\n']);
    expect(run.stdout.match(/^Checked 2026-04-16T12:00:0\dZ, every /gm)).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing moves the cursor
    expect(run.stdout).not.toMatch(/\u001b/);
  });

  test('prints the table again when a row changes, is added or is gone, but not for what it does not show', async () => {
    bed.clock.at(10_000, () => (server('web-1').status = 'provisioning'));
    bed.clock.at(20_000, () => (server('web-1').ssh_user = 'forge'));
    bed.clock.at(30_000, () => removeServer('db-1'));
    const run = await watch('server list');
    const blocks = blocksIn(run.stdout);
    expect(blocks.map((block) => [/^web-1 +(\w+)/m.exec(block)?.[1], block.includes('db-1')])).toEqual([
      ['active', true],
      ['provisioning', true],
      ['provisioning', false],
    ]);
  });

  test('a deployment is shown while it is in progress', async () => {
    bed.clock.at(30_000, () => bed.sandbox.deployElsewhere(shop));
    const run = await watch('site list', 2 * MINUTE);
    expect(blocksIn(run.stdout).map((block) => /^shop\.example\.com +web-1 +(\w+)/m.exec(block)?.[1])).toEqual([
      'active',
      'deploying',
      'active',
    ]);
  });

  test('SIGTERM exits 143', async () => {
    const run = await bed.dnx('server list --watch', { terminateAt: MINUTE });
    expect(run.code).toBe(143);
  });

  test('--no-header prints neither the headings nor the time', async () => {
    const run = await watch('server list --no-header');
    expect(run.stdout).toMatch(/^web-1 /);
  });

  test('an empty list says so', async () => {
    bed.sandbox.state.servers = [];
    const run = await watch('server list');
    expect([run.code, run.stdout]).toEqual([130, expect.stringMatching(/^Checked .*\nNo servers\.\n$/)]);
  });
});

describe('-o ndjson', () => {
  test('prints each row as the API sent it, then each row that changes, and the id of one that is gone', async () => {
    const before = (await bed.dnx('server list --json')).json<object[]>();
    bed.clock.at(10_000, () => (server('web-2').ssh_user = 'forge'));
    bed.clock.at(20_000, () => removeServer('db-1'));
    const run = await watch('server list -o ndjson');
    const all = rowsIn(run.stdout);
    expect(all.slice(0, 3)).toEqual(before);
    expect(all.slice(3)).toEqual([
      expect.objectContaining({ id: web2, name: 'web-2', ssh_user: 'forge' }),
      { id: seeded.servers['db-1'], deleted: true },
    ]);
  });

  test('--fields decides what counts as a change', async () => {
    bed.clock.at(10_000, () => (server('web-2').ssh_user = 'forge'));
    bed.clock.at(20_000, () => (server('web-2').region = 'ams1'));
    const run = await watch('server list -o ndjson --fields name,region');
    expect(rowsIn(run.stdout).slice(3)).toEqual([{ name: 'web-2', region: 'ams1' }]);
  });

  test('--query prints what it newly yields', async () => {
    bed.clock.at(30_000, () => bed.sandbox.deployElsewhere(shop));
    const run = await bed.dnx(['site', 'list', '--watch', '-o', 'ndjson', '--query', "[?status=='deploying'].domain"], {
      interruptAt: 2 * MINUTE,
    });
    expect([run.code, run.stdout]).toEqual([130, '"shop.example.com"\n']);
  });
});

describe('the options of a list apply to every table', () => {
  test.each([
    ['--sort -name', /^web-2/m, ['web-9', 'web-2', 'web-1', 'db-1']],
    ['--sort name --limit 2', /^db-1/m, ['db-1', 'web-1']],
    ['--fields name,status', /^NAME +STATUS\n/m, ['web-1', 'web-2', 'db-1', 'web-9']],
  ])('%s', async (words, first, last) => {
    bed.clock.at(10_000, () => bed.sandbox.state.servers.push({ ...server('web-1'), id: '01JQ8Z4T9G00000000000WEB09', name: 'web-9' }));
    bed.clock.at(20_000, () => (server('web-1').status = 'failed'));
    const run = await watch(`server list ${words}`);
    const blocks = blocksIn(run.stdout);
    expect(blocks[0]).toMatch(first);
    expect(blocks.at(-1)?.match(/^(web|db)-\d/gm)).toEqual(last);
  });

  test('--query selects rows', async () => {
    bed.clock.at(30_000, () => (site().status = 'suspended'));
    const query = "[?status=='suspended'].{site: domain}";
    const run = await bed.dnx(['site', 'list', '--server', 'web-1', '--watch', '--query', query], { interruptAt: MINUTE });
    expect(blocksIn(run.stdout).map((block) => block.split('\n').slice(1).join('|').trim())).toEqual([
      'No matches.',
      'SITE|shop.example.com|',
    ]);
  });

  test.each(['--fields nmae', '--sort nmae'])('%s is refused', async (words) => {
    const run = await watch(`server list ${words}`);
    expect([run.code, run.stdout, run.stderr]).toEqual([2, '', expect.stringContaining("Unknown field 'nmae'. Did you mean 'name'?")]);
  });

  test.each(['--json', '-o yaml', '-o csv', '-o tsv', '-o text', '-o ids'])('%s is refused before any request', async (words) => {
    const run = await watch(`site list --server web-1 ${words}`);
    expect([run.code, run.calls, run.stdout, run.stderr]).toEqual([2, [], '', expect.stringContaining('-o ndjson')]);
  });
});

describe('goes on', () => {
  test.each([
    ['a dropped connection', 'drop'],
    ['a 503', { status: 503 }],
    ['HTML', { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }],
    ['a 429 of ten minutes', { status: 429, headers: { 'retry-after': '600' } }],
  ] as const)('after %s, and says once that it is reconnecting', async (_, reply) => {
    bed.clock.at(20_000, () => void bed.sandbox.faults.always({ path: '/servers' }, reply));
    bed.clock.at(4 * MINUTE, () => {
      bed.sandbox.faults.clear();
      server('web-1').status = 'failed';
    });
    const run = await watch('server list', 15 * MINUTE);
    expect(run.code).toBe(130);
    expect(run.stderr.match(/^! Reconnecting\. /gm)).toHaveLength(1);
    expect(blocksIn(run.stdout).map((block) => /^web-1 +(\w+)/m.exec(block)?.[1])).toEqual(['active', 'failed']);
  });

  test('a single dropped connection is not worth a word', async () => {
    bed.clock.at(20_000, () => bed.sandbox.faults.next({ path: '/servers' }, 'drop'));
    const run = await watch('server list');
    expect([run.code, run.stderr]).toEqual([130, 'Error: Interrupted.\n']);
  });

  test('more and more slowly while nothing can be read', async () => {
    bed.clock.at(20_000, () => void bed.sandbox.faults.always({}, { status: 503 }));
    const run = await watch('server list', 10 * MINUTE);
    // About 100 without a pause.
    expect([run.code, run.calls.length >= 12 && run.calls.length <= 20], `${run.calls.length}`).toEqual([130, true]);
  });

  test.each([500, 403])('with the other servers if one returns %d, and keeps its sites', async (status) => {
    bed.clock.at(20_000, () => void bed.sandbox.faults.always({ path: `/servers/${web2}/sites` }, { status, body: { message: 'No.' } }));
    bed.clock.at(MINUTE, () => (site().branch = 'next'));
    const run = await watch('site list', 3 * MINUTE);
    expect(run.code).toBe(130);
    expect(run.stderr.match(/^! The sites on server web-2 cannot be read\. /gm)).toHaveLength(1);
    const last = blocksIn(run.stdout).at(-1);
    expect(last).toMatch(/^shop\.example\.com +web-1 +active +next/m);
    expect(last).toMatch(/^api\.example\.com +web-2/m);
  });

  test('without the sites of a server that is gone, and with those of a new one', async () => {
    bed.clock.at(20_000, () => {
      removeServer('web-2');
      bed.sandbox.state.servers.push({ ...server('web-1'), id: '01JQ8Z4T9G00000000000WEB09', name: 'web-9' });
      bed.sandbox.state.sites.push({
        ...site(),
        id: '01JQ8Z4T9G0000000000NEWS1',
        server_id: '01JQ8Z4T9G00000000000WEB09',
        domain: 'new.example.com',
      });
    });
    const run = await watch('site list', 4 * MINUTE);
    expect([run.code, run.stderr]).toEqual([130, 'Error: Interrupted.\n']);
    const last = blocksIn(run.stdout).at(-1);
    expect(last).not.toContain('web-2');
    expect(last).toMatch(/^new\.example\.com +web-9/m);
  });
});

describe('ends', () => {
  test.each([
    ['server list', 401, 4, /DNX_TOKEN was rejected/],
    ['server list', 403, 5, /server:read/],
    ['site list', 401, 4, /DNX_TOKEN was rejected/],
    ['site list', 403, 5, /site:read/],
    ['site list --server web-1', 404, 6, /not found/i],
  ])('%s after a %d with its code', async (line, status, code, says) => {
    bed.clock.at(20_000, () => void bed.sandbox.faults.always({ method: 'GET' }, { status, body: { message: 'No.' } }));
    const run = await watch(line, 15 * MINUTE);
    expect([run.code, run.waited < 3 * MINUTE], run.stderr).toEqual([code, true]);
    expect(run.stderr).toMatch(says);
    expect(run.stdout.match(/^Checked /gm)).toHaveLength(1);
  });

  test.each(['server list', 'site list'])('%s if the first reading fails', async (line) => {
    bed.sandbox.faults.always({}, 'drop');
    const run = await watch(line, 15 * MINUTE);
    expect([run.code, run.stdout]).toEqual([13, '']);
  });
});

describe('on a terminal', () => {
  const columns = 80;

  test('replaces the table in a single write, only if it differs', async () => {
    bed.clock.at(20_000, () => (server('web-1').status = 'failed'));
    const run = await watch('server list', MINUTE, { columns });
    const [first, second = ''] = run.stdout.split('\u001b[J');
    expect(first).toContain('Checked just now, every 6s; 4 columns hidden; use --wide');
    expect(second.startsWith('\r\u001b[5A')).toBe(true);
    expect(second).toMatch(/web-1 +● failed/);
    expect(run.stdout.split('\u001b[J').length).toBe(3);
    expect(run.stdout).not.toContain('\u001b[2J');
  });

  test('says above the table what went wrong, and how old it is', async () => {
    bed.clock.at(20_000, () => void bed.sandbox.faults.always({}, { status: 503 }));
    const run = await watch('server list', 2 * MINUTE, { columns });
    expect(run.stdout).toContain('Checked 30s ago, every 6s');
    expect(run.stdout).toMatch(/! Reconnecting\. .*503/);
    expect(run.stderr).not.toContain('Reconnecting');
  });

  test('a row that changed stands out for a while', async () => {
    bed.clock.at(20_000, () => (server('web-1').status = 'failed'));
    const run = await watch('server list', MINUTE, { columns, env: {} });
    const marks = run.stdout.split('\u001b[J').map((frame) => frame.includes('\u001b[1mweb-1\u001b[22m'));
    expect(marks).toEqual([false, true, false, false]);
  });

  test('--debug and TERM=dumb move no cursor', async () => {
    for (const [words, env] of [['--debug', {}] as const, ['', { TERM: 'dumb' }] as const]) {
      const run = await watch(`server list ${words}`, MINUTE, { columns, env: { NO_COLOR: '1', ...env } });
      expect([run.code, run.stdout.includes('\u001b'), run.stdout.match(/^NAME /gm)?.length]).toEqual([130, false, 1]);
    }
  });
});
