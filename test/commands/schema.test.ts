import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, expect, test } from 'vitest';
import { effectOf } from '../../src/cli/language/effect.ts';
import { outputOf } from '../../src/features/schema/schema.ts';
import { openBed } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';
import { leaves } from '../support/tree.ts';
import { validateOutput, withRecords } from '../support/validated.ts';
import { sampled } from '../support/volume.ts';

interface Described {
  readonly name: string;
  readonly effect: string;
  readonly also: readonly string[];
  readonly options: readonly Readonly<Record<string, unknown>>[];
  readonly requests: readonly Readonly<Record<string, unknown>>[];
  readonly input: Readonly<Record<string, unknown>> | null;
  readonly output: object | null;
}

const bed = perSuite(openBed);
// Loads every feature, which takes longer than a test may.
beforeAll(async () => {
  await Promise.all(leaves.map(({ command }) => outputOf(command)));
});

const SITE = '--site shop.example.com --server web-1';
const lists = [
  ...['server', 'site', 'backup', 'token', 'provider', 'credential', 'git-provider', 'git-repository'].map((group) => `${group} list`),
  ...['crontab', 'daemon', 'ssh-key', 'network-rule', 'certificate'].map((group) => `${group} list --server web-1`),
  ...['env', 'queue', 'redirect', 'certificate'].map((group) => `${group} list ${SITE}`),
  'database list --server db-1',
  'database-user list --database shop --server db-1',
  'site releases --site shop.example.com',
  'site webhooks --site shop.example.com',
];

const described = async (words: string) => (await bed.dnx(`schema ${words}`)).json<Described>();

test('a command is described by each of its names, without a request', async () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  for (const { path } of sampled(leaves, 50, 11)) {
    // Validated, like all JSON that tests see, by its own schema.
    const run = await bed.dnx(`schema ${path} --json`);
    expect(run).toExit(0, { stderr: '', calls: [] });
    const { name, also, input, output } = run.json<Described>();
    expect(name).toBe(path);
    for (const other of also) expect((await described(other)).name).toBe(path);
    for (const schema of [input, output]) if (schema) expect(ajv.validateSchema(schema), path).toBe(true);
  }
});

test('every command has an output, unless it runs a program', async () => {
  const outputs = await Promise.all(leaves.map(async ({ path, command }) => ({ path, command, output: await outputOf(command) })));
  const silent = outputs.filter(({ output }) => output === null);
  expect(silent.filter(({ command }) => effectOf(command) !== 'program').map(({ path }) => path)).toEqual([]);
  // The only one that prints what any request returns.
  expect(outputs.filter(({ output }) => output && Object.keys(output).length === 0).map(({ path }) => path)).toEqual(['api']);
});

test('the records of the API are described with the types that it states and dnx assumes', async () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const strictly = (output: unknown) =>
    withRecords(output, ({ properties, ...record }) => ({
      ...record,
      properties: Object.fromEntries(
        Object.entries(properties as object).map(([name, { assumed, ...stated }]) => [name, { ...stated, ...assumed }]),
      ),
    }));
  for (const words of lists) {
    const [path = ''] = words.split(' -');
    const { output } = await described(path);
    const valid = ajv.compile(strictly(output) as object);
    const items = (await bed.dnx(`${words} --json`)).json<readonly object[]>();
    expect([items.length > 0, valid(items), ajv.errorsText(valid.errors)], words).toEqual([true, true, 'No errors']);
  }
  const { output: sites } = await described('site list');
  expect(sites).toMatchObject({
    items: {
      properties: {
        domain: { assumed: { type: ['string', 'null'] } },
        server: { type: 'string' },
        server_id: { type: ['string', 'integer', 'null'] },
        last_deployed_at: { type: ['string', 'null'], format: 'date-time' },
      },
    },
  });
  expect(await described('server list')).toMatchObject({ output: { items: { required: expect.arrayContaining(['id', 'php_version']) } } });
});

test('alone, it lists the commands', async () => {
  const run = await bed.dnx('schema --json');
  const { commands, ...others } = run.json<{ readonly commands: readonly Described[] }>();
  expect(others).toEqual({ version: 1, dnx: expect.any(String) });
  expect(commands.map(({ name }) => name)).toEqual(leaves.map(({ path }) => path));
  const table = await bed.dnx('schema');
  expect(table.stdout).toMatch(/^NAME +EFFECT +SUMMARY\n/);
  expect(table.stdout).toMatch(/\nsite deploy +change +Deploy a site and wait for the result\n/);
  expect((await bed.dnx('schema firewall')).stdout).toMatch(/network-rule list/);
  expect((await bed.dnx('schema firewall')).stdout).not.toMatch(/site deploy/);
  expect((await bed.dnx('schema -o ndjson')).stdout.split('\n')[0]).toBe('{"name":"auth login","effect":"change","summary":"Sign in"}');
});

