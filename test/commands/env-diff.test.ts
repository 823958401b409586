import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openEnvSite } from '../support/env-site.ts';
import { perTest } from '../support/fixtures.ts';

const site = perTest(openEnvSite);
beforeEach(() => site.setAll({ APP_ENV: 'production', APP_KEY: 'a secret', SAME: '1' }));

const diff = (...words: readonly string[]) => site.env(['diff', ...words]);

describe('env diff of a file and a site', () => {
  beforeEach(() => site.write('APP_ENV=local\nSAME=1\nMINE=1\n'));

  test('shows what differs, without values', async () => {
    const run = await diff();
    expect(run).toExit(0, { stderr: '' });
    expect(run.stdout).toBe('KEY      CHANGE\nAPP_ENV  ~ changed\nMINE     + only in .env.production\nAPP_KEY  - only at Deploynix\n');
    expect((await diff('--json')).json()).toEqual([
      { key: 'APP_ENV', change: 'changed' },
      { key: 'MINE', change: 'only_here' },
      { key: 'APP_KEY', change: 'only_there' },
    ]);
  });

  test('shows values only with --reveal', async () => {
    expect((await diff('--reveal')).stdout).toBe(
      'KEY      CHANGE                     FILE   DEPLOYNIX\nAPP_ENV  ~ changed                  local  production\nMINE     + only in .env.production  1      –\nAPP_KEY  - only at Deploynix        –      a secret\n',
    );
    expect((await diff('--reveal', '--json')).json()).toContainEqual({ key: 'MINE', change: 'only_here', here: '1', there: null });
  });

  test('exits 10 with --exit-code, if there are differences', async () => {
    const run = await diff('--exit-code');
    expect(run).toExit(10, { stderr: 'Error: 3 variables differ.\n', stdout: expect.stringContaining('APP_ENV  ~ changed') });
    await site.succeed('pull', '--theirs', 'APP_ENV');
    site.write('APP_ENV=production\nSAME=1\nAPP_KEY="a secret"\n');
    await expect(diff('--exit-code')).toExit(0, { stdout: '', stderr: 'No differences.\n' });
  });

  test('says who changed it since the last pull', async () => {
    await site.succeed('pull', '--theirs', 'APP_ENV');
    site.write('APP_ENV=local\nSAME=2\nAPP_KEY="a secret"\n');
    site.setAll({ APP_ENV: 'staging', APP_KEY: 'new', SAME: '1' });
    expect((await diff()).stdout).toBe(
      [
        'KEY      CHANGE     SINCE THE LAST PULL',
        'APP_ENV  ~ changed  changed on both sides',
        'SAME     ~ changed  changed in .env.production',
        'APP_KEY  ~ changed  changed at Deploynix',
        '',
      ].join('\n'),
    );
    expect((await diff('--json')).json()).toContainEqual({ key: 'APP_KEY', change: 'changed', base: 'there' });
  });

  test('cannot compare a hidden value', async () => {
    site.setAll({ APP_ENV: '••••••', SAME: '1', MINE: '1' });
    const run = await diff('--exit-code', '--reveal', '--json');
    expect([run.code, run.json()]).toEqual([0, [{ key: 'APP_ENV', change: 'unknown', here: 'local', there: null }]]);
  });
});

describe('env diff of two sites', () => {
  test('takes their names or ids', async () => {
    const run = await diff('shop.example.com', 'blog.example.com', '--json');
    expect([run.code, run.json()]).toEqual([0, expect.arrayContaining([{ key: 'SAME', change: 'only_there' }])]);
    expect((await diff(seeded.sites['shop.example.com'], seeded.sites['blog.example.com'], '--json')).json()).toEqual(run.json());
  });

  test('takes environments of the link file, and compares with the linked site by default', async () => {
    const shop = { server: 'web-1', site: { name: 'shop.example.com', id: seeded.sites['shop.example.com'] } };
    const blog = { server: 'web-1', site: 'blog.example.com' };
    const file = join(site.bed.directory, '.deploynix.json');
    writeFileSync(file, JSON.stringify({ default: 'production', environments: { production: blog, staging: shop } }));
    const run = await diff('staging', 'production', '--json');
    expect([run.code, run.json()]).toEqual([0, expect.arrayContaining([{ key: 'SAME', change: 'only_there' }])]);
    expect((await diff('staging', '--json')).json()).toEqual(run.json());
    expect((await diff('staging', 'production', '--reveal')).stdout).toMatch(
      /^KEY +CHANGE +STAGING +PRODUCTION\n[\s\S]*SAME +- only in production +– +1\n/,
    );
    site.write('SAME=1\n', '.env.staging');
    expect((await site.env(['diff', '-e', 'staging', '--json'])).json()).toContainEqual({ key: 'SAME', change: 'only_here' });
  });

  test('refuses a site and itself', async () => {
    const run = await diff('blog.example.com', 'blog.example.com');
    expect(run).toExit(2, { stdout: '', stderr: 'Error: Both are blog.example.com.\n  Name two different sites.\n' });
  });
});

test('a word is a file if there is one, else a site', async () => {
  site.write('SAME=1\n', 'shop.example.com');
  expect((await diff('shop.example.com', '--json')).json()).toEqual([
    { key: 'APP_ENV', change: 'only_there' },
    { key: 'APP_KEY', change: 'only_there' },
  ]);
  await expect(diff('.env.missing')).toExit(2, { says: '.env.missing does not exist.' });
  await expect(diff('nowhere.example.com')).toExit(6, {
    stderr: expect.stringMatching(
      /^Error: Site 'nowhere\.example\.com' not found\.\n {2}If it is a file, use \.\/nowhere\.example\.com\.\n/,
    ),
  });
});
