import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { abilities } from '../../src/base/abilities.ts';
import type { DriftRow } from '../../src/features/state/drift-rows.ts';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leasing } from '../support/leased.ts';
import { sarifIn } from '../support/sarif.ts';
import { shopOf, stateOf } from '../support/shop-state.ts';

const bed = perTest(() => openBed());

const write = (...lines: readonly string[]) => writeFileSync(join(bed.directory, 'deploynix.yml'), stateOf(...lines));
const drift = (words = '', options: RunOptions = {}) => bed.dnx(`drift ${words}`, options);

/** What a drift says of each thing: `branch different`. */
const outcomesIn = (rows: readonly DriftRow[]) => rows.map(({ name, field, outcome }) => `${field ?? name} ${outcome}`);

test('says that nothing differs, and compares only what the file names', async () => {
  write('branch: main', 'php_version: 8.3', 'env: { APP_ENV: production }');
  const run = await drift();
  expect(run).toExit(0, { stdout: '✓ No differences from deploynix.yml.\n', stderr: '' });
  expect(run.calls.map((call) => call.split('/').at(-1))).toEqual(['servers', 'sites', 'sites', 'sites', 'environment-variables']);
  expect((await drift('--json')).json()).toEqual([]);
  expect(await drift('-o markdown')).toExit(0, { stdout: '## ✅ dnx drift\n\nNo differences from deploynix.yml.\n' });
  expect(sarifIn((await drift('-o sarif')).stdout, 'deploynix.yml').runs[0].results).toEqual([]);
});

test('shows both sides of each difference, and exits with 10', async () => {
  write('branch: two', 'env: { APP_NAME: Other }', 'queues: [{ queue: new }]', 'redirects: []', 'owns: [redirects]');
  bed.sandbox.state.redirects = bed.sandbox.state.redirects.slice(0, 1);
  const run = await drift();
  expect(run).toExit(10, { says: ['Deploynix differs from deploynix.yml.', 'dnx apply --dry-run', 'dnx drift --accept all'] });
  expect(run.stdout).toBe(
    [
      'shop.example.com on web-1',
      '  ~ branch              main at Deploynix, two in the file',
      '  ~ APP_NAME            another value',
      "  + queue worker 'new'  only in the file",
      `  - redirect ${bed.sandbox.state.redirects[0]?.from}      only at Deploynix`,
      '',
      '4 differences from deploynix.yml',
      '',
    ].join('\n'),
  );
});

test('a long label has a line of its own', async () => {
  write('branch: two', 'queues: [{ queue: a-queue-with-a-name-of-forty-characters }, { queue: new }]');
  const lines = (await drift('', { columns: 80, env: { NO_COLOR: '1' } })).stdout.split('\n');
  expect(lines.slice(1, 5)).toEqual([
    '  ~ branch              main at Deploynix, two in the file',
    "  + queue worker 'a-queue-with-a-name-of-forty-characters'",
    '                        only in the file',
    "  + queue worker 'new'  only in the file",
  ]);
});

test('without a file, says how to get one', async () => {
  expect(await drift()).toExit(2, { says: ['deploynix.yml does not exist.', 'dnx export --out deploynix.yml'] });
  expect(await drift('other.yml')).toExit(2, { says: 'other.yml does not exist.' });
});

