import widthOf from 'fast-string-width';
import { beforeEach, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { keys, openTerminal } from '../support/terminal.ts';
import { leading } from '../support/volume.ts';

const newest = seeded.backups['shop database, completed'];
const name = '漢字データベース'.repeat(8);

const executable = perTest(openExecutable);
beforeEach(() => {
  const { databases, backups } = executable.sandbox.state;
  Object.assign(databases.find(({ id }) => id === seeded.databases.shop) ?? {}, { name });
  const [one] = backups.filter(({ id }) => id === newest);
  for (let n = 0; n < 200; n++)
    backups.push({ ...one, id: `01JQ8Z4T9G00000000000M${String(n).padStart(4, '0')}`, created_at: '2026-01-01T00:00:00Z' } as never);
});

const open = (columns: number, env: Record<string, string> = {}) =>
  openTerminal(
    ['backup', 'restore', '--no-wait'],
    { DNX_HOST: executable.sandbox.url, DNX_TOKEN: executable.sandbox.token, ...env },
    executable.directory,
    columns,
  );
const posts = () => executable.sandbox.calls.filter(({ method }) => method === 'POST').map(({ path }) => path);

test.each(leading([80, 60], 1))('a backup is picked from 200 on %i columns, and its name typed', async (columns) => {
  const terminal = open(columns);
  await terminal.shows('Restore which backup?');
  await terminal.shows('❯ 漢字');
  terminal.type(keys.enter);
  await terminal.shows(' to continue:');
  terminal.type(`${name}${keys.enter}`);
  const { text, code } = await terminal.ended;
  expect([code, posts()], text).toEqual([0, [`/backups/${newest}/restore`]]);
  const rows = text.split('\n').filter((row) => /^[❯ ] 漢字.* ago /.test(row));
  expect(rows.length).toBeGreaterThan(8);
  expect(rows.filter((row) => widthOf(row.trimEnd()) >= columns)).toEqual([]);
});

test.each<Record<string, string>>(leading([{ TERM: 'dumb' }, {}], 1))('Ctrl-C restores nothing %o', async (env) => {
  const terminal = open(60, env);
  await terminal.shows('Restore which backup?');
  await terminal.shows(env.TERM ? 'Number, or text to filter:' : ' ago ');
  terminal.type(keys.interrupt);
  const { text, code } = await terminal.ended;
  expect([code, posts()]).toEqual([130, []]);
  expect(text).toContain('Interrupted; nothing was changed.');
});

test('with a wrong name nothing is restored', async () => {
  const terminal = open(60);
  await terminal.shows('❯ 漢字');
  terminal.type(keys.enter);
  await terminal.shows(' to continue:');
  terminal.type(`shop${keys.enter}`);
  expect([(await terminal.ended).code, posts()]).toEqual([2, []]);
});
