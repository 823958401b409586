import { describe, expect, test } from 'vitest';
import { computed } from '../support/computed.ts';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { openElsewhere } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);
const api = perTest(() =>
  openElsewhere((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: servers }));
  }),
);
/** The servers in the API's response. */
let servers: readonly object[];

const named = (names: readonly string[]) => names.map((name, index) => ({ id: `${index + 1}`, name, status: 'active' }));
const list = (words: string, options: RunOptions = {}): Promise<Run> =>
  bed.dnx(`server list ${words}`, { ...options, env: { DNX_HOST: api.url, NO_COLOR: '1', ...options.env } });

describe('wide and zero-width characters', () => {
  test('are aligned in a pipe', async () => {
    servers = named(['日本語', '👩‍👩‍👧‍👦 x', 'e\u0301te\u0301', 'plain']);
    expect((await list('--fields name,id')).stdout).toBe('NAME    ID\n日本語  1\n👩‍👩‍👧‍👦 x    2\ne\u0301te\u0301     3\nplain   4\n');
  });

  test('wrap on a narrow terminal without splitting an emoji', async () => {
    servers = named(['日本語'.repeat(6), `x${'👩‍👩‍👧‍👦'.repeat(8)}`, `${'x'.repeat(13)}👍🏽👍🏽`, 'e\u0301'.repeat(15)]);
    const run = await list('--fields id,name', { columns: 20 });
    const values = (...lines: string[]) => lines.map((line, index) => `${index === 0 ? 'Name' : '    '}  ${line}\n`).join('');
    expect(run.stdout).toBe(
      [
        `ID    1\n${values('日本語日本語日', '本語日本語日本', '語日本語')}`,
        `ID    2\n${values(`x${'👩‍👩‍👧‍👦'.repeat(6)}`, '👩‍👩‍👧‍👦'.repeat(2))}`,
        `ID    3\n${values('xxxxxxxxxxxxx', '👍🏽👍🏽')}`,
        `ID    4\n${values('e\u0301'.repeat(14), 'e\u0301')}`,
      ].join('\n'),
    );
  });

  test('are not cut if there is room', async () => {
    servers = named(['日本語'.repeat(4)]);
    expect((await list('--no-header --fields id,name', { columns: 40 })).stdout).toBe(`1  ${'日本語'.repeat(4)}\n`);
  });

  test('leave a wrapped status without color', async () => {
    servers = [{ id: '1', name: 'web-1', status: 'provisioning-and-more' }];
    expect((await list('--fields name,status', { columns: 18, env: { NO_COLOR: '', FORCE_COLOR: '1' } })).stdout).toBe(
      '\u001b[2mName\u001b[22m    web-1\n\u001b[2mStatus\u001b[22m  ●\n        provisioni\n        ng-and-\n        more\n',
    );
  });

  test.each([
    ['letters', 'x'],
    ['wide characters', '漢'],
    ['emoji', '👩‍👩‍👧‍👦'],
    ['accents', 'e\u0301'],
  ])('print in less than a second in a cell of 50 kB: %s', async (_, character) => {
    servers = named([character.repeat(50_000 / character.length), 'web-1']);
    for (const columns of [80, undefined]) {
      const ms = await computed(async () => expect((await list('', columns === undefined ? {} : { columns })).code).toBe(0));
      expect(ms).toBeLessThan(1_000);
    }
  });
});

