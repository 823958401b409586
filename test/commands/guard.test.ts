import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import type { Bed, Run, RunOptions } from '../support/dnx.ts';
import { openProject, type Project } from '../support/project.ts';
import { deployed, liveRelease, Repository } from '../support/repository.ts';

const migration = 'database/migrations/2026_04_01_000000_create_carts_table.php';
const [web1, shop] = [seeded.servers['web-1'], seeded.sites['shop.example.com']];
const POST = `POST /servers/${web1}/sites/${shop}/deploy`;

let bed: Bed;
let hub: Repository;
let clone: Project['clone'];
let dnx: Project['dnx'];
beforeEach(async () => {
  ({ bed, hub, clone, dnx } = await openProject({ 'composer.json': '{"require":{"php":"^8.2"}}', '.env.example': 'APP_NAME=Shop\n' }));
});
afterEach(() => bed?.close());

const inClone = () => clone().directory;

const deploy = (cwd: string, options = '', run: RunOptions = {}): Promise<Run> =>
  dnx(cwd, `deploy shop.example.com --guard ${options}`, run);

const variables = (...keys: string[]) => {
  const [first] = bed.sandbox.state.environment_variables;
  if (!first) throw new Error('The seed has variables.');
  for (const key of keys) bed.sandbox.state.environment_variables.push({ ...first, id: `01JQ8Z4T9G00000000${key}`, site_id: shop, key });
};

/** The guard stops this deployment, and nothing was sent. */
async function stopped(cwd: string, options = '', run: RunOptions = {}): Promise<string> {
  const done = await deploy(cwd, options, run);
  expect(done).toExit(10, { stdout: '', changes: [] });
  return done.stderr;
}

describe('the guard lets a deployment through', () => {
  test('that only brings commits, and says what it checked', async () => {
    const head = hub.commit('Fix VAT', { 'vat.php': '<?php' });
    const done = await deploy(inClone());
    expect(done).toExit(0, { changes: [POST] });
    expect(done.stderr).toContain(`Guard passed: checked origin/main ${head.slice(0, 7)}, as of 2026-04-01T00:03:00Z\n`);
  });

  test('with --no-wait, in five requests and the POST', async () => {
    const done = await dnx(inClone(), `deploy ${shop} --server ${web1} --no-wait --guard`);
    expect([done.code, done.changes, done.calls.length]).toEqual([0, [POST], 5]);
    expect(done.calls.at(-1)).toBe(POST);
  });

  test('warns of commits that are not pushed', async () => {
    const cloned = hub.clone(join(bed.directory, 'clone'));
    cloned.commit('Forgotten');
    const done = await deploy(cloned.directory);
    expect([done.code, done.stderr.includes('! main has commits that are not pushed, so they are not deployed.\n')]).toEqual([0, true]);
  });

  test('that it is told to allow', async () => {
    hub.commit('Add carts', { [migration]: '<?php', '.env.example': 'CART_TTL=1\n', 'composer.json': '{"require":{"php":"^9"}}' });
    const cwd = inClone();
    expect(await stopped(cwd, '--allow variables --allow php')).toContain('of shop.example.com: 1 migration\n');
    expect(await stopped(cwd, '--allow migrations --allow php')).toContain('of shop.example.com: 1 missing variable\n');
    await expect(deploy(cwd, '--allow migrations --allow variables --allow php')).toExit(0, { changes: [POST] });
  });
});

test('a deployment from a linked clone warns of commits that are not pushed', async () => {
  const cloned = hub.clone(join(bed.directory, 'clone'));
  const link = { server: { id: web1, name: 'web-1' }, site: { id: shop, name: 'shop.example.com' } };
  writeFileSync(join(cloned.directory, '.deploynix.json'), JSON.stringify(link));
  await expect(dnx(cloned.directory, 'deploy')).toExit(0, { stderr: expect.not.stringContaining('pushed') });
  cloned.commit('Forgotten');
  await expect(dnx(cloned.directory, 'deploy')).toExit(0, { says: '! 1 commit of main is not pushed, so it is not deployed.\n' });
  cloned.commit('Forgotten, too');
  expect((await dnx(cloned.directory, 'deploy')).stderr).toContain('! 2 commits of main are not pushed, so they are not deployed.\n');
  await expect(dnx(cloned.directory, 'deploy blog.example.com')).toExit(0, { stderr: expect.not.stringContaining('pushed') });
});

