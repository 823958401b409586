import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { testGroup } from '../support/cases.ts';
import { openBed } from '../support/dnx.ts';
import { renameVariables } from '../support/editing.ts';
import { perTest } from '../support/fixtures.ts';

const on = '--site blog.example.com';
const later = 'Takes effect on the next deployment. Run: dnx deploy blog.example.com\n';

testGroup('env', {
  list: {
    line: `list ${on}`,
    table: ['KEY', 'APP_ENV      ••••••••', 'DB_PASSWORD  ••••••••'],
    json: [{ key: 'APP_ENV', value: 'production' }, { key: 'APP_DEBUG' }, { key: 'DB_PASSWORD', value: 'blog-password' }],
    says: 'Values are masked. Show them with --reveal.\n',
    ability: 'site:read',
    missing: 'list --site nowhere.example.com',
  },
  'list --reveal': {
    line: `list ${on} --reveal`,
    table: ['APP_ENV      production', 'DB_PASSWORD  blog-password'],
    json: [{}, {}, { value: 'blog-password' }],
    ability: 'site:read',
  },
  get: {
    line: `get DB_PASSWORD ${on}`,
    table: ['blog-password\n'],
    json: { key: 'DB_PASSWORD', value: 'blog-password' },
    ability: 'site:read',
    missing: `get NOTHING ${on}`,
  },
  'set with a new key': {
    line: `set LOG_LEVEL=warning ${on}`,
    table: ['✓ Set LOG_LEVEL on blog.example.com\n'],
    json: { key: 'LOG_LEVEL', value: 'warning' },
    says: later,
    ability: 'site:update',
    missing: 'set A=1 --site nowhere.example.com',
    invalid: [`set LOG_LEVEL=warning -F value:=1 ${on}`, 'value', 'value'],
  },
  'set with an existing key': {
    line: `set DB_PASSWORD=local ${on}`,
    table: ['✓ Set DB_PASSWORD on blog.example.com\n'],
    json: { key: 'DB_PASSWORD', value: 'local' },
    says: later,
    ability: 'site:update',
    invalid: [`set DB_PASSWORD=local -F value:=1 ${on}`, 'value', 'value'],
  },
  unset: {
    line: `unset APP_DEBUG ${on} --yes`,
    table: ['✓ Removed APP_DEBUG from blog.example.com\n'],
    json: { deleted: true },
    says: later,
    ability: 'site:update',
    missing: `unset NOTHING ${on} --yes`,
  },
  import: {
    line: `import ${on} --yes`,
    table: ['✓ Imported the .env of blog.example.com\n'],
    json: { message: 'Environment variables imported from the server.' },
    says: later,
    ability: 'site:update',
    missing: 'import --site nowhere.example.com --yes',
  },
});

const bed = perTest(openBed);
beforeEach(() => renameVariables(bed));

const changes = (calls: readonly string[]) => calls.filter((call) => !call.startsWith('GET')).map((call) => call.split(' ')[0]);
const value = (key: string) =>
  bed.sandbox.state.environment_variables.find((each) => each.site_id === seeded.sites['blog.example.com'] && each.key === key)?.value;

test('env set creates new variables, updates existing ones and skips unchanged ones', async () => {
  const run = await bed.dnx(['env', 'set', 'LOG_LEVEL=warning', 'APP_NAME=a=b c', 'APP_THEME=false', ...on.split(' '), '--json']);
  expect(run.json()).toMatchObject([
    { key: 'LOG_LEVEL', value: 'warning' },
    { key: 'APP_NAME', value: 'a=b c' },
    { key: 'APP_THEME', value: 'false' },
  ]);
  expect(changes(run.calls)).toEqual(['POST', 'PUT']);
});

test('env set does not send a value that is already set', async () => {
  const run = await bed.dnx(`env set APP_NAME=production ${on}`);
  expect([run.stdout, run.stderr]).toEqual(['Unchanged: APP_NAME already has this value.\n', '']);
  expect(changes(run.calls)).toEqual([]);
  expect(run).toExit(0);
});

test('env set continues after a rejected variable and exits 12', async () => {
  const run = await bed.dnx(`env set not-a-key=1 LOG_LEVEL=warning ${on}`);
  expect(run.stdout).toMatch(/^VARIABLE +RESULT\nnot-a-key +'not-a-key' is not a valid variable name\.\nLOG_LEVEL +set\n$/);
  expect(run.stderr).toBe(`${later}Error: 1 of 2 variables failed\n`);
  expect(run).toExit(12);
  expect(value('LOG_LEVEL')).toBe('warning');
});

test('env set accepts an empty value', async () => {
  await expect(bed.dnx(`env set APP_NAME= ${on}`)).toExit(0);
  expect(value('APP_NAME')).toBe('');
});

