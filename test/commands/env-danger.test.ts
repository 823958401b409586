import { beforeEach, describe, expect, test } from 'vitest';
import { editor } from '../support/editing.ts';
import { openEnvSite } from '../support/env-site.ts';
import { perTest } from '../support/fixtures.ts';

const live = { APP_ENV: 'production', APP_DEBUG: 'false', APP_KEY: 'base64:live', DB_HOST: '203.0.113.12', DB_PASSWORD: 'secret' };
/** The `.env` of a developer. */
const local = { APP_ENV: 'local', APP_DEBUG: 'true', APP_KEY: 'base64:mine', DB_HOST: '127.0.0.1', DB_PASSWORD: 'password' };

const site = perTest(openEnvSite);
beforeEach(() => site.setAll(live));

const dotenv = (values: Readonly<Record<string, string>>) =>
  Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
const terminal = (keys: string, env = { NO_COLOR: '1' } as Record<string, string>) => ({ columns: 200, keys, env });

const DEVELOPER = "Laravel would treat the site as a developer's machine.";
const DEBUG = 'Error pages would show code and secrets to visitors.';
const KEY =
  'Encrypted columns become unreadable, everyone is signed out, and signed links stop working. Laravel 11 and later still read them with the old key in APP_PREVIOUS_KEYS.';
const DATABASE = 'The site would use another database.';
const PUSH = ['push', '.env', '--ours', '*'];
const NAME = 'blog.example.com';

describe('a push of local variables to production', () => {
  const reasons = `  APP_ENV    ${DEVELOPER}\n  APP_DEBUG  ${DEBUG}\n  APP_KEY    ${KEY}\n  DB_HOST    ${DATABASE}\n`;
  beforeEach(() => site.write(dotenv(local), '.env'));

  test('sends nothing without a terminal, and names each one with why', async () => {
    const run = await site.env([...PUSH, '--yes']);
    expect(run).toExit(2, { stdout: '', changes: [] });
    expect(run.stderr).toBe(
      `Error: This could break ${NAME}. Nothing was sent.\n${reasons.replace(/([A-Z]) +/g, '$1: ')}  Use --confirm ${NAME}; --yes is not enough.\n`,
    );
    expect(run.stderr).not.toMatch(/base64|127\.0|password/);
    const json = await site.env([...PUSH, '--yes', '--json']);
    expect([json.code, JSON.parse(json.stderr).error.errors]).toEqual([
      2,
      { APP_ENV: [DEVELOPER], APP_DEBUG: [DEBUG], APP_KEY: [KEY], DB_HOST: [DATABASE] },
    ]);
  });

  test('needs the name of the site on a terminal, also with --yes', async () => {
    for (const words of [[], ['--yes']]) {
      const wrong = await site.env([...PUSH, ...words], terminal('y\r'));
      expect(wrong).toExit(2, { changes: [], says: [`! This could break ${NAME}:\n${reasons}`, `Type '${NAME}' to continue:`] });
      expect(wrong.stderr).toContain(`'y' does not match. Nothing was sent.`);
    }
    const run = await site.env(PUSH, terminal(`${NAME}\rn\r`));
    expect([run.code, site.values()]).toEqual([0, local]);
  });

  test('is red', async () => {
    expect((await site.env(PUSH, terminal('y\r', { FORCE_COLOR: '1' }))).stderr).toContain(`\u001b[31mAPP_ENV    ${DEVELOPER}\u001b[39m`);
  });

  test('goes on with --confirm and the right name', async () => {
    await expect(site.env([...PUSH, '--confirm', 'shop.example.com'])).toExit(2, {
      stderr: `Error: 'shop.example.com' does not match. Nothing was sent.\n  Expected '${NAME}'.\n`,
      changes: [],
    });
    const run = await site.env([...PUSH, '--confirm', NAME]);
    expect([run.code, site.values()]).toEqual([0, local]);
  });

  test('with --dry-run needs no consent, and says why', async () => {
    const run = await site.env([...PUSH, '--dry-run']);
    expect(run).toExit(0, { changes: [], stdout: expect.stringContaining(`  APP_ENV    ${DEVELOPER}\n  APP_DEBUG  ${DEBUG}\n`) });
    expect(run.stdout).toContain(`  consent    --confirm ${NAME}\n`);
  });
});

