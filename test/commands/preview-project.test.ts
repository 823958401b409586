import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { captureChild } from '../../src/machine/child.ts';
import type { Run, RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { openPreviewBed, PREVIEWS, previewLink, previewSettings } from '../support/preview-bed.ts';
import { withPreview, wrongPreviews, wrongTimes } from '../support/preview-files.ts';
import { Repository } from '../support/repository.ts';
import { shopOf } from '../support/shop-state.ts';

const bed = perTest(() => openPreviewBed());

const list = (options?: RunOptions): Promise<Run> => bed.dnx('preview list --json', options);
const tip = (branch = 'main'): string => bed.hub.git('rev-parse', branch).slice(0, 7);
const decides = (commit = tip(), file = '.deploynix.json'): string => `Using ${file} of main (${commit}).`;

/** The domain of a preview of shop.example.com, which is planted on a server. */
async function plantPreview(branch: string): Promise<string> {
  const { markOf, previewDomain } = await import('../../src/features/preview/names.ts');
  const owner = { host: bed.sandbox.url, repository: 'example/shop', base: 'shop.example.com' };
  const domain = previewDomain('{branch}.preview.example.com', branch, markOf(owner, branch));
  bed.sandbox.state.sites.push({ ...shopOf(bed), id: '01JQ8Z4T9G00000000000PVSITE', server_id: PREVIEWS.id, domain, branch });
  return domain;
}

/** Runs the real Git, but for its requests to a remote. */
const remoteThat =
  (answer: () => { code: number; stdout: string; stderr: string }): typeof captureChild =>
  async (child, parent) =>
    child.args.includes('ls-remote') ? answer() : captureChild(child, parent);

describe('the link file that decides', () => {
  test('is that of the default branch, and its commit is said', async () => {
    const run = await list();
    expect(run).toExit(0, { stdout: '[]\n', stderr: `${decides()}\n` });
    expect(run.changes).toEqual([]);
  });

  test('is not that of the checkout, of its commits, or of another branch', async () => {
    const domain = await plantPreview('feature/cart');
    bed.push('feature/cart');
    bed.clone.git('checkout', '--quiet', '-b', 'evil');
    bed.clone.commit('Take over', { '.deploynix.json': previewLink({ server: 'web-1', domain: '{branch}.evil.example.com' }) });
    bed.clone.git('push', '--quiet', 'origin', 'HEAD:refs/heads/evil');
    writeFileSync(join(bed.clone.directory, '.deploynix.json'), previewLink({ server: 'web-2' }));
    const run = await list();
    expect(run).toExit(0, { stderr: `${decides()}\n` });
    expect(run.json<object[]>()).toMatchObject([{ site: domain, server: 'previews-1' }]);
  });

  test('is the one at the remote now, not the one that was fetched last', async () => {
    const other = bed.clone.copy(join(bed.directory, 'other'));
    other.commit('Change it', { '.deploynix.json': previewLink({ server: 'web-2' }) });
    other.git('push', '--quiet', 'origin', 'HEAD:refs/heads/main');
    // This clone has only the one before.
    expect(await list()).toExit(0, { stderr: `${decides(bed.clone.head().slice(0, 7))}\n` });
    bed.clone.git('fetch', '--quiet', 'origin');
    expect(await list()).toExit(0, { stderr: `${decides()}\n` });
  });

  test('has its defaults checked before any request', async () => {
    for (const [key, preview] of wrongPreviews.filter((_, at) => at % 9 === 0)) {
      bed.link(JSON.stringify(withPreview(preview)));
      const run = await list();
      expect(run, JSON.stringify(preview)).toExit(2, { says: `preview.${key} in .deploynix.json of main (${tip()}) must `, calls: [] });
    }
  });

  test.each([
    ['has no preview.', '{"site": "shop.example.com", "server": "web-1"}'],
    ["'preview.databse' in .deploynix.json is not a setting. Did you mean 'database'?", previewLink({ databse: 'none' })],
    ['preview in .deploynix.json of main', '{"preview": "previews-1"}'],
    ['is not valid JSON.', '{'],
    ['does not contain a JSON object.', '[]'],
    ['is larger than 1 MB.', `{"x": "${'x'.repeat(1_100_000)}"}`],
    ['has no default environment.', previewLink({}, { default: undefined, environments: { a: {}, b: {} } })],
    ['has no environment', previewLink({}, { default: 'prod' })],
  ])('%s', async (says, text) => {
    bed.link(text);
    expect(await list()).toExit(2, { says, calls: [] });
  });

  test('has no unknown key among many either', async () => {
    bed.link(previewLink({ databse: 'none' }, Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`k${at}`, 1]))));
    expect(await list()).toExit(2, { says: "'preview.databse' in .deploynix.json is not a setting.", calls: [] });
  });

  test('may name a server twice', async () => {
    await plantPreview('feature/cart');
    bed.link(previewLink({ server: ['previews-1', 'PREVIEWS-1', '203.0.113.20'] }));
    expect((await list()).json()).toHaveLength(1);
  });

  test('may begin with a byte order mark', async () => {
    bed.link(`\ufeff${previewLink()}`);
    expect(await list()).toExit(0, { says: decides() });
  });

  test('is a regular file', async () => {
    bed.clone.git('mv', '.deploynix.json', 'real.json');
    bed.clone.git('config', 'core.symlinks', 'false');
    writeFileSync(join(bed.clone.directory, '.deploynix.json'), 'real.json');
    const blob = bed.clone.git('hash-object', '-w', '.deploynix.json');
    bed.clone.git('update-index', '--add', '--cacheinfo', `120000,${blob},.deploynix.json`);
    bed.clone.git('commit', '--quiet', '-m', 'Link it');
    bed.clone.git('push', '--quiet', 'origin', 'HEAD:refs/heads/main');
    expect(await list()).toExit(2, { says: `.deploynix.json of main (${tip()}) is not a regular file.`, calls: [] });
  });

  test('must be there', async () => {
    bed.clone.commit('Remove it', { '.deploynix.json': null });
    bed.clone.git('push', '--quiet', 'origin', 'HEAD:refs/heads/main');
    expect(await list()).toExit(2, { says: `main has no .deploynix.json at ${tip()}`, calls: [] });
  });

  test('of an environment that the file here breaks is of no use', async () => {
    writeFileSync(join(bed.clone.directory, '.deploynix.json'), '{"environments": []}');
    expect(await list()).toExit(2, { says: 'environments in', calls: [] });
  });
});