test.each([
  ['a file', 'licence.txt', ''],
  ['stdin', '-', 'line 1\nline 2\n'],
])('env set reads a value of several lines from %s', async (_, file, stdin) => {
  writeFileSync(join(bed.directory, 'licence.txt'), 'line 1\nline 2\n');
  await expect(bed.dnx(`env set LICENCE --from-file ${file} ${on}`, { stdin })).toExit(0);
  expect(value('LICENCE')).toBe('line 1\nline 2');
});

test.each(['NOTHING', '=1', 'KEY=1 --from-file x', 'KEY OTHER --from-file x', 'KEY --from-file missing.txt'])(
  'env set %s is a usage error',
  async (words) => {
    const run = await bed.dnx(`env set ${words} ${on}`);
    expect(run).toExit(2);
    expect(changes(run.calls)).toEqual([]);
  },
);

test.each([
  [['A=1', 'A=2'], 'A'],
  [['LOG_LEVEL=warning', 'A=1', 'LOG_LEVEL=warning'], 'LOG_LEVEL'],
  [['__proto__=1', '__proto__=2'], '__proto__'],
])('env set %j fails before anything is sent', async (words, key) => {
  const run = await bed.dnx(['env', 'set', ...words, ...on.split(' ')]);
  expect(run).toExit(2, { calls: [], stderr: `Error: ${key} is set twice; nothing was changed.\n` });
});

test('env unset removes several variables with one confirmation', async () => {
  const run = await bed.dnx(`env unset APP_THEME DB_PASSWORD ${on} --yes`);
  expect(run.stdout).toMatch(/^VARIABLE +RESULT\nAPP_THEME +removed\nDB_PASSWORD +removed\n$/);
  expect(run.stderr).toBe(later);
  expect(value('DB_PASSWORD')).toBeUndefined();
  expect(value('APP_NAME')).toBe('production');
});

test('a name that no shell takes is named, and the API explains; there is no other field to set', async () => {
  const run = await bed.dnx(['env', 'set', 'FOO BAR=1', ...on.split(' ')]);
  expect(run).toExit(7, { stderr: "Error: 'FOO BAR' is not a valid variable name.\n  key: The key field format is invalid.\n" });
});

describe('env set with a key alone', () => {
  const terminal = (keys: string) => ({ keys, columns: 200, env: { NO_COLOR: '1' } });

  test('prompts for the value, which is not shown, and then asks whether to deploy', async () => {
    const run = await bed.dnx(`env set LICENSE LEVEL=2 ${on}`, terminal('hunter2\rn\r'));
    expect([run.code, value('LICENSE'), value('LEVEL')], run.stderr).toEqual([0, 'hunter2', '2']);
    expect(run.stderr).toContain('Value of LICENSE:');
    expect(run.stderr).toContain('Set 2 variables on blog.example.com. Deploy now?');
    expect(run.stdout + run.stderr).not.toContain('hunter2');
    const deployed = await bed.dnx(`env set LICENSE ${on}`, terminal('other\ry\r'));
    expect(deployed).toExit(0, { stdout: expect.stringMatching(/^✓ Deployed blog\.example\.com in /) });
  });

  test('needs a terminal', async () => {
    const run = await bed.dnx(`env set LICENSE ${on}`);
    expect([run.code, run.stdout, value('LICENSE')]).toEqual([2, '', undefined]);
    expect(run.stderr).toContain("'LICENSE' is not KEY=VALUE.");
  });

  test.each([
    ['LICENSE:hunter2', 'LICENSE:…'],
    ['=hunter2', '=…'],
  ])('does not show the value of %s', async (word, shown) => {
    await expect(bed.dnx(`env set ${word} ${on}`)).toExit(2, { changes: [], says: `Error: '${shown}' is not KEY=VALUE.\n` });
  });

  test('a complete line asks nothing, also on a terminal', async () => {
    await expect(bed.dnx(`env set LICENSE=1 ${on}`, terminal(''))).toExit(0, { stderr: later });
  });
});

test.each([
  ['missing.txt', 'missing.txt does not exist.'],
  ['/etc', '/etc is a directory.'],
])('a value from %s fails in words', async (file, words) => {
  const { code, stderr } = await bed.dnx(`env set KEY --from-file ${file} ${on}`);
  expect([code, stderr]).toEqual([2, `Error: ${words}\n`]);
});

test('env list says how to show the values, and only if they are masked', async () => {
  const hint = 'Values are masked. Show them with --reveal.\n';
  expect((await bed.dnx(`env list ${on}`)).stderr).toBe(hint);
  for (const option of ['--reveal', '--json', '-o csv', '--quiet']) expect((await bed.dnx(`env list ${on} ${option}`)).stderr).toBe('');
  bed.sandbox.state.environment_variables = [];
  expect((await bed.dnx(`env list ${on}`)).stderr).not.toContain(hint);
});