describe('env set, env ensure and env edit', () => {
  const edit = (values: Readonly<Record<string, string>>, keys?: string) => editor([() => dotenv({ ...live, ...values })], keys);

  test('send nothing that could break a site without its name', async () => {
    const runs = [
      await site.env(['set', 'APP_DEBUG=true', '--yes']),
      await site.env(['set', 'LOG_LEVEL=debug', 'APP_DEBUG=true']),
      await site.env(['ensure', 'APP_DEBUG=true', '--update']),
      await site.env(['edit', '--yes'], edit({ APP_DEBUG: 'true' })),
    ];
    for (const run of runs) {
      expect(run).toExit(2, { stdout: '', changes: [] });
      expect(run.stderr).toContain(`Error: This could break ${NAME}. Nothing was sent.\n  APP_DEBUG: ${DEBUG}\n  Use --confirm ${NAME}`);
    }
    expect(site.values()).toEqual(live);
  });

  test.each([
    ['set', () => site.env(['set', 'APP_DEBUG=true', '--confirm', NAME])],
    ['ensure', () => site.env(['ensure', 'APP_DEBUG=true', '--update', '--confirm', NAME])],
    ['edit', () => site.env(['edit', '--confirm', NAME], edit({ APP_DEBUG: 'true' }))],
    ['set', () => site.env(['set', 'APP_DEBUG=true', '--no-deploy'], terminal(`${NAME}\r`))],
    ['edit', () => site.env(['edit', '--no-deploy'], edit({ APP_DEBUG: 'true' }, `${NAME}\r`))],
  ])('env %s sends it with the name', async (_, run) => {
    const ran = await run();
    expect([ran.code, site.values().APP_DEBUG], ran.stderr).toEqual([0, 'true']);
  });

  test('env ensure asks nothing if it changes nothing', async () => {
    await expect(site.env(['ensure', 'APP_DEBUG=true'])).toExit(0);
    await expect(site.env(['ensure', 'APP_DEBUG=false', '--update'])).toExit(0);
  });
});

describe('what could break a site', () => {
  const tried = async (words: readonly string[]) => {
    const run = await site.env(['set', ...words]);
    expect([0, 2]).toContain(run.code);
    return run.stderr.split('\n').flatMap((line) => /^ {2}([A-Z_]+): /.exec(line)?.[1] ?? []);
  };

  test.each([
    [['APP_ENV=staging'], ['APP_ENV']],
    [['APP_DEBUG=1'], ['APP_DEBUG']],
    [['APP_DEBUG=(true)'], ['APP_DEBUG']],
    [['APP_DEBUG='], []],
    [['APP_DEBUG=false', 'APP_ENV=production', 'APP_KEY=base64:live'], []],
    [['APP_KEY=base64:new'], ['APP_KEY']],
    [['APP_KEY='], ['APP_KEY']],
    [['APP_KEY=base64:new', 'APP_PREVIOUS_KEYS=base64:older,base64:live'], []],
    [['DB_HOST=localhost'], ['DB_HOST']],
    [['DB_HOST=10.0.0.9'], ['DB_HOST']],
    [['DB_PASSWORD=new', 'DB_DATABASE=first'], []],
    [['TOSTRING=1', 'constructor=1'], []],
  ])('in production: %j', async (words, dangerous) => {
    expect(await tried(words)).toEqual(dangerous);
  });

  test.each([
    [['APP_DEBUG=true'], []],
    [['DB_HOST=127.0.0.1'], []],
    [['APP_ENV=local'], ['APP_ENV']],
    [['APP_KEY=base64:new'], ['APP_KEY']],
    [['APP_ENV=production', 'APP_DEBUG=true'], ['APP_DEBUG']],
  ])('on staging: %j', async (words, dangerous) => {
    site.setAll({ ...live, APP_ENV: 'staging' });
    expect(await tried(words)).toEqual(dangerous);
  });

  test('is judged as production if APP_ENV is hidden or not set', async () => {
    site.setAll({ ...live, APP_ENV: '••••••••' });
    expect(await tried(['APP_DEBUG=true'])).toEqual(['APP_DEBUG']);
    site.setAll({ APP_KEY: '••••••••' });
    expect(await tried(['APP_DEBUG=true', 'APP_KEY=base64:new'])).toEqual(['APP_DEBUG', 'APP_KEY']);
  });

  test('is no first value of a new site', async () => {
    site.setAll({});
    expect(await tried(['APP_ENV=staging', 'APP_KEY=base64:new', 'DB_HOST=127.0.0.1'])).toEqual([]);
  });

  test('is the removal of the key or the database', async () => {
    await site.succeed('pull');
    site.write('APP_ENV=production\nAPP_DEBUG=false\nDB_PASSWORD=secret\n');
    const run = await site.env(['push', '--prune', '--yes']);
    expect(run).toExit(2, { says: `  APP_KEY: Laravel does not run without a key.\n  DB_HOST: ${DATABASE}\n` });
  });
});