describe('the columns of a table', () => {
  const at = (line: string, columns: number) => bed.dnx(line, { columns, env: { NO_COLOR: '1' } });

  test.each([
    [120, ['SITE', 'SERVER', 'STATUS', 'BRANCH', 'PHP', 'DEPLOYED', 'TYPE', 'ID']],
    [100, ['SITE', 'SERVER', 'STATUS', 'BRANCH', 'PHP', 'DEPLOYED', 'TYPE']],
    [70, ['SITE', 'SERVER', 'STATUS', 'BRANCH', 'PHP', 'DEPLOYED']],
    [58, ['SITE', 'SERVER', 'STATUS', 'BRANCH', 'PHP']],
  ])('are those that fit into %i columns', async (columns, headings) => {
    const run = await at('site list', columns);
    expect(run.stdout.split('\n')[0]?.split(/ +/)).toEqual(headings);
    const hidden = 8 - headings.length;
    expect(run.stderr).toBe(hidden === 0 ? '' : `${hidden} column${hidden === 1 ? '' : 's'} hidden; use --wide\n`);
  });

  test('leave room for a short one after a long one', async () => {
    servers = [{ id: '1', name: 'web-1', status: 'active', ip_address: '2001:0db8:85a3:0000:0000:8a2e:0370:7334', region: 'fsn1' }];
    expect((await list('', { columns: 40 })).stdout).toMatch(/^NAME +STATUS +REGION +PHP +SITES\n/);
  });

  test.each([40, 80, 100])('are all shown with --wide on a terminal of %i columns, a line per item', async (columns) => {
    const run = await at('site list --wide', columns);
    expect([run.stdout, run.stderr]).toEqual([(await at('site list --wide', 200)).stdout, '']);
  });
});

describe('sentences on a narrow terminal', () => {
  const lines = (run: Run) => run.stdout.trimEnd().split('\n');

  test('wrap without losing a word', async () => {
    const whole = (await bed.dnx('doctor')).stdout;
    const run = await bed.dnx('doctor', { columns: 60, env: { NO_COLOR: '1' } });
    expect(Math.max(...lines(run).map((line) => line.length))).toBeLessThanOrEqual(60);
    const words = (text: string) => new Set(text.split(/\s+/).map((word) => word.toLowerCase()));
    expect([...words(whole)].filter((word) => !words(run.stdout).has(word))).toEqual([]);
  });

  test.each(['auth status', 'doctor --fields check,verdict,detail'])('%s capitalizes its labels', async (line) => {
    const run = await bed.dnx(line, { columns: 24, env: { NO_COLOR: '1' } });
    const labels = lines(run).flatMap((each) => /^(\S+(?: \S+)*)(?= {2,})/.exec(each)?.[0] ?? []);
    expect(labels.length).toBeGreaterThan(3);
    expect(labels.filter((label) => !/^[A-Z]/.test(label))).toEqual([]);
  });

  test('stay when other columns are hidden', async () => {
    const run = await bed.dnx('token list --audit', { columns: 40, env: { NO_COLOR: '1' } });
    expect(lines(run)[0]).toMatch(/^NAME +ID +AUDIT$/);
    expect(run.stdout.replaceAll(/\s+/g, ' ')).toContain('has every ability, unused for');
    expect(run.stderr).toContain('2 columns hidden; use --wide\n');
    expect(Math.max(...lines(run).map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  test('stay on one line in a pipe and on a wide terminal', async () => {
    const piped = (await bed.dnx('doctor')).stdout;
    expect((await bed.dnx('doctor', { columns: 1_000, env: { NO_COLOR: '1' } })).stdout).toBe(piped);
  });
});

describe('a terminal of 0 columns', () => {
  test('prints progress as in a pipe, and tables as in 80 columns', async () => {
    const piped = await bed.dnx('deploy shop.example.com');
    await expect(bed.dnx('deploy shop.example.com', { columns: 0, env: { NO_COLOR: '1' } })).toExit(0, { stderr: piped.stderr });
    servers = named(['x'.repeat(200)]);
    const table = (await list('', { columns: 0 })).stdout;
    expect(table).toBe((await list('', { columns: 80 })).stdout);
    expect(table.split('\n')[0]).toBe(`Name    ${'x'.repeat(72)}`);
    expect((await bed.dnx('site list --help', { columns: 0 })).stdout).toBe((await bed.dnx('site list --help', { columns: 80 })).stdout);
  });
});
