import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { find, lacking, required } from '../support/programs.ts';

const pages = readdirSync('man').map((name) => `man/${name}`);

/** What a program says about pages, and its exit code. */
function said(program: string, ...args: readonly string[]): readonly unknown[] {
  const { status, stdout, stderr } = spawnSync(find(program) ?? program, args, { encoding: 'utf8' });
  return [status, stdout, stderr];
}

const missing = lacking(['mandoc', 'groff']);
if (missing.length > 0 && !required) process.stderr.write(`Skipped the tests of the man pages: this machine lacks ${missing.join(', ')}\n`);
const check = test.skipIf(missing.length > 0 && !required);

check('mandoc finds nothing to improve in the man pages', () => {
  expect(pages.length).toBeGreaterThan(50);
  expect(said('mandoc', '-T', 'lint', '-W', 'all', ...pages)).toEqual([0, '', '']);
});

check('groff formats the man pages for 80 columns without a warning', () => {
  // A warning names its page.
  expect(said('groff', '-man', '-Tutf8', '-ww', '-z', '-rLL=80n', ...pages)).toEqual([0, '', '']);
});

check('no example in the man pages is wider than 80 columns', () => {
  const { stdout } = spawnSync(find('mandoc') ?? 'mandoc', ['-T', 'ascii', '-O', 'width=80', ...pages], { encoding: 'utf8' });
  const lines = stdout.replaceAll(/.[\b]/g, '').split('\n');
  expect(lines.length).toBeGreaterThan(3000);
  expect(lines.filter((line) => line.length > 80 && line.trim().includes(' '))).toEqual([]);
});
