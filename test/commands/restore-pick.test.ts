import { stripVTControlCharacters } from 'node:util';
import widthOf from 'fast-string-width';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { keys } from '../support/terminal.ts';

const { servers, databases, sites } = seeded;
const newest = seeded.backups['shop database, completed'];

const bed = perTest(openBed);

const terminal = (typed: string, options: RunOptions = {}): RunOptions => ({
  keys: typed,
  columns: 80,
  env: { NO_COLOR: '1' },
  ...options,
});
/** The rows of the list. Ctrl-C erases it, and shows the question again. */
const rowsIn = ({ stderr }: Run) =>
  stripVTControlCharacters(stderr)
    .replace(/(?<!^)\? Restore which backup\?$/m, '')
    .split('\n')
    .filter((row) => / (ago|now)( |$)/.test(row));
const change = (id: string, fields: object) => Object.assign(bed.sandbox.state.backups.find((each) => each.id === id) ?? {}, fields);

describe('the names of what was backed up are only decoration', () => {
  const path = /^\/servers\/[^/]+\/(databases|sites)$/;

  test.each([
    ['refused for 100 s', { status: 429, headers: { 'Retry-After': '100' }, body: {} }, 1_000],
    ['refused for no known time', { status: 429, body: {} }, 11_000],
    ['answered with 500', { status: 500, body: {} }, 11_000],
  ] as const)('where they are %s, ids are listed soon', async (_, fault, most) => {
    bed.sandbox.faults.always({ method: 'GET', path }, fault);
    const run = await bed.dnx('backup restore', terminal(keys.interrupt));
    expect(run.stderr).toMatch(new RegExp(`❯ ${databases.shop} +(\\S+ +)?1d ago +database +416 kB`));
    expect(run.waited).toBeLessThan(most);
    expect(run).toExit(130, { changes: [] });
  });

  test('and Ctrl-C while they are read ends the command', async () => {
    bed.sandbox.faults.always({ method: 'GET', path }, 'hang');
    const run = await bed.dnx('backup restore', terminal('', { limitMs: 150 }));
    expect(run.stderr).not.toContain('Restore which backup?');
    expect(run).toExit(130, { changes: [] });
  });
});

describe('rows fit', () => {
  const many = (name: string) => {
    const { databases: all, backups } = bed.sandbox.state;
    Object.assign(all.find(({ id }) => id === databases.shop) ?? {}, { name });
    const [one] = backups.filter(({ id }) => id === newest);
    for (let n = 0; n < 40; n++) backups.push({ ...one, id: `01JQ8Z4T9G00000000000M${String(n).padStart(4, '0')}` } as never);
  };

  test.each([
    [80, 'shop'],
    [80, '漢字データベース'.repeat(8)],
    [60, '漢字データベース'.repeat(8)],
    [60, 'a-very-long-name-of-a-database-that-nobody-can-read'],
    [40, '한국어데이터베이스'],
  ])('%i columns with a database called %s', async (columns, name) => {
    many(name);
    const run = await bed.dnx('backup restore', terminal(keys.interrupt, { columns }));
    const rows = rowsIn(run);
    expect(rows).toHaveLength(12);
    expect(rows.filter((row) => widthOf(row) >= columns)).toEqual([]);
    // Aligned, in columns of the terminal.
    const ends = rows.map((row) => widthOf(row.slice(0, row.search(/\d+[dhms] ago/))));
    expect(new Set(ends.filter((end) => end > 0)).size).toBe(1);
  });

  test('also line by line where the cursor cannot move', async () => {
    many('漢字データベース'.repeat(8));
    const run = await bed.dnx('backup restore', { typed: '', columns: 60, env: { NO_COLOR: '1', TERM: 'dumb' } });
    expect(rowsIn(run)).toHaveLength(45);
    expect(rowsIn(run).filter((row) => widthOf(row) > 60)).toEqual([]);
    expect(run).toExit(130, { changes: [] });
  });

  test('a name that was cut can be typed in full', async () => {
    const name = 'a-very-long-name-of-a-database-that-nobody-can-read';
    many(name);
    const run = await bed.dnx('backup restore --no-wait', terminal(`${name.slice(-12)}${keys.enter}${name}${keys.enter}`, { columns: 60 }));
    expect(run).toExit(0);
  });
});

test('two databases of one name are told apart by their servers', async () => {
  const id = '01JQ8Z4T9G00000000000DBW01';
  bed.sandbox.state.databases.push({ ...bed.sandbox.state.databases[0], id, server_id: servers['web-1'] } as never);
  change('01JQ8Z4T9G000000000000BK01', { database_id: id, server_id: servers['web-1'] });
  const run = await bed.dnx('backup restore', terminal(keys.interrupt));
  expect(run.stderr).toMatch(/❯ shop +db-1 /);
  expect(run.stderr).toMatch(/ {2}shop +web-1 /);
});

test('a database and a site of one id keep their own names', async () => {
  const { state } = bed.sandbox;
  for (const [each, is] of [
    [state.databases.find(({ id }) => id === databases.shop), '7'],
    [state.sites.find(({ id }) => id === sites['shop.example.com']), '7'],
  ] as const)
    Object.assign(each ?? {}, { id: is });
  for (const each of state.backups) Object.assign(each, each.type === 'database' ? { database_id: '7' } : { site_id: '7' });
  const run = await bed.dnx('backup restore', terminal(keys.interrupt));
  expect(rowsIn(run)[0]).toMatch(/^❯ shop +db-1 +1d ago +database /);
  expect(rowsIn(run)[1]).toMatch(/^ {2}shop\.example\.com +web-1 +\d+[dhm] ago +application /);
});

test('the list is of the database that is named, and says what it leaves out', async () => {
  change(newest, { status: 'in_progress' });
  const run = await bed.dnx('backup restore --database shop --server db-1', terminal(keys.interrupt));
  expect(run.stderr).toContain(`! Not listed: backup ${newest} of shop, which is “in_progress”.\n`);
  expect(run.stderr).not.toContain('shop.example.com');
});

test.each(['--json', '--no-input', ''])('nothing is asked for a script (%s)', async (option) => {
  const env = { NO_COLOR: '1', ...(option === '' && { CI: 'true' }) };
  for (const words of ['backup restore', `backup restore ${newest}`, 'backup restore --latest --database shop --server db-1']) {
    await expect(bed.dnx(`${words} ${option}`, terminal(`${keys.enter}shop${keys.enter}`, { env }))).toExit(2, { stdout: '', calls: [] });
  }
});
