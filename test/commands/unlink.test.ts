import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const file = () => join(bed.directory, '.deploynix.json');
const write = (content: unknown) => writeFileSync(file(), typeof content === 'string' ? content : JSON.stringify(content));
const shop = { server: { id: 'S1', name: 'web-1' }, site: { id: 'A1', name: 'shop.test' } };
const three = { default: 'production', $note: 1, environments: { production: shop, staging: { site: 'staging.test' }, test: {} } };

/** Without a token, because nothing is sent. */
const unlink = (line = 'unlink', env = {}) => bed.dnx(line, { env: { DNX_TOKEN: undefined, ...env } });

test('removes the file, and says how to link again', async () => {
  write({ environments: { production: shop } });
  await expect(unlink()).toExit(0, {
    calls: [],
    stdout: '✓ Removed .deploynix.json (production)\n',
    stderr: 'Link it again with: dnx link shop.test --server web-1 --env production\n',
  });
  expect(existsSync(file())).toBe(false);
});

test('removes the file that is in effect above', async () => {
  write({ site: 'shop.test' });
  mkdirSync(join(bed.directory, 'app'));
  const run = await bed.dnx('unlink --json', { cwd: join(bed.directory, 'app') });
  expect(run.json()).toEqual({ file: file(), removed: ['production'], deleted: true, default: null });
  expect(existsSync(file())).toBe(false);
});

test('without a file exits 6', async () => {
  await expect(unlink()).toExit(6, { calls: [], stdout: '' });
});

describe('with an environment', () => {
  beforeEach(() => write(three));

  test('removes that one alone', async () => {
    await expect(unlink('unlink -e staging')).toExit(0, {
      stdout: '✓ Removed staging from .deploynix.json\n',
      stderr: 'Link it again with: dnx link staging.test --env staging\n',
    });
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({
      default: 'production',
      $note: 1,
      environments: { production: shop, test: {} },
    });
  });

  test('leaves no default if it was the default of several, and moves it to the only other one', async () => {
    expect((await unlink('unlink', { DNX_ENV: 'production' })).stderr).toContain('No environment is the default now.');
    expect(Object.keys(JSON.parse(readFileSync(file(), 'utf8')))).toEqual(['$note', 'environments']);
    await expect(unlink('deploy')).toExit(2, { calls: [] });
    write({ default: 'test', environments: { test: {}, staging: {} } });
    expect((await unlink('unlink -e test')).stderr).toContain('The default is now staging.');
    expect(JSON.parse(readFileSync(file(), 'utf8')).default).toBe('staging');
  });

  test('removes the file with the last one', async () => {
    write({ environments: { production: shop } });
    expect([(await unlink('unlink -e production')).code, existsSync(file())]).toEqual([0, false]);
  });

  test.each(['typo', 'toString'])('that does not exist, %s, removes nothing', async (name) => {
    const run = await unlink(`unlink -e ${name}`);
    expect([run.code, JSON.parse(readFileSync(file(), 'utf8'))]).toEqual([2, three]);
  });
});

describe('a file that cannot be read', () => {
  test.each(['<<<<<<< HEAD', '[]', '{"environments":7}'])('is removed only with --yes: %s', async (text) => {
    write(text);
    await expect(unlink()).toExit(2, { says: 'Fix it, or use --yes to remove it.' });
    await expect(unlink('unlink -e production --yes')).toExit(2);
    expect(readFileSync(file(), 'utf8')).toBe(text);
    expect([(await unlink('unlink --yes')).code, existsSync(file())]).toEqual([0, false]);
  });

  test('is not removed if it is a directory', async () => {
    mkdirSync(file());
    const run = await unlink('unlink --yes');
    expect([run.code, run.stdout, existsSync(file())]).toEqual([1, '', true]);
    expect(run.stderr).toContain(`Could not change ${file()}`);
  });
});
