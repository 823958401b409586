import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { editor, set } from '../support/editing.ts';
import { perTest } from '../support/fixtures.ts';
import { signedOut, signIn } from '../support/sign-in.ts';
import { leading } from '../support/volume.ts';

const bed = perTest(() => openBed());

const SITE = 'shop.example.com';
const site = () => bed.sandbox.state.sites.find(({ domain }) => domain === SITE);
const valueNow = (key: string) =>
  bed.sandbox.state.environment_variables.find((each) => each.site_id === site()?.id && each.key === key)?.value;
const state = () => join(bed.directory, 'state');
const file = () => join(state(), 'history.jsonl');

/** Runs a line without DNX_TOKEN. */
const run = (line: string | readonly string[], options: RunOptions = {}) =>
  bed.dnx(line, { ...options, env: { ...signedOut.env, ...options.env } });

/** The same, which must succeed. */
async function change(line: string | readonly string[], options?: RunOptions): Promise<Run> {
  const done = await run(line, options);
  expect(done.code, `${line}: ${done.stderr}`).toBe(0);
  return done;
}

/** Every text in a directory. */
const textsIn = (directory: string): string =>
  (existsSync(directory) ? readdirSync(directory, { recursive: true, withFileTypes: true }) : [])
    .flatMap((each) => (each.isFile() ? [readFileSync(join(each.parentPath, each.name), 'latin1')] : []))
    .join('\n');

const OLD = 'old-Secret-1';
const NEW = 'new-Secret-2';
const OTHERS = { env: { DNX_NO_HISTORY: '1' } };

/** What replaces a value. */
const acts: readonly (readonly [command: string, act: () => Promise<Run>])[] = [
  ['env set', () => change(`env set ${SITE} DB_PASSWORD=${NEW}`)],
  ['env ensure', () => change(`env ensure ${SITE} DB_PASSWORD=${NEW} --update`)],
  ['env unset', () => change(`env unset ${SITE} DB_PASSWORD --yes`)],
  [
    'env push',
    async () => {
      writeFileSync(join(bed.directory, 'shop.env'), `DB_PASSWORD=${NEW}\n`);
      return change(`env push ${SITE} shop.env --ours DB_PASSWORD --yes`, { cwd: bed.directory });
    },
  ],
  [
    'env edit',
    async () => {
      const { env, ...options } = editor([set('DB_PASSWORD', NEW)]);
      return change(`env edit ${SITE} --yes`, { ...options, env: { ...env, ...signedOut.env } });
    },
  ],
  [
    'api',
    async () => {
      const variable = bed.sandbox.state.environment_variables.find(({ value }) => value === OLD);
      const path = `/servers/{server}/sites/{site}/environment-variables/${variable?.id}`;
      return change(`api PUT ${path} -F value=${NEW} --site ${SITE} --server web-1`);
    },
  ],
  [
    'apply',
    async () => {
      writeFileSync(join(bed.directory, 'password'), NEW);
      const here = { cwd: bed.directory };
      await change(`env set ${SITE} DB_PASSWORD --from-file password --dry-run --out plan.json`, here);
      return change('apply plan.json --yes', here);
    },
  ],
];

describe.each([
  ['with the token in the keychain', 'login --with-token', 7],
  ['with --insecure-storage', 'login --with-token --insecure-storage', 2],
])('%s', (_, login, few) => {
  beforeEach(async () => {
    await expect(signIn(bed, login)).toExit(0);
    await change(`env set ${SITE} DB_PASSWORD=${OLD}`, OTHERS);
  });

  test.each(leading(acts, few))('undo brings back what %s replaced, and no file has it', async (_name, act) => {
    await act();
    expect(valueNow('DB_PASSWORD')).not.toBe(OLD);
    expect((await run('undo --dry-run')).stdout).toContain('\n  undo     dnx undo\n');
    const texts = textsIn(state());
    for (const secret of [
      OLD,
      NEW,
      Buffer.from(OLD).toString('base64'),
      Buffer.from(OLD).toString('base64url'),
      Buffer.from(OLD).toString('hex'),
    ])
      expect(texts).not.toContain(secret);
    const undone = await change('undo --yes');
    expect(valueNow('DB_PASSWORD')).toBe(OLD);
    expect(`${undone.stdout}${undone.stderr}`).not.toMatch(/Secret-/);
    await change('redo --yes');
    expect(valueNow('DB_PASSWORD')).toBe(_name === 'env unset' ? undefined : NEW);
    expect(textsIn(state())).not.toMatch(/Secret-/);
    expect((statSync(file()).mode & 0o777).toString(8)).toBe('600');
  });

  test('a created value that somebody changed at once is not deleted', async () => {
    await change(`env set ${SITE} FRESH=${NEW}`);
    await change(`env set ${SITE} FRESH=${OLD}`, OTHERS);
    await expect(run('undo --yes')).toExit(10, { says: 'value was changed' });
    expect(textsIn(state())).not.toMatch(/Secret-/);
  });

  test('a value that somebody changed since is not overwritten', async () => {
    await change(`env set ${SITE} DB_PASSWORD=${NEW}`);
    await change(`env set ${SITE} DB_PASSWORD=third`, OTHERS);
    await expect(run('undo --yes')).toExit(10, { changes: [], says: 'value was changed' });
  });

  test('the consent for what could break a site is asked for, too', async () => {
    await change(`env set ${SITE} APP_DEBUG=true --confirm ${SITE}`, OTHERS);
    await change(`env set ${SITE} APP_DEBUG=false`);
    await expect(run('undo --yes')).toExit(2, { says: `--confirm ${SITE}` });
    await change(`undo --confirm ${SITE}`);
    expect(valueNow('APP_DEBUG')).toBe('true');
  });
});

