import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { replaceFile } from '../../src/machine/files/text-file.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

describe('replacing a file', () => {
  /** A rename that is refused so many times, and the pauses before it is tried again. */
  function refused(code: string, times: number) {
    const waits: number[] = [];
    let calls = 0;
    const rename = () => {
      calls += 1;
      if (calls <= times) throw Object.assign(new Error(code), { code });
    };
    return { waits, rename, wait: (ms: number) => void waits.push(ms) };
  }

  test.each(['EPERM', 'EACCES', 'EBUSY'])('waits while a virus scanner has it open: %s', (code) => {
    const { waits, ...means } = refused(code, 3);
    replaceFile('a', 'b', { ...means, system: 'win32' });
    expect(waits).toEqual([10, 20, 30]);
  });

  test('fails at once for any other reason, and on other systems', () => {
    for (const [code, system] of [['ENOSPC', 'win32'] as const, ['EPERM', 'linux'] as const]) {
      const { waits, ...means } = refused(code, 1);
      expect(() => replaceFile('a', 'b', { ...means, system })).toThrow(code);
      expect(waits).toEqual([]);
    }
  });

  test('fails in the end', () => {
    const { waits, ...means } = refused('EPERM', Number.POSITIVE_INFINITY);
    expect(() => replaceFile('a', 'b', { ...means, system: 'win32' })).toThrow('EPERM');
    expect(waits.reduce((sum, each) => sum + each, 0)).toBe(2450);
  });

  test('also waits on a real clock', () => {
    const { waits: _, rename } = refused('EBUSY', 1);
    const before = performance.now();
    replaceFile('a', 'b', { rename, system: 'win32' });
    expect(performance.now() - before).toBeGreaterThan(8);
  });
});

describe('line ends of Windows', () => {
  test('do not belong to a token', async () => {
    await expect(
      bed.dnx('login --with-token --insecure-storage', {
        platform: 'win32',
        env: { DNX_TOKEN: undefined },
        stdin: `\ufeff${bed.sandbox.token}\r\n`,
      }),
    ).toExit(0, { stdout: expect.stringContaining('Signed in') });
  });

  test('do not belong to a value in a dotenv file, and stay when it is updated', async () => {
    const file = join(bed.directory, '.env');
    writeFileSync(file, 'APP_NAME="Old"\r\nMINE=1\r\n');
    await expect(bed.dnx('env pull .env --site shop.example.com --theirs *', { platform: 'win32' })).toExit(0);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('APP_NAME="Example Shop"\r\nMINE=1\r\n');
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    const pushed = await bed.dnx('env push .env --site shop.example.com --yes', { platform: 'win32' });
    expect(pushed).toExit(0, { stdout: expect.stringContaining('added  MINE') });
    expect((await bed.dnx('env get MINE --site shop.example.com')).stdout).toBe('1\n');
  });
});

test('doctor checks no modes', async () => {
  const config = join(bed.directory, 'config');
  mkdirSync(config, { mode: 0o755 });
  writeFileSync(join(config, 'config.json'), '{}', { mode: 0o666 });
  writeFileSync(join(config, 'tokens.json'), '{}', { mode: 0o666 });
  const run = await bed.dnx('doctor --json', { platform: 'win32' });
  const lines = JSON.parse(run.stdout) as { check: string; verdict: string; detail: string }[];
  const detail = (check: string) => lines.filter((each) => each.check === check).map((each) => `${each.verdict}: ${each.detail}`);
  expect(detail('settings directory')).toEqual(['ok: ~/config']);
  expect(detail('settings')).toEqual(['ok: ~/config/config.json']);
  expect(run.stdout).not.toMatch(/mode \d|chmod/);
});
