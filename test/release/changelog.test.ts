import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { version } from '../../package.json';
import { need } from '../support/programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'dnx-release-'));
const changelog = join(folder, 'CHANGELOG.md');

const step = async (...args: readonly string[]) => {
  const { exitCode, stdout, stderr } = await execa('node', ['scripts/release.mjs', ...args], { cwd: folder, reject: false });
  return { exitCode, stdout, stderr };
};

const write = (...sections: readonly string[]) => writeFileSync(changelog, ['# Changelog', ...sections].join('\n\n'));

beforeEach(() => {
  cpSync('scripts', join(folder, 'scripts'), { recursive: true });
  cpSync('package.json', join(folder, 'package.json'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('release.mjs check', () => {
  test('passes if the tag and the changelog fit package.json', async () => {
    write('## Unreleased', `## ${version} - 2026-12-01`, '- A change.', '## 0.0.1', '- Another.');
    expect(await step('check', `v${version}`)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  test.each([
    [
      'another tag',
      'v9.9.9',
      `## ${version}\n\n- A change.`,
      `Error: The tag is v9.9.9, but package.json has version ${version}. Tag it v${version}.`,
    ],
    [
      'no section',
      `v${version}`,
      '## 0.0.1\n\n- A change.',
      `Error: CHANGELOG.md has no changes for ${version}. Run: npm version ${version}`,
    ],
    [
      'an empty section',
      `v${version}`,
      `## ${version}\n\n## 0.0.1\n\n- A change.`,
      `Error: CHANGELOG.md has no changes for ${version}. Run: npm version ${version}`,
    ],
    [
      'unreleased changes',
      `v${version}`,
      `## Unreleased\n\n- A change.\n\n## ${version}\n\n- A change.`,
      'Error: CHANGELOG.md still has unreleased changes. Move them to the section of the release.',
    ],
  ])('fails with %s', async (_, tag, text, stderr) => {
    write(text);
    expect(await step('check', tag)).toEqual({ exitCode: 1, stdout: '', stderr });
  });
});

test('release.mjs notes prints the section, with links to the files of the release', async () => {
  write(
    '## Unreleased',
    `## ${version}`,
    'See [docs/ci.md](docs/ci.md) and [the format](https://keepachangelog.com).',
    '### Fixed',
    '## 0.0.1',
    '- Another.',
  );
  expect((await step('notes')).stdout).toBe(
    `See [docs/ci.md](https://github.com/deploynix/dnx/blob/v${version}/docs/ci.md) and [the format](https://keepachangelog.com).\n\n### Fixed`,
  );
});

test('npm version moves the unreleased changes to the version, and commits and tags it', async () => {
  need('git');
  const git = (...args: readonly string[]) => execa('git', args, { cwd: folder });
  write('## Unreleased', '- A change.', '## 0.0.1', '- Another.');
  await git('init', '--quiet');
  await git('config', 'user.name', 'A');
  await git('config', 'user.email', 'a@example.com');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'Start');
  await execa('npm', ['version', '9.9.9', '--message', 'Release %s'], { cwd: folder });
  const today = new Date().toISOString().slice(0, 10);
  expect(readFileSync(changelog, 'utf8')).toBe(
    `# Changelog\n\n## Unreleased\n\n## 9.9.9 - ${today}\n\n- A change.\n\n## 0.0.1\n\n- Another.`,
  );
  expect((await git('log', '--format=%s', '-1')).stdout).toBe('Release 9.9.9');
  expect((await git('status', '--porcelain')).stdout).toBe('');
  await expect(step('check', 'v9.9.9')).toExit(0);
  expect((await git('tag')).stdout).toBe('v9.9.9');
  expect((await execa('npm', ['version', '9.9.10'], { cwd: folder, reject: false })).stderr).toContain(
    'no changes in the section Unreleased',
  );
});