describe('values of variables', () => {
  const secrets = ['s3cr3t-in-the-file', 's3cr3t-at-deploynix'];

  test('are in no format', async () => {
    write(
      `env: { STRIPE_SECRET: ${secrets[0]}, PLAIN: harmless }`,
      `redirects: [{ from: /a, to: 'https://user:${secrets[0]}@example.com/' }]`,
    );
    const { environment_variables: variables } = bed.sandbox.state;
    const [first] = variables;
    const others = variables.filter(({ key }) => key !== 'STRIPE_SECRET');
    const added = ['STRIPE_SECRET', 'PLAIN'].map((key, at) => ({
      ...first,
      id: `v${at}`,
      site_id: shopOf(bed).id,
      key,
      value: secrets[1],
    }));
    bed.sandbox.state.environment_variables = [...others, ...added] as typeof variables;
    for (const format of ['table', 'json', 'ndjson', 'yaml', 'csv', 'tsv', 'text', 'sarif', 'markdown']) {
      const run = await drift(`-o ${format}`);
      expect(run).toExit(10);
      for (const word of [...secrets, 'harmless']) expect(run.stdout + run.stderr, format).not.toContain(word);
    }
    expect(await drift('--debug')).toExit(10);
    expect((await drift('--json')).json<DriftRow[]>()).toContainEqual(
      expect.objectContaining({
        name: 'PLAIN',
        field: 'value',
        file: '••••••••',
        deploynix: '••••••••',
        message: 'Variable PLAIN: another value',
      }),
    );
  });

  test('that the API hides, and references, are counted, and are no difference', async () => {
    write('env: { APP_NAME: Other, APP_ENV: production, STRIPE_SECRET: env://NOWHERE }');
    for (const variable of bed.sandbox.state.environment_variables) if (variable.key === 'APP_NAME') variable.value = '••••••••';
    const run = await drift();
    expect(run).toExit(0, { stdout: '✓ No differences from deploynix.yml. 2 values are not compared.\n' });
    expect(outcomesIn((await drift('--json')).json())).toEqual(['value unknown', 'value unknown']);
    expect(sarifIn((await drift('-o sarif')).stdout, 'deploynix.yml').runs[0].results).toEqual([]);
  });
});

test('names what is there twice, and does not fail for it', async () => {
  write('queues: [{ queue: default }]');
  const { queues } = bed.sandbox.state;
  const [first] = queues.filter(({ site_id, queue }) => site_id === shopOf(bed).id && queue === 'default');
  if (first) queues.push({ ...first, id: '01JQ8Z4T9G0000000000TW1N00' });
  const run = await drift();
  expect(run).toExit(0);
  expect(run.stdout).toContain("  ! queue worker 'default'  twice at Deploynix\n");
  expect(sarifIn((await drift('-o sarif')).stdout, 'deploynix.yml').runs[0].results).toMatchObject([
    { ruleId: 'drift-twin', level: 'note' },
  ]);
});

test('says what the API cannot change', async () => {
  write('type: static');
  const run = await drift();
  expect(run).toExit(10);
  expect(run.stdout).toContain('  ~ type  laravel at Deploynix, static in the file; the API cannot change it\n');
  expect((await drift('--json')).json<DriftRow[]>()).toMatchObject([{ field: 'type', changeable: false }]);
});

test('a command or URL that holds a secret is in no format', async () => {
  const { daemons, redirects } = bed.sandbox.state;
  for (const daemon of daemons) daemon.command = 'php relay --password=hunter2';
  const [redirect] = redirects.filter(({ site_id }) => site_id === shopOf(bed).id);
  writeFileSync(
    join(bed.directory, 'deploynix.yml'),
    `servers: { web-1: { daemons: [], owns: [daemons] } }\n${stateOf(`redirects: [{ from: ${redirect?.from}, to: '/?api_key=hunter2' }]`)}`,
  );
  for (const format of ['table', 'json', 'csv', 'sarif', 'markdown']) {
    const run = await drift(`-o ${format}`);
    expect(run.stdout, format).toContain('php relay --password=');
    expect(run.stdout, format).toContain('another value');
    expect(run.stdout + run.stderr, format).not.toContain('hunter2');
  }
});

test('a terminal of 40 columns has one column', async () => {
  write('branch: two', 'queues: [{ queue: a-name-that-goes-on }]');
  const lines = (await drift('', { columns: 40, env: { NO_COLOR: '1' } })).stdout.split('\n');
  expect(lines.slice(0, 5)).toEqual([
    'shop.example.com on web-1',
    '  ~ branch',
    '      main at Deploynix, two in the file',
    "  + queue worker 'a-name-that-goes-on'",
    '      only in the file',
  ]);
});