test('a command is described from its declaration', async () => {
  expect((await bed.dnx('schema worker create')).json()).toMatchObject({
    name: 'queue create',
    effect: 'change',
    consent: null,
    effect_with: { '--dry-run': 'read' },
    arguments: [
      { name: 'site', option: '--site' },
      { name: 'queue', option: '--queue' },
    ],
    input: { type: 'object', properties: { processes: { type: 'integer' } } },
    dry_run: true,
    abilities: ['queue-worker:create'],
    requests: [{ call: 'POST /servers/{server}/sites/{site}/queues', ability: 'queue-worker:create' }],
  });
  const deploy = await described('deploy');
  expect(deploy.options).toContainEqual({
    name: '--timeout',
    type: 'duration',
    help: 'Stop waiting after this long (default 15m)',
    least: 1,
    default: '15m',
    env: 'DNX_TIMEOUT',
  });
  expect(deploy.requests).toContainEqual({
    call: 'POST /servers/{server}/sites/{site}/rollback',
    ability: 'site:deploy',
    assumed: true,
    with: ['--rollback-on-fail'],
  });
  expect(await described('server show')).toMatchObject({
    output: {
      type: 'object',
      properties: { id: { type: ['string', 'integer', 'null'] }, monitoring_enabled: { type: ['boolean', 'null'] } },
    },
  });
  expect(await described('db query')).toMatchObject({ effect: 'read', effect_with: { '--write': 'change' } });
  expect(await described('site delete')).toMatchObject({ effect: 'destroy', consent: { level: 'severe', asks: 'always' } });
});

test('errors are described, with their exit codes', async () => {
  expect((await bed.dnx('schema errors')).json()).toMatchObject({
    version: 1,
    codes: { usage: { exit: 2 }, timed_out: { exit: 124 } },
    reasons: { not_found: { human: false }, ability_missing: { human: true } },
    schema: { properties: { error: { required: ['code', 'reason', 'human', 'message', 'status', 'errors', 'hint', 'next'] } } },
  });
});

test('--all describes everything at once', async () => {
  const run = await bed.dnx('schema --all --json');
  const { commands, options } = run.json<{ readonly commands: readonly Described[]; readonly options: readonly Described[] }>();
  expect(commands.map(({ name }) => name)).toEqual(leaves.map(({ path }) => path));
  expect(options.map(({ name }) => name)).toContain('--json');
  await expect(bed.dnx('schema deploy --all')).toExit(2);
});

test.each([
  ['schema deplyo', "Unknown command 'deplyo'"],
  ['schema site deplyo', "Unknown command 'site deplyo'"],
])('dnx %s', async (line, message) => {
  await expect(bed.dnx(line)).toExit(2, { says: message });
});

test.each([
  ['version --json', { stdout: '{"version":1,"installed_with":null}', stderr: '' }],
  ['server list --json', { stdout: '{"id":"1"}', stderr: '' }],
  ['deploy --no-wait -o ndjson', { stdout: '{"type":"result","outcome":"done"}\n', stderr: '' }],
  ['deploy --dry-run --json', { stdout: '{"changes":[]}', stderr: '' }],
  ['deploy --json', { stdout: '', stderr: '{"error":{"code":"usage","reason":"unheard_of"}}\n' }],
])('a test of dnx %s fails if the output is not as described', async (line, output) => {
  await expect(validateOutput(line.split(' '), output)).rejects.toThrow('does not match dnx schema');
});

// A change of these keys is an entry in CHANGELOG.md; one that programs would notice also needs another version.
test('the shape of a description', async () => {
  const { commands: all } = (await bed.dnx('schema --all')).json<{ readonly commands: readonly Described[] }>();
  const keys = (found: readonly object[]) => [...new Set(found.flatMap((each) => Object.keys(each)))].sort().join(' ');
  expect(keys(all)).toBe(
    'abilities also arguments consent description dry_run effect effect_with events examples exits formats input name options output plan requests summary version',
  );
  expect(keys(all.flatMap(({ options }) => options))).toBe(
    'default env from_file help least many name negatable only required short type values',
  );
  expect(keys(all.flatMap(({ requests }) => requests))).toBe('ability assumed call with');
});
