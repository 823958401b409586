import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const list = async (line = 'config list --json', env = {}) => {
  const run = await bed.dnx(line, { env });
  const rows = JSON.parse(run.stdout) as { key: string; value: string | null; origin: string | null }[];
  return Object.fromEntries(rows.map(({ key, value, origin }) => [key, `${value} (${origin})`]));
};

describe('config', () => {
  test('lists the effective values and their origins', async () => {
    await expect(bed.dnx('config set server web-1')).toExit(0);
    await expect(bed.dnx('config set site shop.example.com')).toExit(0);
    writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ site: 'blog.example.com' }));
    expect(await list()).toEqual({
      profile: 'default (default)',
      host: `${bed.sandbox.url} (environment)`,
      environment: 'null (null)',
      server: 'web-1 (profile)',
      site: 'blog.example.com (link file)',
      output: 'json (option)',
    });
    expect((await list('config list --json', { DNX_SERVER: 'web-2' })).server).toBe('web-2 (environment)');
  });

  test('says why there is no server or site', async () => {
    writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ environments: { live: { site: 'shop.example.com' } } }));
    const missing = `${join(bed.directory, '.deploynix.json')} has no environment 'typo'.`;
    const env = { DNX_ENV: 'typo' };
    expect((await bed.dnx('config list', { env })).stderr).toBe(`${missing}\n`);
    await expect(bed.dnx('config get site', { env })).toExit(2, { stderr: `Error: ${missing}\n  It has live.\n` });
    expect((await bed.dnx('config get output', { env })).stdout).toBe('table\n');
  });

  test('are kept if the file begins with a byte order mark', async () => {
    mkdirSync(join(bed.directory, 'config'));
    writeFileSync(join(bed.directory, 'config/config.json'), '\ufeff{"profiles":{"default":{"site":"shop.example.com"}}}');
    expect((await bed.dnx('config get site')).stdout).toBe('shop.example.com\n');
    await expect(bed.dnx('config set server web-1')).toExit(0, { stderr: '' });
    expect((await bed.dnx('config get site')).stdout).toBe('shop.example.com\n');
  });

  test('names the environment of the link file', async () => {
    const environments = { production: { server: 'web-1', site: 'shop.example.com' }, staging: { site: 'staging.example.com' } };
    writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ default: 'production', environments }));
    expect(await list()).toMatchObject({ environment: 'production (link file)', site: 'shop.example.com (link file)' });
    expect(await list('config list -e staging --json')).toMatchObject({
      environment: 'staging (option)',
      server: 'null (null)',
      site: 'staging.example.com (link file)',
    });
    expect((await list('config list --json', { DNX_ENV: 'staging' })).environment).toBe('staging (environment)');
    const shown = await bed.dnx('config list --fields key,value,origin', { columns: 100, env: { NO_COLOR: '1' } });
    expect(shown.stdout).toContain('site         shop.example.com        .deploynix.json (production)');
    expect((await bed.dnx('config list --json')).stdout).toContain(`"file": "${join(bed.directory, '.deploynix.json')}"`);
    expect((await bed.dnx('config get environment')).stdout).toBe('production\n');
    writeFileSync(join(bed.directory, '.deploynix.json'), '{}');
    expect((await bed.dnx('config get environment')).stderr).toBe('Error: environment is not set.\n  Set it with: dnx link\n');
  });

  test('uses the settings of the profile', async () => {
    await expect(bed.dnx('config set server web-1')).toExit(0);
    await expect(bed.dnx('config set output json')).toExit(0);
    const run = await bed.dnx('daemon list');
    expect(run.json<unknown[]>().length).toBeGreaterThan(1);
    await expect(bed.dnx('config unset server')).toExit(0);
    await expect(bed.dnx('daemon list')).toExit(2);
  });

  test('keeps the settings of profiles separate', async () => {
    await expect(bed.dnx('config set server web-1 --profile work')).toExit(0);
    expect((await bed.dnx('config get server --profile work')).stdout).toBe('web-1\n');
    await expect(bed.dnx('config get server')).toExit(6, { stdout: '' });
  });

  test('normalizes a host to an origin', async () => {
    await expect(bed.dnx('config set host deploynix.example.com/')).toExit(0);
    expect((await bed.dnx('config get host', { env: { DNX_HOST: undefined } })).stdout).toBe('https://deploynix.example.com\n');
  });

  test('says what overrides the profile', async () => {
    const run = await bed.dnx('config set host https://a.example');
    expect(run.stderr).toContain('The environment also sets host and overrides the profile.');
  });

  test('names the origin of an invalid setting, and removes it', async () => {
    mkdirSync(join(bed.directory, 'config'));
    writeFileSync(join(bed.directory, 'config/config.json'), '{"profiles":{"default":{"output":"pdf"}}}');
    const run = await bed.dnx('server list');
    expect(run).toExit(2, { says: 'It came from the profile. Remove it with: dnx config unset output --output table' });
    await expect(bed.dnx('config unset output --output table')).toExit(0);
    await expect(bed.dnx('server list')).toExit(0);
  });

  test('an unusable settings directory stops only commands that write to it', async () => {
    writeFileSync(join(bed.directory, 'file'), '');
    const env = { DNX_CONFIG_DIR: join(bed.directory, 'file/dnx') };
    for (const line of ['server list', 'config list', 'completion bash']) {
      const run = await bed.dnx(line, { env });
      expect([line, run.code]).toEqual([line, 0]);
    }
    const set = await bed.dnx('config set server a', { env });
    expect(set).toExit(1, { says: `Could not save the settings in ${env.DNX_CONFIG_DIR}: ENOTDIR.` });
    const login = await bed.dnx('login --with-token --insecure-storage', { env, stdin: bed.sandbox.token });
    expect(login).toExit(1, { calls: [], stdout: '', says: `Could not create ${env.DNX_CONFIG_DIR} (ENOTDIR).` });
  });

  test.each([
    'config set colour red',
    'config set output pdf',
    'config set host http://far.example',
    'config get colour',
    'config set server',
  ])('%s is a usage error', async (line) => {
    await expect(bed.dnx(line)).toExit(2);
  });
});