test('says what is wrong with the preview of the link file here', async () => {
  for (const [key, preview] of [...wrongPreviews, ...wrongTimes.map((ttl) => ['ttl', { ttl }] as const)]) {
    writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify(withPreview(preview)));
    const { stderr } = await bed.dnx('config list', { cwd: bed.directory });
    const warning = new RegExp(`^! preview\\.${key} in .*\\.deploynix\\.json must (be|have) .* Fix it, or remove preview\\.\n$`);
    expect(stderr, JSON.stringify(preview)).toMatch(warning);
  }
});

test('the preview stays when a site is linked', async () => {
  await expect(bed.dnx('link web-2/staging.example.com --env staging')).toExit(0);
  expect((await bed.dnx('config list')).stderr).toBe('');
  const { preview, environments } = JSON.parse(readFileSync(join(bed.clone.directory, '.deploynix.json'), 'utf8'));
  expect(preview).toEqual(previewSettings);
  expect(Object.keys(environments)).toEqual(['production', 'staging']);
});

describe('in every kind of clone', () => {
  test('the shallow checkout of a merge commit says what to fetch, and then runs', async () => {
    const head = bed.push('feature/cart');
    const merge = bed.clone.git('commit-tree', '-p', 'main', '-p', head, '-m', 'Merge', 'main^{tree}');
    bed.clone.git('push', '--quiet', 'origin', `${merge}:refs/pull/1/merge`);
    const job = Repository.create(join(bed.directory, 'job'));
    job.git('config', `url.file://${bed.directory}/hub/.insteadOf`, 'https://github.com/');
    job.git('remote', 'add', 'origin', 'https://github.com/example/shop');
    job.git('fetch', '--quiet', '--no-tags', '--depth=1', 'origin', `+${merge}:refs/remotes/pull/1/merge`);
    job.git('checkout', '--quiet', '--force', 'refs/remotes/pull/1/merge');
    const options = { cwd: job.directory, env: { CI: 'true', GITHUB_ACTIONS: 'true' } };
    const fetch = ['fetch', '--depth=1', 'origin', 'main'];
    expect(await list(options)).toExit(2, { says: ['This clone lacks main of origin', `Run: git ${fetch.join(' ')}`], calls: [] });
    job.git(...fetch);
    expect(await list(options)).toExit(0, { says: decides() });
    expect(job.git('rev-list', '--count', '--all')).toBe('2');
  });

  test('a detached HEAD, a worktree, a directory below', async () => {
    bed.clone.git('checkout', '--quiet', '--detach');
    expect(await list()).toExit(0, { says: decides() });
    bed.clone.git('worktree', 'add', '--quiet', '-b', 'other', join(bed.directory, 'tree'));
    const below = join(bed.directory, 'tree/app/Http');
    mkdirSync(below, { recursive: true });
    expect(await list({ cwd: below })).toExit(0, { says: decides() });
  });

  test('a submodule is a repository of its own', async () => {
    const outer = Repository.create(join(bed.directory, 'outer'));
    const file = ['-c', 'protocol.file.allow=always'];
    outer.git(...file, 'submodule', '--quiet', 'add', `file://${bed.hub.directory}`, 'shop');
    const inner = new Repository(join(outer.directory, 'shop'));
    expect(await list({ cwd: inner.directory })).toExit(2, { says: 'this is a clone of another repository' });
    inner.git('remote', 'set-url', 'origin', 'git@github.com:Example/Shop.git');
    inner.git('config', `url.file://${bed.directory}/hub/example/shop.insteadOf`, 'git@github.com:Example/Shop');
    expect(await list({ cwd: inner.directory })).toExit(0, { says: decides() });
  });

  test('in a monorepo, the file of the same directory decides', async () => {
    bed.clone.commit('Move', { '.deploynix.json': null, 'apps/[x] shop/.deploynix.json': previewLink(), 'apps/x/.deploynix.json': '{}' });
    bed.clone.git('push', '--quiet', 'origin', 'HEAD:refs/heads/main');
    const at = (directory: string) => list({ cwd: join(bed.clone.directory, directory) });
    expect(await at('apps/[x] shop')).toExit(0, { says: decides(tip(), 'apps/[x] shop/.deploynix.json') });
    expect(await at('apps/x')).toExit(2, { says: `apps/x/.deploynix.json of main (${tip()}) has no preview.` });
    expect(await at('.')).toExit(2, { says: 'main has no .deploynix.json' });
  });

  test('a partial clone without the file says how to get it', async () => {
    bed.hub.git('config', 'uploadpack.allowFilter', 'true');
    bed.hub.clone(join(bed.directory, 'partial'), '--filter=blob:none', '--no-checkout');
    const partial = new Repository(join(bed.directory, 'partial'));
    partial.git('remote', 'set-url', 'origin', 'https://github.com/example/shop');
    partial.git('config', `url.file://${bed.directory}/hub/.insteadOf`, 'https://github.com/');
    const commit = bed.hub.git('rev-parse', 'main');
    const says = ['This clone lacks .deploynix.json of main', `Run: git show ${commit}:.deploynix.json`];
    expect(await list({ cwd: partial.directory })).toExit(2, { says, calls: [] });
    partial.git('show', `${commit}:.deploynix.json`);
    expect(await list({ cwd: partial.directory })).toExit(0, { says: decides() });
  });

  test('no repository, a bare one, no remote, no Git', async () => {
    expect(await list({ cwd: bed.directory })).toExit(2, { says: 'this directory is not in a Git repository', calls: [] });
    expect(await list({ cwd: bed.hub.directory })).toExit(2, { says: 'a working tree', calls: [] });
    expect(await list({ env: { PATH: '/nowhere' } })).toExit(2, { says: 'Git is not installed', calls: [] });
    bed.clone.git('remote', 'remove', 'origin');
    expect(await list()).toExit(2, { says: 'This clone has no Git remote.', calls: [] });
  });

  test('a variable of Git leads to no other repository', async () => {
    const other = Repository.create(join(bed.directory, 'other'));
    const env = { GIT_DIR: join(other.directory, '.git'), GIT_WORK_TREE: other.directory };
    expect(await list({ env })).toExit(0, { says: decides() });
  });

  test('objects that replace others do not count', async () => {
    const evil = bed.clone.gitWith(previewLink({ server: 'web-1' }), 'hash-object', '-w', '--stdin');
    bed.clone.git('replace', bed.clone.git('rev-parse', 'HEAD:.deploynix.json'), evil);
    const domain = await plantPreview('feature/cart');
    expect((await list()).json<object[]>()).toMatchObject([{ site: domain }]);
  });
});

