import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { version } from '../../package.json';
import { lacking, required } from '../support/programs.ts';

const missing = lacking(['ruby', 'rubocop']);
if (missing.length > 0 && !required)
  process.stderr.write(`Skipped the lint of the Homebrew formula: there is no ${missing.join(' and no ')}\n`);

const folder = mkdtempSync(join(tmpdir(), 'dnx-formula-'));
const tarball = join(folder, `deploynix-cli-${version}.tgz`);
const file = join(folder, 'dnx.rb');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  writeFileSync(tarball, 'a tarball');
  const { stdout } = await execa('node', ['scripts/release.mjs', 'formula', tarball], { stripFinalNewline: false });
  writeFileSync(file, stdout);
});

test('the formula has the address and checksum of the tarball in the release', async () => {
  const sum = createHash('sha256').update('a tarball').digest('hex');
  const { stdout } = await execa('node', ['scripts/release.mjs', 'formula', tarball]);
  expect(stdout).toContain(`url "https://github.com/deploynix/dnx/releases/download/v${version}/deploynix-cli-${version}.tgz"`);
  expect(stdout).toContain(`sha256 "${sum}"`);
});

describe.skipIf(missing.length > 0 && !required)('the formula', () => {
  test('is valid Ruby', async () => {
    expect((await execa('ruby', ['-wc', file])).stdout).toBe('Syntax OK');
  });

  test('follows the style of Homebrew', async () => {
    // Homebrew uses double quotes, paths such as bin/"dnx", no comment about frozen strings, and lines up to 118 characters.
    const config = join(folder, '.rubocop.yml');
    writeFileSync(
      config,
      [
        'AllCops: { NewCops: enable, SuggestExtensions: false }',
        'Style/StringLiterals: { EnforcedStyle: double_quotes }',
        'Style/FrozenStringLiteralComment: { Enabled: false }',
        'Style/Documentation: { Enabled: false }',
        'Layout/LineLength: { Max: 118 }',
        'Layout/SpaceAroundOperators: { Enabled: false }',
        'Metrics: { Enabled: false }',
      ].join('\n'),
    );
    const { stdout } = await execa('rubocop', ['--config', config, '--format', 'emacs', file], { reject: false });
    expect(stdout).toBe('');
  });
});