describe('a list that the token cannot read', () => {
  const env = () => ({ DNX_TOKEN: bed.sandbox.mint(abilities.filter((ability) => ability !== 'queue-worker:read')) });
  beforeEach(() => write('branch: two', 'queues: [{ queue: new }]'));

  test('is not empty, and exits with 5, whatever else differs', async () => {
    const run = await drift('', { env: env() });
    expect(run).toExit(5, { says: ['1 list could not be read, so differences may be missing.', 'dnx token create drift --for drift'] });
    expect(run.stdout).toContain('Not read\n  ! Queue workers of shop.example.com on web-1 could not be read: ');
    expect(run.stdout).not.toContain('queue worker new');
  });

  test('counts before one that hides what tells its entries apart, which alone exits with 1', async () => {
    writeFileSync(
      join(bed.directory, 'deploynix.yml'),
      `servers: { web-1: { network_rules: [8080], crontabs: [{ command: a, frequency: b }] } }\n`,
    );
    for (const rule of bed.sandbox.state.network_rules) Reflect.deleteProperty(rule, 'port');
    const run = await drift('', {
      env: { DNX_TOKEN: bed.sandbox.mint(abilities.filter((ability) => ability !== 'crontab:read')) },
      lies: true,
    });
    expect(run).toExit(5, { says: ['2 lists could not be read', 'The API does not show the port of all firewall rules.'] });
    const alone = await drift('', { lies: true });
    expect(alone).toExit(1, { says: '1 list could not be read, so differences may be missing.' });
  });

  test('is in every format', async () => {
    const rows = (await drift('--json', { env: env() })).json<DriftRow[]>();
    expect(outcomesIn(rows)).toEqual(['branch different', 'null unread']);
    expect(rows[1]).toMatchObject({
      kind: 'queue',
      site: 'shop.example.com',
      error: { code: 'forbidden' },
      fix: { command: expect.any(String) },
    });
    const { invocations } = sarifIn((await drift('-o sarif', { env: env() })).stdout, 'deploynix.yml').runs[0];
    expect(invocations[0].toolExecutionNotifications).toHaveLength(1);
    expect((await drift('-o markdown', { env: env() })).stdout).toContain('### Not read\n\n- Queue workers of shop.example.com on web-1');
  });
});

test('Markdown has a row for each difference', async () => {
  write('branch: two', 'env: { APP_NAME: Other }');
  expect((await drift('-o markdown')).stdout).toBe(
    [
      '## ⚠️ dnx drift\n',
      '2 differences from deploynix.yml.\n',
      '| Where | What | Difference | Changed |',
      '| --- | --- | --- | --- |',
      '| shop.example.com on web-1 | branch | main at Deploynix, two in the file |  |',
      '| shop.example.com on web-1 | APP&#95;NAME | another value |  |\n',
    ].join('\n'),
  );
});