describe('guard 1: branches that cannot be read remove nothing', () => {
  const ok = (stdout: string) => () => ({ code: 0, stdout, stderr: '' });
  const commit = 'a'.repeat(40);

  test.each([
    ['fails', () => ({ code: 128, stdout: '', stderr: 'fatal: could not read from https://ada:hunter2@github.com/example/shop' })],
    ['answers nothing', ok('')],
    ['says no default branch', ok(`${commit}\tHEAD\n${commit}\trefs/heads/main\n`)],
    [
      'has a default branch that is like an option',
      ok(`ref: refs/heads/--upload-pack=x\tHEAD\n${commit}\tHEAD\n${commit}\trefs/heads/--upload-pack=x\n`),
    ],
    ['has a default branch without a commit', ok(`ref: refs/heads/main\tHEAD\n${commit}\trefs/heads/other\n`)],
    [
      'answers for a branch called HEAD',
      ok(`ref: refs/heads/x\trefs/remotes/x/HEAD\n${commit}\trefs/heads/HEAD\n${commit}\trefs/heads/x\n`),
    ],
    ['answers in time', () => Promise.reject(new DnxError('timed_out', 'Timed out.')) as never],
  ] as const)('a remote that %s', async (_, answer) => {
    const run = await list({ program: remoteThat(answer) });
    expect(run).toExit(1, { stdout: '', calls: [] });
    expect(run.stderr).toMatch(/Git cannot ask origin for its branches: .|origin does not say which branch is its default branch\./);
    expect(run.stderr).not.toContain('hunter2');
  });

  test.each([
    'https://ada:hunter2@127.0.0.1:1/example/shop',
    'https://ada:hun/hunter2@127.0.0.1:1/example/shop',
    'https://127.0.0.1:1/example/shop?access_token=hunter2',
  ])('a remote at %s that is gone, without its password', async (url) => {
    bed.clone.git('remote', 'set-url', 'origin', url);
    const run = await list();
    expect(run).toExit(1, { says: 'Git cannot ask origin for its branches', calls: [] });
    expect(run.stderr).not.toContain('hunter2');
  });

  test('a remote that is gone', async () => {
    bed.clone.git('config', '--unset-all', `url.file://${bed.directory}/hub/.insteadOf`);
    bed.clone.git('config', `url.file://${bed.directory}/nowhere/.insteadOf`, 'https://github.com/');
    expect(await list()).toExit(1, { says: 'Git cannot ask origin for its branches', calls: [] });
  });

  test('a remote that lacks the branch of the base site', async () => {
    shopOf(bed).branch = 'production';
    const domain = await plantPreview('feature/cart');
    const run = await list();
    expect(run).toExit(0, { says: 'origin has no branch production' });
    expect(run.json<object[]>()).toMatchObject([{ site: domain, state: 'unmarked' }]);
  });

  test('every branch of the remote counts, whatever the clone has of it', async () => {
    const domain = await plantPreview('feature/cart');
    expect((await list()).json<object[]>()).toMatchObject([{ site: domain, state: 'orphaned' }]);
    bed.push('feature/cart');
    bed.clone.git('update-ref', '-d', 'refs/remotes/origin/feature/cart');
    expect((await list()).json<object[]>()).toMatchObject([{ site: domain, state: 'unmarked' }]);
    // Only here, or under another name there.
    bed.drop('feature/cart');
    bed.clone.git('branch', 'feature/cart');
    bed.hub.git('update-ref', 'refs/tags/feature/cart', 'main');
    bed.hub.git('update-ref', 'refs/other/refs/heads/feature/cart', 'main');
    bed.hub.git('update-ref', 'refs/heads/x/refs/heads/feature/cart', 'main');
    expect((await list()).json<object[]>()).toMatchObject([{ site: domain, state: 'orphaned' }]);
  });

  test('branches that were read more than a minute ago are read again', async () => {
    await plantPreview('feature/cart');
    let readings = 0;
    const program: typeof captureChild = (child, parent) => {
      if (child.args.includes('ls-remote')) readings += 1;
      return captureChild(child, parent);
    };
    const slowly =
      (ms: number): NonNullable<RunOptions['through']> =>
      (network) => ({
        ...network,
        async request(request) {
          if (request.url.includes('/environment-variables')) await bed.clock.sleep(ms);
          return network.request(request);
        },
      });
    await expect(list({ program, through: slowly(60_000) })).toExit(0);
    expect(readings).toBe(1);
    await expect(list({ program, through: slowly(60_001) })).toExit(0);
    expect(readings).toBe(3);
  });

  test.each(['x/HEAD', 'x\u2028y', '-x'])('a branch called %j is a branch', async (branch) => {
    bed.push(branch);
    const domain = await plantPreview(branch);
    expect((await list()).json<object[]>()).toMatchObject([{ site: domain, state: 'unmarked' }]);
  });

  test('Git asks for nothing, and runs no program of the repository', async () => {
    const children: { args: readonly string[]; attended?: true; env: object }[] = [];
    const program: typeof captureChild = (child, parent) => {
      if (child.args.includes('ls-remote')) children.push(child);
      return captureChild(child, parent);
    };
    await expect(list({ program })).toExit(0);
    expect(children).toMatchObject([{ env: { GIT_TERMINAL_PROMPT: '0', SSH_ASKPASS_REQUIRE: 'force' } }]);
    expect(children[0]).not.toHaveProperty('attended');
    expect(children[0]).toHaveProperty('limitMs');
    bed.clone.git('config', 'core.sshCommand', 'touch /tmp/never');
    expect(await list()).toExit(1, { says: 'the configuration of this repository sets core.sshcommand', calls: [] });
    // A CI job has just written it.
    expect(await list({ env: { CI: 'true' } })).toExit(0, { says: decides() });
  });
});