describe('the guard stops a deployment before anything is sent', () => {
  test('for a migration', async () => {
    hub.commit('Add carts', { [migration]: '<?php' });
    const stderr = await stopped(inClone());
    expect(stderr).toContain('The guard stopped the deployment of shop.example.com: 1 migration\n');
    expect(stderr).toContain(`  migrations  ${migration}\n`);
    expect(stderr).toContain('Deploy anyway: dnx deploy shop.example.com --server web-1 --guard --allow migrations');
  });

  test('for variables that the site lacks', async () => {
    hub.commit('Add keys', { '.env.example': 'APP_NAME=\nCART_TTL=1\nCART_MAX=2\n' });
    const cwd = inClone();
    const stderr = await stopped(cwd);
    expect(stderr).toContain('2 missing variables\n  missing  CART_TTL\n           CART_MAX\n');
    expect(stderr).toContain('Set variables with: dnx env set CART_TTL=VALUE CART_MAX=VALUE --site shop.example.com --server web-1');
    variables('CART_TTL', 'CART_MAX');
    await expect(deploy(cwd)).toExit(0);
  });

  test('for a PHP version that composer.json does not allow', async () => {
    hub.commit('Require PHP 8.4', { 'composer.json': '{"require":{"php":"~8.4.0"}}' });
    const stderr = await stopped(inClone());
    expect(stderr).toContain('  PHP  8.3 is not allowed: composer.json requires ~8.4.0\n');
  });

  test('if it cannot know: outside of a clone, without Git, without the live commit, in a shallow clone', async () => {
    expect(await stopped(bed.directory)).toContain(
      'of shop.example.com: cannot check migrations, variables, PHP version: this directory is not in a Git repository.',
    );
    expect((await stopped(bed.directory)).match(/Git repository/g)).toHaveLength(1);
    const cwd = inClone();
    expect(await stopped(cwd, '', { env: { PATH: bed.directory } })).toContain('Git is not installed. Install Git.');
    deployed(bed, 'f'.repeat(40));
    expect(await stopped(cwd)).toContain('cannot check migrations: the live commit fffffff is not in this clone. Run: git fetch origin\n');
    const shallow = hub.clone(join(bed.directory, 'shallow'), '--depth=1').directory;
    expect(await stopped(shallow)).toContain('Run: git fetch --unshallow\n');
    bed.sandbox.state.releases = bed.sandbox.state.releases.filter(({ site_id }) => site_id !== shop);
    expect(await stopped(cwd)).toContain('cannot check migrations: shop.example.com has no releases.\n');
    await expect(deploy(cwd, '--allow migrations')).toExit(0);
  });

  test('if a clone of a pull request lacks the branch, and says how to fetch it', async () => {
    hub.git('update-ref', 'refs/pull/1/merge', hub.head());
    const job = Repository.create(join(bed.directory, 'job'));
    job.git('remote', 'add', 'origin', `file://${hub.directory}`);
    job.git('config', 'remote.origin.fetch', '+refs/pull/*:refs/remotes/pull/*');
    job.git('fetch', '--quiet', '--depth=1', 'origin', 'refs/pull/1/merge');
    job.git('checkout', '--quiet', '--detach', 'FETCH_HEAD');
    const stderr = await stopped(job.directory);
    const [, fix = ''] = /this clone has no branch origin\/main\. Run: git (.*)\n/.exec(stderr) ?? [];
    job.git(...fix.split(' '));
    await expect(deploy(job.directory)).toExit(0);
  });

  test('if Git hangs, within --timeout, and at once for Ctrl-C', async () => {
    const cwd = inClone();
    // Its child keeps its output open.
    writeFileSync(join(bed.directory, 'git'), '#!/bin/sh\nsleep 60\n:\n', { mode: 0o755 });
    const env = { PATH: `${bed.directory}:${process.env.PATH}` };
    const late = await deploy(cwd, '--timeout 1s', { env });
    expect(late).toExit(124, { stdout: '', changes: [] });
    expect(late.stderr).toContain('Timed out before the deployment of shop.example.com started. Nothing was changed.\n');
    await expect(deploy(cwd, '', { env, limitMs: 1_000 })).toExit(130, { stdout: '', changes: [] });
  }, 30_000);

  test('if the API does not name the branch, because the one checked out may be another', async () => {
    liveRelease(bed).site.branch = null;
    expect(await stopped(inClone())).toContain('the API does not say which branch the site deploys.');
  });

  test('as JSON', async () => {
    hub.commit('Add carts', { [migration]: '<?php' });
    const { error } = JSON.parse(await stopped(inClone(), '--json'));
    expect(error).toMatchObject({ code: 'differences', message: 'The guard stopped the deployment of shop.example.com: 1 migration' });
    expect(error.next.map(({ why }: { why: string }) => why)).toEqual(['See']);
  });

  test('if the token cannot read the site', async () => {
    const token = bed.sandbox.mint(['site:deploy']);
    const done = await dnx(inClone(), `deploy ${shop} --server ${web1} --guard`, { env: { DNX_TOKEN: token } });
    expect(done).toExit(5, { stdout: '', changes: [] });
  });
});

test('each of several sites has its own answer', async () => {
  hub.commit('Fix VAT');
  const done = await bed.dnx('deploy shop.example.com blog.example.com --guard --json', {
    cwd: inClone(),
    env: { PATH: process.env.PATH },
  });
  expect(done).toExit(12, { changes: [POST] });
  expect(done.json()).toMatchObject([
    { site: 'shop.example.com', outcome: 'succeeded' },
    { site: 'blog.example.com', outcome: null, error: { code: 'differences', message: expect.stringContaining('another repository') } },
  ]);
});

