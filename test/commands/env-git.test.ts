import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EnvSite, openEnvSite } from '../support/env-site.ts';

let site: EnvSite;
beforeEach(async () => {
  site = await openEnvSite();
  site.setAll({ A: '1' });
});
afterEach(() => site.close());

const git = (...words: readonly string[]) =>
  execFileSync('git', ['-C', site.bed.directory, '-c', 'user.name=A', '-c', 'user.email=a@b', ...words], { stdio: 'pipe' });
const pulled = async (...words: readonly string[]) => {
  const run = await site.succeed('pull', ...words);
  return run.stderr;
};
const unignored = '! .env is not ignored by Git. Add it to .gitignore.\n';

test('env pull warns about a file that Git does not ignore, and only when it writes it', async () => {
  git('init', '-q');
  expect(await pulled('--dry-run')).toBe('');
  expect(await pulled()).toBe(unignored);
  expect(await pulled()).toBe('');
  site.set('A', '2');
  site.write('.env\n', '.gitignore');
  expect(await pulled()).toBe('');
});

test('a tracked file is called so, even if it is ignored', async () => {
  git('init', '-q');
  site.write('A=0\n');
  site.write('.env\n', '.gitignore');
  git('add', '-f', '.env');
  expect(await pulled('--force')).toBe('! .env is tracked by Git. Run `git rm --cached .env` and add it to .gitignore.\n');
});

test('names that Git could take for patterns or options are taken literally', async () => {
  git('init', '-q');
  site.write('A=0\n', 'xenv');
  git('add', 'xenv');
  for (const name of ['*env', '-env', ':(top)env']) expect(await pulled(`./${name}`)).toBe(unignored.replace('.env', name));
});

test('the repository of the file itself counts, whatever links to it', async () => {
  mkdirSync(join(site.bed.directory, 'other'));
  git('init', '-q', 'other');
  site.write('A=0\n', 'other/.env');
  symlinkSync(site.path('other/.env'), site.path('.env'));
  expect(await pulled('--force')).toBe(unignored);
});

test('without a work tree or Git, there is no warning', async () => {
  expect(await pulled()).toBe('');
  rmSync(site.path());
  git('init', '-q');
  const run = await site.env(['pull'], { program: async () => undefined });
  expect([run.code, run.stderr]).toEqual([0, '']);
  git('init', '-q', '--bare', 'bare.git');
  expect(await pulled('bare.git/.env')).toBe('');
});

test('with --json, the warning is on stderr and the object on stdout', async () => {
  git('init', '-q');
  const run = await site.env(['pull', '--json']);
  expect([run.code, run.json(), run.stderr]).toEqual([0, expect.objectContaining({ added: ['A'] }), unignored]);
});