describe('guard 2: another clone removes nothing', () => {
  const fork = 'https://github.com/ada/shop';

  /** Makes ada/shop a copy of the repository, with the same link file. */
  const forked = () => bed.hub.copy(join(bed.directory, 'hub/ada/shop'));

  test('a fork with the same link file is refused', async () => {
    forked();
    bed.clone.git('remote', 'set-url', 'origin', fork);
    await plantPreview('feature/cart');
    const says = 'shop.example.com deploys example/shop, and this is a clone of another repository.';
    expect(await list()).toExit(2, { says, stdout: '' });
  });

  test('in a clone of a fork, the file and the branches are those of the repository that is deployed', async () => {
    forked().git('update-ref', 'refs/heads/mine', 'main');
    bed.clone.git('remote', 'set-url', 'origin', fork);
    bed.clone.git('remote', 'add', 'upstream', 'ssh://git@github.com/example/shop.git');
    bed.clone.git('config', '--add', `url.file://${bed.directory}/hub/.insteadOf`, 'ssh://git@github.com/');
    const commit = bed.link(previewLink({ ttl: '1d' }));
    bed.clone.git('push', '--quiet', 'upstream', 'HEAD:refs/heads/main');
    expect(await list()).toExit(0, { stdout: '[]\n', stderr: `${decides(commit.slice(0, 7))}\n` });
    const domain = await plantPreview('mine');
    expect((await list()).json<object[]>()).toMatchObject([{ site: domain, state: 'orphaned' }]);
  });

  test('a fork cannot choose another project by its link file', async () => {
    const mine = forked();
    bed.clone.git('remote', 'set-url', 'origin', fork);
    bed.clone.git('remote', 'add', 'upstream', 'https://github.com/example/shop');
    bed.clone.commit('Mine', { '.deploynix.json': previewLink({ site: 'web-2/staging.example.com', server: 'web-1' }) });
    bed.clone.git('push', '--quiet', '--force', `file://${mine.directory}`, 'HEAD:refs/heads/main');
    expect(await list()).toExit(2, { says: 'staging.example.com deploys example/api, and this is a clone of another repository.' });
  });

  test.each([
    'https://github.com/other/shop',
    'https://github.com/example/shop-2',
    'https://gitlab.com/ada/example/shop',
    'https://github.com/example/shop/fork',
    'git@github.com:xexample/shop',
  ])('%s is not the repository', async (url) => {
    bed.clone.git('remote', 'set-url', 'origin', url);
    bed.clone.git('config', `url.file://${bed.hub.directory}.insteadOf`, url);
    expect(await list()).toExit(2, { says: 'this is a clone of another repository' });
  });

  test.each([
    'git@github.com:example/shop.git',
    'ssh://git@git.example.com:7999/Example/Shop',
    'https://ada:hunter2@github.com/example/shop/',
    'https://git.example.com/scm/example/shop.git',
    'work:example/shop',
  ])('%s is the repository', async (url) => {
    bed.clone.git('remote', 'set-url', 'origin', url);
    bed.clone.git('config', `url.file://${bed.hub.directory}.insteadOf`, url);
    const run = await list();
    expect(run).toExit(0, { says: decides() });
    expect(run.stderr).not.toContain('hunter2');
  });

  test('of several remotes, one is origin', async () => {
    bed.clone.git('remote', 'rename', 'origin', 'hub');
    expect(await list()).toExit(0, { says: decides() });
    bed.clone.git('remote', 'add', 'deploy', 'deploy@203.0.113.1:/srv/shop.git');
    expect(await list()).toExit(2, { says: 'none is origin', calls: [] });
  });
});