test('following a deployment in progress needs no guard, because nothing is sent', async () => {
  bed.sandbox.deployElsewhere(shop);
  await expect(deploy(bed.directory, '--if-running attach')).toExit(0, { changes: [] });
});

describe('what to type to deploy anyway', () => {
  const VERIFY = '--verify /up --expect 204 --for 2 --within 2m --rollback-on-fail';

  test('keeps the verification and the rollback', async () => {
    hub.commit('Add carts', { [migration]: '<?php' });
    const stderr = await stopped(inClone(), VERIFY);
    expect(stderr).toContain(
      'Deploy anyway: dnx deploy shop.example.com --server web-1 --verify /up --expect 204 --for 2 --within 120s --rollback-on-fail --guard --allow migrations\n',
    );
    const [, line = ''] = /Deploy anyway: dnx (.*)\n/.exec(stderr) ?? [];
    const run = await dnx(join(bed.directory, 'clone'), line, { elsewhere: () => {} });
    expect([run.code, run.changes.length]).toEqual([1, 2]);
  });

  test('is for a person: --json does not say it', async () => {
    hub.commit('Add carts', { [migration]: '<?php' });
    const cwd = inClone();
    for (const dry of ['', '--dry-run']) {
      const done = await deploy(cwd, `${VERIFY} --json ${dry}`.trim());
      const { error } = JSON.parse(done.stderr.trim().split('\n').at(-1) ?? '');
      expect(error).toMatchObject({ code: 'differences', next: [{ why: 'See' }] });
      expect(done.stderr).not.toContain('--allow');
    }
  });
});

describe('--dry-run says what the guard would do', () => {
  test('passes', async () => {
    const done = await deploy(inClone(), '--dry-run --json');
    const about = [{ site: 'shop.example.com', guard: 'passes', reasons: [] }];
    expect([done.code, done.changes, done.json()]).toMatchObject([0, [], { changes: [{ about }] }]);
    expect(done.stderr).toBe('Nothing was changed.\n');
  });

  test('stops, with exit code 10 and the reasons', async () => {
    hub.commit('Add carts', { [migration]: '<?php' });
    const cwd = inClone();
    const done = await deploy(cwd, '--dry-run --json');
    expect([done.code, done.changes, done.json()]).toMatchObject([
      10,
      [],
      { changes: [], about: [{ guard: 'stops', reasons: ['1 migration'], commits: [{ subject: 'Add carts' }] }] },
    ]);
    const shown = await deploy(cwd, '--dry-run');
    expect(shown.stderr).toContain('--guard would stop 1 of 1 sites\n');
    expect(shown.stdout).toContain('\n  guard       stops for migrations\n');
  });

  test('says what cannot be known once', async () => {
    const done = await deploy(bed.directory, '--dry-run');
    expect(done.stdout.match(/not in a Git repository/g)).toHaveLength(1);
    expect(done.stdout).toContain('\n  guard    stops for migrations, variables, php\n');
    // A clone whose repository the API does not name is known by the live commit alone.
    liveRelease(bed).site.git_repository_id = null;
    deployed(bed, 'f'.repeat(40));
    const stderr = await stopped(inClone());
    expect(stderr.match(/is not in this clone/g)).toHaveLength(1);
  });
});

describe('--dry-run without a guard', () => {
  test('shows the branch, the live release and the commits between', async () => {
    const head = hub.commit('Fix VAT');
    const done = await dnx(inClone(), 'deploy shop.example.com --dry-run');
    expect(done).toExit(0, { stderr: 'Nothing was changed.\n', changes: [] });
    const { release } = liveRelease(bed);
    expect(done.stdout).toBe(
      [
        '* deploy shop.example.com (web-1)',
        `  live        ${release.commit_hash?.slice(0, 7)} ${release.commit_message}, ${release.created_at}`,
        `  branch      origin/main, ${head.slice(0, 7)}, as of 2026-04-01T00:03:00Z`,
        `  commits     ${head.slice(0, 7)} Fix VAT, 2026-04-01T00:03:00Z`,
        '  migrations  none',
        '  missing     none',
        '  PHP         8.3 is allowed: composer.json requires ^8.2',
        '1 change',
        '  needs  site:deploy',
        '  undo   not possible: Roll back with dnx rollback. Migrations are not undone.',
        '',
      ].join('\n'),
    );
  });

  test('shows what the API knows outside of a clone', async () => {
    const done = await dnx(bed.directory, 'deploy shop.example.com --dry-run');
    expect(done.stdout).toMatch(/^\* deploy shop\.example\.com \(web-1\)\n {2}branch {3}main\n {2}live {5}/);
    expect(done.stdout).toContain(
      '  unknown  commits, migrations, variables, PHP version: this directory is not in a Git repository. Run it in a clone.\n',
    );
  });
});

test.each([
  ['--allow migrations', '--allow needs --guard.'],
  ['--guard --allow migration', "'migration' is not a check of --guard. Did you mean 'migrations'?"],
])('deploy %s is a usage error', async (options, message) => {
  rmSync(hub.directory, { recursive: true });
  await expect(bed.dnx(`deploy shop.example.com ${options}`)).toExit(2, { stdout: '', changes: [], says: message });
});