describe('what was kept', () => {
  beforeEach(async () => {
    await expect(signIn(bed)).toExit(0);
    await change(`env set ${SITE} DB_PASSWORD=${OLD} API_KEY=${OLD}`, OTHERS);
    await change(`env set ${SITE} DB_PASSWORD=${NEW}`);
  });
  const edit = (replace: (text: string) => string) => writeFileSync(file(), replace(readFileSync(file(), 'utf8')));

  test.each([
    [
      'one byte is another one',
      () => edit((text) => text.replace(/("sealed":"[\w-]{30})(.)/, (_, before, byte) => `${before}${byte === 'A' ? 'B' : 'A'}`)),
    ],
    ['it is cut', () => edit((text) => text.replace(/"sealed":"([\w-]{20})[\w-]*/, '"sealed":"$1'))],
    ['it is of another entry', () => edit((text) => text.replaceAll(/"run":"\w+"/g, '"run":"zzzzz"'))],
    [
      'its line names another variable',
      () => {
        const other = bed.sandbox.state.environment_variables.find(({ key }) => key === 'API_KEY')?.id ?? '';
        const own = bed.sandbox.state.environment_variables.find(({ key }) => key === 'DB_PASSWORD')?.id ?? '';
        edit((text) => text.replaceAll(own, other).replaceAll('DB_PASSWORD', 'API_KEY'));
      },
    ],
    ['the key is gone', () => void bed.keychain.delete('history@local')],
    ['the key is another one', () => void bed.keychain.set('history@local', 'ab'.repeat(32))],
    ['the key is damaged', () => void bed.keychain.set('history@local', 'short')],
  ])('is not sent if %s', async (_, damage) => {
    damage();
    await expect(run('undo --yes')).toExit(1, { changes: [], says: 'Its value cannot be read' });
    await change(`env set ${SITE} DB_PASSWORD=third`);
    await change('undo --yes');
    expect(valueNow('DB_PASSWORD')).toBe(NEW);
  });

  test('is not read with another profile', async () => {
    edit((text) => text.replaceAll('"profile":"default"', '"profile":"work"'));
    await expect(signIn(bed, 'login --with-token --profile work')).toExit(0);
    await expect(run('undo --yes --profile work')).toExit(1, { changes: [], says: 'Its value cannot be read' });
  });

  test('is one key for several commands at once', async () => {
    bed.keychain.delete('history@local');
    const keys = Array.from({ length: 3 }, (_, at) => `KEY_${at}`);
    await change(`env set ${SITE} ${keys.map((key) => `${key}=${OLD}`).join(' ')}`, OTHERS);
    await Promise.all(keys.map((key) => change(`env set ${SITE} ${key}=${NEW}`)));
    for (const _ of keys) await change('undo --yes');
    expect(keys.map(valueNow)).toEqual(keys.map(() => OLD));
  });
});

describe('nothing is kept, and the plan and the question say so before', () => {
  const lock = () => {
    const get = bed.keychain.get.bind(bed.keychain);
    bed.keychain.get = (account: string) => {
      if (account === 'history@local') throw new DnxError('failed', 'The keychain is locked.');
      return get(account);
    };
  };

  test.each([
    ['with DNX_TOKEN', () => undefined, { DNX_TOKEN: 'TOKEN' }, 'DNX_TOKEN is set.'],
    ['with DNX_NO_HISTORY', () => undefined, { DNX_NO_HISTORY: '1' }, 'DNX_NO_HISTORY is set.'],
    ['if the keychain is locked', lock, {}, 'The keychain is locked.'],
  ])('%s', async (_, before, given, why) => {
    await expect(signIn(bed)).toExit(0);
    await change(`env set ${SITE} DB_PASSWORD=${OLD}`, OTHERS);
    before();
    const env = { ...given, ...('DNX_TOKEN' in given && { DNX_TOKEN: bed.sandbox.token }) };
    const plan = await run(`env unset ${SITE} DB_PASSWORD --dry-run`, { env });
    expect(plan.stdout).toContain(`undo     not possible: Hidden values are not kept: ${why}`);
    const asked = await run(`env unset ${SITE} DB_PASSWORD`, { env, columns: 100, keys: 'n\r' });
    expect(asked).toExit(1, { says: `dnx undo cannot take this back. Hidden values are not kept: ${why}` });
    writeFileSync(join(bed.directory, 'shop.env'), `DB_PASSWORD=${NEW}\n`);
    const push = `env push ${SITE} shop.env --ours DB_PASSWORD`;
    await expect(run(push, { env, cwd: bed.directory, columns: 100, keys: 'n\r' })).toExit(1, { says: 'Hidden values are not kept' });
    await change(`env set ${SITE} DB_PASSWORD=${NEW}`, { env });
    expect([...bed.keychain.keys()]).not.toContain('history@local');
    expect(textsIn(state())).not.toMatch(/"sealed"|"hashes"|Secret-/);
    if ('DNX_NO_HISTORY' in given) return;
    await expect(run('undo --yes', { env })).toExit(1, { says: 'Hidden values are not kept' });
  });

  test('of a value that the API does not show', async () => {
    await expect(signIn(bed)).toExit(0);
    await change(`env set ${SITE} DB_PASSWORD=********`, OTHERS);
    expect((await run(`env unset ${SITE} DB_PASSWORD --dry-run`)).stdout).toContain('not possible: The API does not show its value.');
    await change(`env unset ${SITE} DB_PASSWORD --yes`);
    expect(readFileSync(file(), 'utf8')).not.toContain('"sealed"');
  });

  test('on a full disk, which warns and does not stop the change', async () => {
    await expect(signIn(bed)).toExit(0);
    mkdirSync(file(), { recursive: true });
    const done = await change(`env set ${SITE} APP_NAME=${NEW}`);
    expect([valueNow('APP_NAME'), done.stderr]).toEqual([NEW, expect.stringContaining('Could not write the history')]);
  });
});

describe('dnx env history', () => {
  beforeEach(async () => {
    await expect(signIn(bed)).toExit(0);
  });

  test('lists who changed what and when from here, without values', async () => {
    await change(`env set ${SITE} DB_PASSWORD=${OLD}`);
    await bed.clock.sleep(60_000);
    await change(`env set ${SITE} DB_PASSWORD=${NEW} LOG_LEVEL=warning`);
    await change('env set blog.example.com OTHER=1');
    await change(`env unset ${SITE} DB_PASSWORD --yes`);
    await change('undo --yes');
    const listed = await change(`env history ${SITE} --json`);
    const items = listed.json<{ id: string; key: string; what: string; command: string }[]>();
    expect(items.map(({ key, what }) => [key, what])).toEqual([
      ['DB_PASSWORD', 'set'],
      ['DB_PASSWORD', 'removed'],
      ['LOG_LEVEL', expect.stringMatching(/^(set|changed)$/)],
      ['DB_PASSWORD', 'changed'],
      ['DB_PASSWORD', 'changed'],
    ]);
    expect(items[0]?.command).toBe(`dnx undo ${items[1]?.id}`);
    const table = await change(`env history DB_PASSWORD --site ${SITE}`);
    expect(table.stdout).toMatch(/^ID +WHEN +KEY +WHAT +COMMAND +OUTCOME\n/);
    expect(table.stdout).not.toMatch(/^\w+ +\S+ +LOG_LEVEL/m);
    expect(`${listed.stdout}${table.stdout}`).not.toMatch(/Secret-|warning/);
  });

  test('says if nothing was changed', async () => {
    const listed = await change(`env history ${SITE}`);
    expect([listed.stdout, listed.stderr]).toEqual(['', `No changes of these variables from this machine.\n`]);
  });

  test('goes back as far as the history', async () => {
    await change(`env set ${SITE} A=1`);
    rmSync(file());
    appendFileSync(file(), '');
    expect((await change(`env history ${SITE} --json`)).json()).toEqual([]);
  });
});