describe('guard 3: a repository made from a template', () => {
  test('with the same link file is another project', async () => {
    const { git_repositories: repositories } = bed.sandbox.state;
    const mine = repositories.find(({ name }) => name !== 'example/shop');
    if (!mine) throw new Error('The seed has several repositories.');
    await plantPreview('feature/cart');
    bed.hub.copy(join(bed.directory, 'hub', mine.name));
    bed.clone.git('remote', 'set-url', 'origin', `https://github.com/${mine.name}`);
    expect(await list()).toExit(2, { says: 'shop.example.com deploys example/shop' });
    // Its own site of the same name, which nothing of the other one belongs to.
    shopOf(bed).git_repository_id = mine.id;
    expect(await list()).toExit(0, { stdout: '[]\n', stderr: `${decides()}\n` });
  });
});

describe('guard 6: a token of another organization', () => {
  test('that does not see the base site is refused, although it sees previews', async () => {
    const { sites } = bed.sandbox.state;
    await plantPreview('feature/cart');
    bed.sandbox.state.sites = sites.filter(({ domain }) => domain !== 'shop.example.com');
    const says = ["Site 'shop.example.com' not found on server web-1", `named by  .deploynix.json of main (${tip()})`];
    expect(await bed.dnx('preview list')).toExit(6, { says, stdout: '' });
  });

  test('whose server, site or repository has another name is refused', async () => {
    const server = bed.sandbox.state.servers.find(({ name }) => name === 'web-1');
    const repository = bed.sandbox.state.git_repositories.find(({ name }) => name === 'example/shop');
    if (!server || !repository) throw new Error('The seed has both.');
    server.name = 'web-9';
    expect(await list()).toExit(6, { says: "Server 'web-1' not found" });
    server.name = 'web-1';
    repository.name = 'other/shop';
    expect(await list()).toExit(2, { says: 'shop.example.com deploys other/shop' });
    repository.name = 'example/shop';
    shopOf(bed).domain = 'shop.example.org';
    expect(await list()).toExit(6, { says: "Site 'shop.example.com' not found on server web-1" });
  });

  test('the ids of the link file do not count', async () => {
    const blog = bed.sandbox.state.sites.find(({ domain }) => domain === 'blog.example.com');
    const environment = { server: { id: blog?.server_id, name: 'web-1' }, site: { id: blog?.id, name: 'shop.example.com' } };
    bed.link(previewLink({}, { environments: { production: environment } }));
    const run = await list();
    expect(run).toExit(0);
    expect(run.calls).toContain(`GET /servers/${shopOf(bed).server_id}/sites/${shopOf(bed).id}`);
    bed.link(previewLink({}, { environments: { production: { server: 'web-1', site: { id: blog?.id } } } }));
    expect(await list()).toExit(2, { says: 'does not name the site of previews', calls: [] });
    bed.link(previewLink({}, { environments: { production: { server: blog?.server_id, site: 'shop.example.com' } } }));
    expect(await list()).toExit(2, { says: 'does not name the server of shop.example.com', calls: [] });
    bed.link(previewLink({ server: PREVIEWS.id }));
    expect(await list()).toExit(2, { says: `'${PREVIEWS.id}' is the id of a server.` });
  });

  test.each(['domain', 'git_repository_id'] as const)('a base site that does not show its %s is refused', async (field) => {
    const hide = () => Reflect.deleteProperty(shopOf(bed), field);
    const through: RunOptions['through'] = (network) => ({
      ...network,
      request: (request) => {
        if (request.url.endsWith(shopOf(bed)?.id ?? '')) hide();
        return network.request(request);
      },
    });
    expect(await list({ through, lies: true })).toExit(1, { says: 'Deploynix does not show' });
  });

  test('a server of previews that is gone is refused, because its previews cannot be seen', async () => {
    bed.link(previewLink({ server: ['previews-1', 'previews-2'] }));
    expect(await bed.dnx('preview list')).toExit(6, { says: ["Server 'previews-2' not found. Did you mean 'previews-1'?", 'named by'] });
  });
});

