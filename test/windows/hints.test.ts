import { afterEach, describe, expect, test } from 'vitest';
import { quoted, quoteFor } from '../../src/base/shell.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);
afterEach(async () => {
  quoteFor('linux');
});

describe('a command line to paste', () => {
  test.each([
    ['web-1', 'web-1'],
    ['C:\\Users\\ada\\key.pub', 'C:\\Users\\ada\\key.pub'],
    ['php artisan horizon', '"php artisan horizon"'],
    // PowerShell would splat it.
    ['@key.pub', '"@key.pub"'],
    ['ada@laptop', 'ada@laptop'],
    ['a,b', '"a,b"'],
    ["it's", '"it\'s"'],
    ['a & b | c', '"a & b | c"'],
    ['$HOME', "'$HOME'"],
    ['', '""'],
  ])('is for PowerShell and cmd: %s', (word, written) => {
    quoteFor('win32');
    expect(quoted(word)).toBe(written);
  });

  test('in an error', async () => {
    const line = ['daemon', 'create', 'php artisan horizon', '--server', 'web 1'];
    const [windows, linux] = [await bed.dnx(line, { platform: 'win32' }), await bed.dnx(line)];
    expect([windows.code, linux.code]).toEqual([6, 6]);
    expect(windows.stderr).not.toContain("'php");
    await expect(bed.dnx('site delete shop.example.com', { platform: 'win32' })).toExit(2, { says: '--confirm shop.example.com' });
  });

  test('sets variables as PowerShell does', async () => {
    const run = await bed.dnx('sandbox start --rate-limit 0', { platform: 'win32', interruptOn: 'Ctrl-C' });
    expect(run).toExit(0);
    expect(run.stderr).toMatch(/\n {2}\$env:DNX_HOST = 'http:\/\/127\.0\.0\.1:\d+'\n {2}\$env:DNX_TOKEN = '[^'\n]+'\n/);
    expect(run.stderr).toContain("\n  $env:DNX_RATE_LIMIT = '0'\n");
    expect(run.stderr).not.toContain('export ');
  });
});

test('no token is created if stdout is NUL', async () => {
  const run = await bed.dnx('token create ci --preset ci-deploy', { platform: 'win32', discards: true });
  expect(run).toExit(2, { calls: [], says: 'Standard output is closed or NUL' });
});