describe('--accept', () => {
  const file = () => join(bed.directory, 'deploynix.yml');
  const lines = [
    'branch: two # deployed',
    'php_version: 8.4',
    'env: { APP_NAME: Other, STRIPE_SECRET: old }',
    'queues:',
    '  # Mails',
    '  - { queue: new }',
    'redirects: []',
    'owns: [redirects]',
  ];
  beforeEach(() => {
    write(...lines);
    chmodSync(file(), 0o640);
    bed.sandbox.state.redirects = bed.sandbox.state.redirects.slice(0, 1);
  });

  test('is repeated for several values', async () => {
    const says = "Too many arguments: 'php_version'.\n  To give several values, repeat --accept.";
    await expect(drift('--accept branch APP_NAME php_version')).toExit(2, { calls: [], says });
  });

  test('writes one value into the file, and leaves the rest as it is', async () => {
    const run = await drift('--accept branch');
    expect(run).toExit(0, { stderr: '' });
    expect(run.stdout).toBe(
      [
        'shop.example.com on web-1',
        '  ~ branch  main at Deploynix, two in the file',
        '',
        '✓ Accepted 1 difference in deploynix.yml.',
        '',
      ].join('\n'),
    );
    expect(readFileSync(file(), 'utf8')).toBe(stateOf(...lines).replace('branch: two', 'branch: main'));
    expect(statSync(file()).mode & 0o777).toBe(0o640);
    expect(outcomesIn((await drift('--json')).json())).not.toContain('branch different');
  });

  test('writes everything, and then nothing differs', async () => {
    const run = await drift('--accept all');
    expect(run).toExit(0, { says: 'Only the names of these variables are in the file, under secrets: STRIPE_SECRET' });
    expect(readFileSync(file(), 'utf8')).not.toContain(sandboxValue('STRIPE_SECRET'));
    expect(readFileSync(file(), 'utf8')).toContain('# deployed');
    expect(await drift()).toExit(0);
    expect(await drift('--accept all')).toExit(0, { stdout: '✓ Nothing to accept in deploynix.yml.\n' });
  });

  test('takes the names of variables and resources, and with a name the field', async () => {
    expect(await drift('--accept APP_NAME --accept new --accept shop.example.com.php_version')).toExit(0);
    expect(outcomesIn((await drift('--json')).json())).toEqual(['branch different', 'value different', expect.stringContaining(' extra')]);
  });

  test('writes nothing for a name that does not differ', async () => {
    expect(await drift('--accept brnach')).toExit(2, { says: ["Nothing that differs is called 'brnach'.", "Did you mean 'branch'?"] });
    expect(readFileSync(file(), 'utf8')).toBe(stateOf(...lines));
  });

  test('is for those who may see values, and comparing is for everybody', async () => {
    const ended: Record<string, Run> = {};
    await expect(
      leasing(bed, 'agent run --read-only', async (inside) => {
        for (const words of ['--json', '--accept APP_NAME']) ended[words] = await inside(`drift ${words}`);
      }),
    ).toExit(0);
    expect(outcomesIn(ended['--json']?.json() ?? [])).toContain('value different');
    expect(ended['--accept APP_NAME']?.stderr).toContain('it shows values of variables');
    expect(readFileSync(file(), 'utf8')).toBe(stateOf(...lines));
  });

  const sandboxValue = (key: string) =>
    bed.sandbox.state.environment_variables.find((variable) => variable.site_id === shopOf(bed).id && variable.key === key)?.value ?? '';
});

/** Means something to a terminal, Markdown, SARIF, a shell or a CI system. */
const hostile = '\u001b[2J\u202e|`[x](http://evil.test)<script>{0} @ada\n::error::x ##[error]x $(touch x)';

test('hostile values break no format', async () => {
  write('branch: two', 'queues: []', 'owns: [queues]');
  shopOf(bed).branch = hostile;
  for (const worker of bed.sandbox.state.queues) worker.queue = hostile;
  for (const format of ['table', 'json', 'sarif', 'markdown']) {
    const run = await drift(`-o ${format}`, { env: { GITHUB_ACTIONS: 'true' } });
    expect(run).toExit(10);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(run.stdout, format).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]|^\s*::error|##\[/m);
    if (format === 'sarif') expect(sarifIn(run.stdout, 'deploynix.yml').runs[0].results[0]?.message.text).toContain('\\[x\\]');
    if (format !== 'markdown') continue;
    for (const row of run.stdout.split('\n').filter((line) => line.startsWith('| shop'))) {
      expect(row).not.toMatch(/[[\]`<>@$]|https?:\/\//);
      expect(row.replace(/[^|]/g, '')).toHaveLength(5);
    }
  }
});

test('is narrowed to servers and sites', async () => {
  writeFileSync(join(bed.directory, 'deploynix.yml'), `${stateOf('branch: two')}  blog.example.com: { branch: two }\n`);
  const rows = async (words: string) => (await drift(`--json ${words}`)).json<DriftRow[]>().map(({ site }) => site);
  expect(await rows('')).toEqual(['shop.example.com', 'blog.example.com']);
  expect(await rows('--site blog.example.com')).toEqual(['blog.example.com']);
  expect(await rows('--server web-1')).toEqual(['shop.example.com', 'blog.example.com']);
  expect(await drift('--site docs.exmaple.com')).toExit(6);
});

test('writes the result to a file', async () => {
  write('branch: two');
  const run = await drift('--result-file drift.json --result-file drift.env');
  expect(run).toExit(10);
  expect(outcomesIn(JSON.parse(readFileSync(join(bed.directory, 'drift.json'), 'utf8')))).toEqual(['branch different']);
  expect(readFileSync(join(bed.directory, 'drift.env'), 'utf8')).toContain('DNX_EXIT_CODE=10\n');
});
