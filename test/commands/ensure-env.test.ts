import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { renameVariables } from '../support/editing.ts';
import { changes, ensure, shownAs } from '../support/ensured.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);
beforeEach(() => renameVariables(bed));

const on = ['--site', 'blog.example.com'];
const list = { method: 'GET', path: /\/environment-variables$/ };
const later = 'Takes effect on the next deployment. Run: dnx deploy blog.example.com\n';
const value = (key: string) =>
  bed.sandbox.state.environment_variables.find((each) => each.site_id === seeded.sites['blog.example.com'] && each.key === key)?.value;

test('creates what is missing and accepts what is there, with one read', async () => {
  const line = ['env', 'ensure', 'LOG_LEVEL=warning', 'APP_NAME=production', 'EMPTY=', ...on];
  const run = await ensure(bed, line);
  expect(run.stdout).toBe('VARIABLE   RESULT\nLOG_LEVEL  created\nAPP_NAME   unchanged\nEMPTY      created\n');
  expect([run.stderr, changes(run).length]).toEqual([later, 2]);
  const again = await ensure(bed, line, '--strict', '--json');
  expect(again.json<object[]>().map((each) => (each as { changed: boolean }).changed)).toEqual([false, false, false]);
  expect([again.stderr, changes(again), again.calls.filter((call) => call.endsWith('/environment-variables')).length]).toEqual(['', [], 1]);
});

test('shows which values differ, and never a value', async () => {
  const line = ['env', 'ensure', 'APP_NAME=wanted-4711', 'DB_PASSWORD=wanted-4712', 'NEW=wanted-4713', ...on];
  for (const options of [[], ['--json'], ['-o', 'csv'], ['--debug']]) {
    const run = await ensure(bed, line, ...options);
    expect(run.stderr).toContain(
      '! Variable APP_NAME differs: value is not the one given\n! Variable DB_PASSWORD differs: value is not the one given\n',
    );
    expect(run.stderr).toContain('Use --update to update what differs.\n');
    expect(run.stdout + run.stderr).not.toMatch(/wanted-471|production|blog-password/);
  }
  expect([value('APP_NAME'), value('NEW')]).toEqual(['production', 'wanted-4713']);
});

test('exits 10 with --strict if values differ, and 12 if something failed', async () => {
  const run = await bed.dnx(['env', 'ensure', 'APP_NAME=local', 'APP_THEME=true', 'LOG_LEVEL=x', ...on, '--strict']);
  expect(run).toExit(10, { stderr: `${later}Error: 2 of 3 variables differ\n  Use --update to update them.\n` });
  expect(run.stdout).toBe(
    'VARIABLE   RESULT\nAPP_NAME   Variable APP_NAME differs\nAPP_THEME  Variable APP_THEME differs\nLOG_LEVEL  created\n',
  );
  const failed = await bed.dnx(['env', 'ensure', 'APP_NAME=local', 'not-a-key=1', ...on, '--strict', '--json']);
  expect(failed).toExit(12);
  expect(failed.json()).toMatchObject([
    { outcome: 'different' },
    { error: { code: 'invalid', message: "'not-a-key' is not a valid variable name." } },
  ]);
});

test('updates what differs with --update, once', async () => {
  const line = ['env', 'ensure', 'APP_NAME=local', 'APP_THEME=true', 'LOG_LEVEL=x', ...on, '--update', '--strict'];
  expect((await ensure(bed, line)).stdout).toBe('VARIABLE   RESULT\nAPP_NAME   updated\nAPP_THEME  updated\nLOG_LEVEL  created\n');
  expect([value('APP_NAME'), value('APP_THEME')]).toEqual(['local', 'true']);
  expect(changes(await ensure(bed, line))).toEqual([]);
});

test.each(['••••••••', '••••4711', '********', '[hidden]', null])(
  'a value that the API shows as %s is unknown, and not sent',
  async (shown) => {
    bed.sandbox.faults.always(
      list,
      shownAs((item) => ({ ...item, value: shown })),
    );
    const run = await ensure(bed, ['env', 'ensure', 'APP_NAME=local', ...on], '--update', '--strict', '--json');
    expect([run.json().outcome, run.json().unknown, changes(run)]).toEqual(['unchanged', ['value'], []]);
    expect(run.stderr).toBe('Not compared, because the API does not show it: value.\n');
    const both = await ensure(bed, ['env', 'ensure', 'APP_NAME=local', 'DB_PASSWORD=x', ...on], '--update');
    expect(both.stderr).toBe('Not compared, because the API does not show the value: APP_NAME, DB_PASSWORD.\n');
  },
);

test('blanks and numbers are compared exactly', async () => {
  const spaced = await ensure(bed, ['env', 'ensure', 'APP_NAME=production ', ...on], '--json');
  expect(spaced.json().outcome).toBe('different');
  bed.sandbox.faults.always(
    list,
    shownAs((item) => ({ ...item, value: 1 })),
  );
  expect((await ensure(bed, ['env', 'ensure', 'APP_NAME=1', ...on], '--json')).json().outcome).toBe('unchanged');
  expect((await ensure(bed, ['env', 'ensure', 'APP_NAME=true', ...on], '--json')).json().outcome).toBe('different');
});

test('-F sends other fields, which are compared, too', async () => {
  const line = ['env', 'ensure', 'APP_NAME=production', '-F', 'build:=true', ...on, '--update', '--json'];
  bed.sandbox.faults.next(
    list,
    shownAs((item) => ({ ...item, build: 0 })),
  );
  const run = await ensure(bed, line);
  expect([run.json().differences, changes(run).length]).toEqual([[{ field: 'build', is: 0, wanted: true }], 1]);
  bed.sandbox.faults.next(
    list,
    shownAs((item) => ({ ...item, build: 1 })),
  );
  expect(changes(await ensure(bed, line))).toEqual([]);
});

test('keys are compared exactly', async () => {
  expect((await ensure(bed, ['env', 'ensure', 'app_env=production', ...on], '--json')).json().outcome).toBe('created');
});

test.each([
  ['a file', 'license.txt', ''],
  ['stdin', '-', 'line 1\nline 2\n'],
])('reads a value from %s', async (_, file, stdin) => {
  writeFileSync(join(bed.directory, 'license.txt'), 'line 1\nline 2\n');
  const line = ['env', 'ensure', 'LICENSE', '--from-file', file, ...on];
  await expect(bed.dnx(line, { stdin })).toExit(0);
  expect(value('LICENSE')).toBe('line 1\nline 2');
  const again = await bed.dnx(line, { stdin });
  expect([again.stdout, again.stderr]).toEqual(['✓ Variable LICENSE already exists\n', '']);
});

test.each(['NOTHING', '=1', 'A=1 A=2', 'KEY=1 --from-file x'])('%s is a usage error', async (words) => {
  const run = await bed.dnx(['env', 'ensure', ...words.split(' '), ...on]);
  expect([run.code, run.stdout, changes(run)]).toEqual([2, '', []]);
});
