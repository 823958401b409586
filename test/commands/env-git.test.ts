import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EnvSite, openEnvSite } from '../support/env-site.ts';
import { need } from '../support/programs.ts';

let site: EnvSite;
beforeEach(async () => {
  need('git');
  site = await openEnvSite();
  site.setAll({ A: '1' });
});
afterEach(() => site?.close());

const git = (...words: readonly string[]) =>
  execFileSync('git', ['-C', site.bed.directory, '-c', 'user.name=A', '-c', 'user.email=a@b', ...words], { stdio: 'pipe' });
const pulled = async (...words: readonly string[]) => {
  const run = await site.succeed('pull', ...words);
  return run.stderr;
};
const unignored = '! .env is not ignored by Git. Add it to .gitignore.\n';
const excluded = 'Added .env.production to .git/info/exclude, so that Git does not commit it.\n';

/** What Git would add. */
const untracked = () => git('status', '--porcelain', '--untracked-files=all').toString();

test('the file of the site is kept out of Git, and nothing is said if it is ignored', async () => {
  git('init', '-q');
  expect([await pulled('--dry-run'), untracked()]).toEqual(['', expect.not.stringContaining('.env')]);
  expect([await pulled(), untracked()]).toEqual([excluded, expect.not.stringContaining('.env')]);
  expect(await pulled()).toBe('');
  expect(site.read('.git/info/exclude')).toMatch(/\n\.env\.production\n$/);
  site.set('A', '2');
  expect(await pulled()).toBe('');
});

test('the file of the site is not written if Git tracks it, even if it is ignored', async () => {
  git('init', '-q');
  site.write('A=0\n');
  site.write('.env.production\n', '.gitignore');
  git('add', '-f', '.env.production');
  const run = await site.env(['pull', '--force']);
  expect([run.code, run.stdout, site.read()]).toEqual([10, '', 'A=0\n']);
  expect(run.stderr).toBe(
    'Error: .env.production is tracked by Git. Nothing was written.\n  Run `git rm --cached .env.production`, or name another file.\n',
  );
});

test('what .gitignore includes again cannot be excluded, which is said', async () => {
  git('init', '-q');
  site.write('!.env.production\n', '.gitignore');
  expect(await pulled()).toBe(unignored.replace('.env', '.env.production'));
});

test('the file of the site is excluded in a clone without .git/info, too', async () => {
  git('init', '-q', '--template=');
  expect([await pulled(), site.read('.git/info/exclude')]).toEqual([excluded, '.env.production\n']);
});

test('a link in the place of .git/info/exclude is not written through', async () => {
  git('init', '-q');
  rmSync(site.path('.git/info/exclude'));
  site.write('# mine\n', 'zshrc');
  symlinkSync(site.path('zshrc'), site.path('.git/info/exclude'));
  expect(await pulled()).toBe(unignored.replace('.env', '.env.production'));
  expect(site.read('zshrc')).toBe('# mine\n');
});

test('env pull warns about a file that the user named and that Git does not ignore, and only when it writes it', async () => {
  git('init', '-q');
  expect(await pulled('.env')).toBe(unignored);
  expect(await pulled('.env')).toBe('');
  site.set('A', '2');
  site.write('.env\n', '.gitignore');
  expect(await pulled('.env')).toBe('');
});

test('a tracked file that the user named is called so, even if it is ignored', async () => {
  git('init', '-q');
  site.write('A=0\n', '.env');
  site.write('.env\n', '.gitignore');
  git('add', '-f', '.env');
  expect(await pulled('.env', '--force')).toBe('! .env is tracked by Git. Run `git rm --cached .env` and add it to .gitignore.\n');
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
  expect(await pulled('.env', '--force')).toBe(unignored);
});

test('without a work tree or Git, there is no warning', async () => {
  expect(await pulled()).toBe('');
  rmSync(site.path());
  git('init', '-q');
  await expect(site.env(['pull'], { program: async () => undefined })).toExit(0, { stderr: '' });
  git('init', '-q', '--bare', 'bare.git');
  expect(await pulled('bare.git/.env')).toBe('');
});

test('with --json, the warning is on stderr and the object on stdout', async () => {
  git('init', '-q');
  const run = await site.env(['pull', '.env', '--json']);
  expect([run.code, run.json(), run.stderr]).toEqual([0, expect.objectContaining({ added: ['A'] }), unignored]);
});
