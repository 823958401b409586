import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { blocksIn, serverIn, shopIn, withoutServer } from '../support/watched.ts';

const web2 = seeded.servers['web-2'];
const shop = seeded.sites['shop.example.com'];
const MINUTE = 60_000;

const bed = perTest(openBed);

const watch = (line: string, interruptAt = MINUTE, options: RunOptions = {}) =>
  bed.dnx(`${line} --watch`, { interruptAt, env: { NO_COLOR: '1' }, ...options });
const rowsIn = (stdout: string): Record<string, unknown>[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const server = (name: string) => serverIn(bed, name);
const site = () => shopIn(bed);
const removeServer = (name: string) => withoutServer(bed, name);

describe('elsewhere than on a terminal', () => {
  test.each(['server list', 'site list', 'site list --server web-1'])('%s prints the table once, until Ctrl-C exits 130', async (line) => {
    const run = await watch(line);
    expect(run).toExit(130, { stderr: '' });
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

  test.each([
    [143, 'Terminated', { terminateAt: MINUTE }],
    [129, 'Hangup', { hangUpAt: MINUTE }],
  ])('another signal exits %i and says %s', async (code, word, options) => {
    await expect(bed.dnx('server list --watch', { env: { NO_COLOR: '1' }, ...options })).toExit(code, { stderr: `Error: ${word}.\n` });
  });

  test('--no-header prints neither the headings nor the time', async () => {
    expect((await watch('server list --no-header')).stdout).toMatch(/^web-1 /);
  });

  test('an empty list says so', async () => {
    bed.sandbox.state.servers = [];
    await expect(watch('server list')).toExit(130, { stdout: expect.stringMatching(/^Checked .*\nNo servers\.\n$/) });
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
    await expect(
      bed.dnx(['site', 'list', '--watch', '-o', 'ndjson', '--query', "[?status=='deploying'].domain"], {
        interruptAt: 2 * MINUTE,
      }),
    ).toExit(130, { stdout: '"shop.example.com"\n' });
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
    await expect(watch(`server list ${words}`)).toExit(2, { stdout: '', says: "Unknown field 'nmae'. Did you mean 'name'?" });
  });

  test.each(['--json', '-o yaml', '-o csv', '-o tsv', '-o text', '-o ids'])('%s is refused before any request', async (words) => {
    await expect(watch(`site list --server web-1 ${words}`)).toExit(2, { calls: [], stdout: '', says: '-o ndjson' });
  });
});

describe('on a terminal', () => {
  const columns = 80;

  test('replaces the table in a single write, only if it differs', async () => {
    bed.clock.at(20_000, () => (server('web-1').status = 'failed'));
    const run = await watch('server list', MINUTE, { columns });
    const [first, second = '', ...rest] = run.stdout.split('\u001b[J');
    expect(first).toContain('Checked just now, every 6s; 2 columns hidden; use --wide');
    expect(second.startsWith('\r\u001b[5A')).toBe(true);
    expect(second).toMatch(/web-1 +● failed/);
    // At the end, only the ^C of the terminal is removed.
    expect([run.stderr, rest]).toEqual(['', ['\r', '']]);
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
    const run = await watch('server list', MINUTE, { columns, env: { NO_COLOR: undefined, FORCE_COLOR: '1' } });
    const marks = run.stdout.split('\u001b[J').map((frame) => frame.includes('\u001b[1mweb-1\u001b[22m'));
    expect(marks).toEqual([false, true, false, false, false]);
  });

  test('--debug and TERM=dumb move no cursor', async () => {
    for (const [words, env] of [['--debug', {}] as const, ['', { TERM: 'dumb' }] as const]) {
      const run = await watch(`server list ${words}`, MINUTE, { columns, env: { NO_COLOR: '1', ...env } });
      expect([run.code, run.stdout.includes('\u001b'), run.stdout.match(/^NAME /gm)?.length]).toEqual([130, false, 1]);
    }
  });
});
