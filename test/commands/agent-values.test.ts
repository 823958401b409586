import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type Run } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leasing } from '../support/leased.ts';

const SECRET = 'a-value-that-nobody-shows';
const ABILITIES = 'agent run --ability site:update';
const VARIABLES = `/servers/${seeded.servers['web-1']}/sites/${seeded.sites['shop.example.com']}/environment-variables`;

const bed = perTest(() => openBed());
beforeEach(() => {
  for (const variable of bed.sandbox.state.environment_variables) if (variable.key !== 'APP_ENV') variable.value = SECRET;
});

async function inSession(lines: readonly string[], line = ABILITIES, env = {}): Promise<readonly Run[]> {
  const runs: Run[] = [];
  await expect(
    leasing(bed, line, async (inside) => {
      for (const each of lines) runs.push(await inside(each, env));
    }),
  ).toExit(0);
  return runs;
}

const written = () => (bed.sandbox.state.environment_variables.find(({ key }) => key === 'APP_NAME') as { id: string }).id;

test('JSON for an agent has no indentation, and is the same', async () => {
  const lines = ['server list --json', 'server list --sort name --json', 'server show web-1 --json'];
  const [list, sorted, one] = await inSession(lines);
  const indented = await bed.dnx('server list --json');
  expect(list?.json()).toEqual(indented.json());
  expect(list?.stdout.split('\n')).toHaveLength((indented.json() as readonly unknown[]).length + 3);
  expect([list, sorted, one].map((run) => /^\s|": /m.test(run?.stdout ?? ''))).toEqual([false, false, false]);
  expect(one?.json()).toMatchObject({ name: 'web-1' });
});

test('what an agent reads has no value of a variable, with and without --read-only', async () => {
  const lines = [
    'env list shop.example.com --json',
    'env list shop.example.com -o csv',
    'env list shop.example.com --query "[].value"',
    'env get shop.example.com APP_NAME',
    `api ${VARIABLES}`,
    `api /api/v1${VARIABLES}/`,
    `api ${VARIABLES.replace('environment', '%65nvironment')}`,
    `api ${VARIABLES}/${written()} --include`,
    `api ${VARIABLES} --paginate`,
  ];
  for (const session of [ABILITIES, 'agent run --read-only'])
    for (const [at, run] of (await inSession(lines, session)).entries()) {
      expect(run.code, `${lines[at]} ${run.stderr}`).toBe(0);
      expect(run.stdout, lines[at]).toContain('••••');
      expect(run.stdout, lines[at]).not.toContain(SECRET);
      expect(run.stderr).toContain('Values of variables are hidden. A person can start dnx agent run with --show-values.');
    }
});

test('an agent gives no site the values of another, unless it may see them', async () => {
  const line = 'env copy shop.example.com blog.example.com --only APP_NAME --yes';
  const [hidden] = await inSession([line]);
  expect(hidden).toExit(1, { changes: [], says: 'The API does not show the value of APP_NAME on shop.example.com. Nothing was copied.' });
  const [shown] = await inSession([line], `${ABILITIES} --show-values`);
  expect(shown).toExit(0, { stdout: expect.stringContaining('APP_NAME') });
});

test('a site that an agent copies has no value of a variable, unless it may see them', async () => {
  const line = 'site copy shop.example.com --to web-2 --dry-run';
  const [hidden] = await inSession([line]);
  expect(hidden).toExit(0, { stdout: expect.stringContaining('hidden by the API  APP_NAME, APP_ENV') });
  const [shown] = await inSession([line], `${ABILITIES} --show-values`);
  expect(shown).toExit(0, { stdout: expect.stringContaining('create variable APP_NAME') });
});

test('a table of variables does not suggest the option that is refused there', async () => {
  const [run] = await inSession(['env list shop.example.com']);
  expect(run).toExit(0, { stderr: expect.not.stringContaining('--reveal') });
});

test.each([
  ['env list shop.example.com --reveal', 'values of variables'],
  ['env diff shop.example.com staging.example.com --reveal', 'values of variables'],
  ['env pull shop.example.com', 'values of variables'],
  ['env pull shop.example.com -', 'values of variables'],
  ['env run shop.example.com -- env', 'values of variables'],
  ['env edit shop.example.com --yes', 'values of variables'],
  ['db query shop.example.com "SELECT 1"', 'rows of databases'],
  ['db dump shop.example.com', 'rows of databases'],
  ['db pull shop.example.com', 'rows of databases'],
  ['backup download 01JQ8Z4T9G000000000000BK06', 'rows of databases'],
  ['api /backups/01JQ8Z4T9G000000000000BK06/download', 'rows of databases'],
  ['api get //backups//01JQ8Z4T9G000000000000BK06/%64ownload/?x=1 --include', 'rows of databases'],
  ['logs shop.example.com --path .env', 'any file of the server'],
  ['mcp --show-values', 'values of variables'],
])('an agent is refused: dnx %s', async (line, what) => {
  for (const session of [ABILITIES, 'agent run --read-only']) {
    const [run] = await inSession([line], session, { DNX_OUTPUT: 'json' });
    expect([run?.code, run?.calls, run?.stdout, bed.children]).toEqual([2, [], '', [expect.objectContaining({ file: 'work' })]]);
    const { error } = JSON.parse(run?.stderr ?? '') as { error: object };
    expect(error).toMatchObject({ reason: 'person_required', human: true, next: [], message: expect.stringContaining(what) });
    bed.children.length = 0;
  }
});

test('with --show-values, what only reads shows them, and what copies a database or reads any file still needs a person', async () => {
  const [list, get, pull, ...refused] = await inSession(
    [
      'env list shop.example.com --reveal',
      'env get shop.example.com APP_NAME',
      'env pull shop.example.com .env.pulled',
      'db dump shop.example.com',
      'logs shop.example.com --path .env',
      'api /backups/01JQ8Z4T9G000000000000BK06/download',
    ],
    'agent run --show-values',
  );
  expect([list?.stdout, get?.stdout]).toEqual([expect.stringContaining(SECRET), `${SECRET}\n`]);
  expect([pull?.code, readFileSync(join(bed.directory, '.env.pulled'), 'utf8')]).toEqual([0, expect.stringContaining(SECRET)]);
  expect(refused.map(({ code }) => code)).toEqual([2, 2, 2]);
});

test('what compares or sends values works, and prints none that it has read', async () => {
  writeFileSync(join(bed.directory, '.env.shop'), `APP_NAME=${SECRET}\nNEW=1\n`);
  const lines = [
    'env diff .env.shop shop.example.com --json',
    'env push shop.example.com .env.shop --dry-run --json',
    'env push shop.example.com .env.shop --yes --json',
    `env ensure shop.example.com APP_NAME=other --json`,
    'env set shop.example.com LOG_LEVEL=debug --json',
    'env ensure shop.example.com LOG_LEVEL=debug --json',
  ];
  const runs = await inSession(lines);
  for (const [at, run] of runs.entries()) {
    expect(run.code, `${lines[at]} ${run.stderr}`).toBe(0);
    expect(`${run.stdout}${run.stderr}`, lines[at]).not.toContain(SECRET);
  }
  expect(runs[0]?.stdout).not.toContain('"APP_NAME"');
  expect(runs[5]?.stdout).toContain('unchanged');
  const values = Object.fromEntries(bed.sandbox.state.environment_variables.map(({ key, value }) => [key, value]));
  expect(values).toMatchObject({ APP_NAME: SECRET, NEW: '1', LOG_LEVEL: 'debug' });
});

test('a plan that an agent edits does not show what it compares with', async () => {
  const [server, site] = [seeded.servers['web-1'], seeded.sites['shop.example.com']];
  const call = 'PUT /servers/{server}/sites/{site}/environment-variables/{variable}';
  const ids = { server, site, variable: written() };
  const targets = Object.fromEntries(Object.entries(ids).map(([noun, id]) => [noun, { id, name: null }]));
  const plan = (value: string) => ({
    ...{ version: 1, host: bed.sandbox.url, consent: { level: null, confirm: null }, abilities: [], about: [] },
    changes: [{ call, targets, body: { key: 'OTHER_NAME' }, before: { key: 'APP_NAME', value }, undo: null }],
  });
  const told: string[] = [];
  for (const guess of ['guess', SECRET]) {
    writeFileSync(join(bed.directory, 'plan.json'), JSON.stringify(plan(guess)));
    for (const session of ['agent run --read-only', 'agent run --ability site:update'])
      for (const line of ['apply plan.json --check', 'apply plan.json --check --json']) {
        const [run] = await inSession([line], session);
        told.push(`${run?.code} ${run?.stdout}${run?.stderr}`.replaceAll(guess, 'GUESS'));
      }
  }
  expect(told.join()).toContain('value is ••••••••, not');
  expect(told.join()).not.toContain(SECRET);
  // Nor whether a guess is right.
  expect(told.slice(0, 4)).toEqual(told.slice(4));
});

test('what an agent sends to a variable shows no value of another', async () => {
  const [renamed] = await inSession([`api PUT ${VARIABLES}/${written()} -F key=OTHER_NAME`]);
  expect([renamed?.code, renamed?.stdout], renamed?.stderr).toEqual([0, expect.stringContaining('••••')]);
  expect(renamed?.stdout).not.toContain(SECRET);
});

test('a session that only reads refuses a change in its own words', async () => {
  const [run, api] = await inSession(
    ['site suspend shop.example.com --yes --json', 'api POST /servers -F name=x'],
    'agent run --read-only',
  );
  expect([run?.code, run?.calls, JSON.parse(run?.stderr ?? '')]).toMatchObject([
    5,
    [],
    { error: { code: 'read_only', human: true, next: [] } },
  ]);
  for (const each of [run, api]) {
    expect(each?.stderr).toContain('This session only reads.');
    expect(each?.stderr).not.toContain('DNX_READ_ONLY');
  }
});
