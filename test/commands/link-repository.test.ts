import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { need } from '../support/programs.ts';

let bed: Bed;
let cwd: string;
beforeEach(async () => {
  need('git');
  bed = await openBed();
  cwd = join(bed.directory, 'project');
  mkdirSync(cwd);
  git('init', '-q');
});
afterEach(() => bed?.close());

const git = (...args: string[]) =>
  execFileSync('git', args, { cwd, env: { PATH: process.env.PATH, HOME: bed.directory, GIT_CONFIG_NOSYSTEM: '1' } });
const link = (line = 'link', env = {}) => bed.dnx(line, { cwd, env: { PATH: process.env.PATH, HOME: bed.directory, ...env } });
const file = () => join(cwd, '.deploynix.json');
const site = () => JSON.parse(readFileSync(file(), 'utf8')).environments.production.site.id;

test('links the only site that deploys the repository', async () => {
  git('remote', 'add', 'origin', 'git@github.com:Example/Blog.git');
  const run = await link();
  expect([run.code, site()]).toEqual([0, seeded.sites['blog.example.com']]);
  expect(run.stderr).toContain('blog.example.com (web-1) deploys this repository (example/blog).\n');
  expect(run.calls.filter((call) => call === 'GET /git-repositories')).toHaveLength(1);
});

test('finds it by any remote', async () => {
  git('remote', 'add', 'origin', 'https://github.com/ada/blog');
  git('remote', 'add', 'upstream', 'ssh://git@github.com/example/blog.git');
  expect([(await link('link --json')).code, site()]).toEqual([0, seeded.sites['blog.example.com']]);
});

test('lists the sites if several deploy it', async () => {
  git('remote', 'add', 'origin', 'git@github.com:example/shop.git');
  const run = await link();
  expect(run).toExit(2, { stdout: '' });
  expect(run.stderr).toBe(
    [
      'Error: No site given, and 2 sites deploy this repository.',
      '  To link shop.example.com (web-1): dnx link shop.example.com --server web-1',
      '  To link staging.example.com (web-1): dnx link staging.example.com --server web-1',
      '',
    ].join('\n'),
  );
  expect(existsSync(file())).toBe(false);
});

test('prefers the repository of exactly this path to one in a group', async () => {
  git('remote', 'add', 'origin', 'git@gitlab.com:acme/example/blog.git');
  const grouped = bed.sandbox.state.git_repositories.find(({ name }) => name === 'example/api');
  if (grouped) grouped.name = 'acme/example/blog';
  const { stderr } = await link();
  expect(stderr).toContain('2 sites deploy this repository');
  expect(stderr).not.toContain('blog.example.com');
});

test('links the only one on a server', async () => {
  git('remote', 'add', 'origin', 'git@github.com:example/api.git');
  const staging = bed.sandbox.state.sites.find(({ id }) => id === seeded.sites['staging.example.com on web-2']);
  if (staging) staging.server_id = seeded.servers['web-1'];
  const run = await link('link --server web-2');
  expect([run.code, site()]).toEqual([0, seeded.sites['api.example.com']]);
  expect(run.calls).not.toContain(`GET /servers/${seeded.servers['web-1']}/sites`);
});

test('asks for a name if no site deploys it, without sending anything if there is no remote', async () => {
  const none = await link();
  expect(none).toExit(2, { calls: [] });
  expect(none.stderr).toBe(
    'Error: No site given, and this directory has no Git remote to find it by.\n  Use dnx link SITE, or run in a terminal to pick one.\n',
  );
  git('remote', 'add', 'origin', 'git@github.com:example/other.git');
  expect((await link()).stderr).toContain('No site given, and no site deploys this repository.');
});

test('a token that cannot read repositories picks without them', async () => {
  git('remote', 'add', 'origin', 'git@github.com:example/blog.git');
  const run = await link('link', { DNX_TOKEN: bed.sandbox.mint(['server:read', 'site:read']) });
  expect(run).toExit(2, { says: 'no site deploys this repository' });
});

test('a machine without Git has no remotes', async () => {
  git('remote', 'add', 'origin', 'git@github.com:example/blog.git');
  await expect(bed.dnx('link', { cwd, program: async () => undefined })).toExit(2, { calls: [] });
});