test('a site that a link file names is no preview, in the file that decides or in the one here', async () => {
  const domain = await plantPreview('feature/cart');
  const environments = { production: { server: 'web-1', site: 'shop.example.com' }, other: { server: 'web-2', site: `web-2/${domain}.` } };
  writeFileSync(join(bed.clone.directory, '.deploynix.json'), previewLink({}, { environments }));
  expect(await list()).toExit(0, { stdout: '[]\n', says: `The site ${domain} on previews-1 does not count as a preview` });
  bed.link(previewLink({}, { environments }));
  bed.clone.git('checkout', '--quiet', '--detach', 'HEAD~1');
  expect(await list()).toExit(0, { stdout: '[]\n', says: `The site ${domain} on previews-1 does not count as a preview` });
  const byId = { server: 'web-2', site: { id: '01jq8z4t9g00000000000pvsite', name: 'other.example.com' } };
  writeFileSync(join(bed.clone.directory, '.deploynix.json'), previewLink({}, { environments: { byId } }));
  expect(await list()).toExit(0, { stdout: '[]\n' });
  bed.clone.git('checkout', '--quiet', '--force', 'main');
  bed.link(previewLink());
  expect((await list()).json()).toHaveLength(1);
});

describe('the base site', () => {
  test('may be another environment or domain, which is another owner', async () => {
    await plantPreview('feature/cart');
    const staging = { server: 'web-1', site: 'staging.example.com' };
    const production = { server: 'web-1', site: 'shop.example.com' };
    bed.link(previewLink({ site: 'staging' }, { environments: { production, staging } }));
    for (const site of bed.sandbox.state.sites) if (site.domain === 'staging.example.com') site.branch = 'main';
    expect(await list()).toExit(0, { stdout: '[]\n' });
    for (const from of ['production', 'shop.example.com', 'web-1/shop.example.com']) {
      const run = await bed.dnx(`preview list --json --from ${from}`);
      expect(run, from).toExit(0);
      expect(run.json<object[]>(), from).toHaveLength(1);
    }
    expect(await bed.dnx('preview list --from 01JQ8Z4T9G00000000000WEB01')).toExit(2, { calls: [] });
    expect(await bed.dnx('preview list --from nothing.example.com')).toExit(6, { says: "Site 'nothing.example.com' not found" });
  });

  test('of a domain on two servers must be an environment', async () => {
    const at = (server: string) => ({ server, site: 'staging.example.com' });
    bed.link(previewLink({ site: 'Staging.Example.com.' }, { environments: { one: at('web-1'), two: at('web-2') } }));
    expect(await list()).toExit(2, { says: 'names Staging.Example.com. on several servers.', calls: [] });
    bed.link(previewLink({ site: 'staging.example.com' }, { environments: { production: at('web-1') } }));
    expect(await list()).toExit(0);
  });
});
