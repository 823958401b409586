import { chmodSync, chownSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openEnvSite } from '../support/env-site.ts';
import { perTest } from '../support/fixtures.ts';

const site = perTest(openEnvSite);
beforeEach(() => site.setAll({ APP_ENV: 'production', APP_KEY: 'live', DB_HOST: '203.0.113.12', STRIPE_SECRET: 'live' }));

/** The `.env` of a developer. */
const LOCAL = 'APP_ENV=local\nAPP_KEY=mine\nDB_HOST=127.0.0.1\n';
const link = (environments: object) => site.write(JSON.stringify({ environments }), '.deploynix.json');
const terminal = (keys = '') => ({ columns: 100, keys, env: { NO_COLOR: '1' } });

describe('without a file, the developer’s own .env stays as it is', () => {
  beforeEach(() => site.write(LOCAL, '.env'));
  afterEach(() => expect(site.read('.env')).toBe(LOCAL));

  test('env pull writes the file of the environment, which only the user can read', async () => {
    await expect(site.env(['pull'])).toExit(0, {
      stdout: '✓ Pulled 4 variables from blog.example.com into .env.production\n  added  APP_ENV, APP_KEY, DB_HOST, STRIPE_SECRET\n',
    });
    expect([site.read('.env.production'), statSync(site.path('.env.production')).mode & 0o777]).toEqual([
      'APP_ENV=production\nAPP_KEY=live\nDB_HOST=203.0.113.12\nSTRIPE_SECRET=live\n',
      0o600,
    ]);
  });

  test('env push does not send it, and says how to', async () => {
    const run = await site.env(['push', '--yes']);
    expect(run).toExit(2, { stdout: '' });
    expect(run.stderr).toBe(
      [
        'Error: .env.production does not exist.',
        '  Create it with: dnx env pull --site blog.example.com --server web-1',
        '  Push your own .env with: dnx env push .env --site blog.example.com --server web-1',
        '',
      ].join('\n'),
    );
  });

  test('env push and env diff use the file that env pull wrote', async () => {
    await site.succeed('pull');
    site.write(`${site.read('.env.production')}NEW=1\n`, '.env.production');
    expect((await site.env(['diff', '--json'])).json()).toEqual([{ key: 'NEW', change: 'only_here', base: 'here' }]);
    expect((await site.env(['push', '--yes', '--json'])).json()).toMatchObject({ file: '.env.production', added: ['NEW'] });
  });
});

describe('the file is named after', () => {
  const shop = { server: 'web-1', site: { name: 'shop.example.com', id: seeded.sites['shop.example.com'] } };
  const blog = { server: 'web-1', site: 'blog.example.com' };

  test.each([
    ['the environment in use', { live: blog, staging: shop }, ['-e', 'staging'], '.env.staging'],
    ['the environment of the site that is named', { live: blog, staging: shop }, ['--site', 'shop.example.com'], '.env.staging'],
    ['the domain, if no environment has the site', { live: shop }, ['--site', 'blog.example.com'], '.env.blog.example.com'],
    ['no other directory', { '../up/x y': blog }, [], '.env...-up-x-y'],
    ['no file that tests read', { testing: blog }, [], '.env.blog.example.com'],
    ['no file that is committed', { example: blog }, [], '.env.blog.example.com'],
  ])('%s', async (_, environments, words, file) => {
    link(environments);
    expect((await site.env(['pull', '--json', ...words])).json()).toMatchObject({ file });
  });

  test('the domain without a link file', async () => {
    rmSync(site.path('.deploynix.json'));
    expect((await site.env(['pull', '--json', '--site', 'shop.example.com'])).json()).toMatchObject({ file: '.env.shop.example.com' });
  });
});

describe('env pull into a named file', () => {
  const refused = (keys: string) =>
    `Error: .env is for this machine: ${keys}. Nothing was written.\n` +
    '  With the variables of blog.example.com beside these, your tests and migrations could run on its database, and your code could use its keys. Use --force to overwrite these, too.\n' +
    '  Pull into .env.production with: dnx env pull --site blog.example.com --server web-1\n';

  test.each([
    ['APP_ENV=local', 'APP_ENV'],
    ['APP_ENV=testing', 'APP_ENV'],
    ['DB_HOST=127.0.0.1', 'DB_HOST'],
    ['DB_HOST=localhost', 'DB_HOST'],
    ['DB_HOST=mysql', 'DB_HOST'],
    ['DB_CONNECTION=sqlite', 'DB_CONNECTION'],
    ['APP_ENV=local\nDB_HOST=::1', 'APP_ENV, DB_HOST'],
  ])('stops if %j is local', async (text, keys) => {
    site.write(`${text}\n`, '.env');
    for (const words of [[], ['--theirs', '*'], ['--dry-run']]) {
      const run = await site.env(['pull', '.env', ...words]);
      expect([run.code, run.stdout, run.stderr, site.read('.env')]).toEqual([10, '', refused(keys), `${text}\n`]);
    }
  });

  test('stops on a terminal, too', async () => {
    site.write(LOCAL, '.env');
    const run = await site.env(['pull', '.env'], terminal());
    expect([run.code, site.read('.env')]).toEqual([10, LOCAL]);
  });

  test('stops if a link of the repository leads to it, instead of the file of the site', async () => {
    site.write(LOCAL, '.env');
    symlinkSync('.env', site.path('.env.production'));
    const run = await site.env(['pull']);
    expect([run.code, run.stdout, site.read('.env')]).toEqual([10, '', LOCAL]);
  });

  test('overwrites what is local with --force', async () => {
    site.write(LOCAL, '.env');
    const run = await site.env(['pull', '.env', '--force', '--json']);
    expect([run.code, run.json()]).toEqual([0, expect.objectContaining({ changed: ['APP_ENV', 'APP_KEY', 'DB_HOST'] })]);
    expect(site.read('.env')).not.toMatch(/local|127/);
  });

  test('goes on if the site has the same local values', async () => {
    site.setAll({ APP_ENV: 'local', DB_HOST: '127.0.0.1', NEW: '1' });
    site.write('APP_ENV=local\nDB_HOST=127.0.0.1\n', '.env');
    expect((await site.env(['pull', '.env', '--json'])).json()).toMatchObject({ added: ['NEW'] });
  });
});

describe.skipIf(process.getuid?.() !== 0)('env pull as root', () => {
  test('keeps the owner and group of a file', async () => {
    site.write('OLD=1\n');
    chownSync(site.path(), 1, 33);
    chmodSync(site.path(), 0o640);
    await site.succeed('pull');
    const { uid, gid, mode } = statSync(site.path());
    expect([uid, gid, mode & 0o7777]).toEqual([1, 33, 0o640]);
  });
});
