import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Changes } from '../../src/features/changes/changes.ts';
import { seeded } from '../../src/sandbox/index.ts';
import type { Bed } from '../support/dnx.ts';
import { openProject, type Project, reasonsOf } from '../support/project.ts';
import { deployed, liveRelease, Repository } from '../support/repository.ts';
import { leading } from '../support/volume.ts';

const files = { 'composer.json': '{"require":{"php":"^8.2"}}', '.env.example': 'CART_TTL=10\n' };

let bed: Bed;
let hub: Repository;
let clone: Project['clone'];
let run: Project['run'];
let unsure: Project['unsure'];
beforeEach(async () => {
  ({ bed, hub, clone, run, unsure } = await openProject(files));
});
afterEach(() => bed?.close());

const all = { commits: null, undone: null, migrations: null, missing_keys: null, php: null };

describe('without a clone, everything about the branch is unknown', () => {
  test('outside of a Git repository', async () => {
    const found = await unsure(bed.directory);
    expect(found).toMatchObject({ ...all, target: null, live: { release: expect.any(String) } });
    expect(reasonsOf(found)).toEqual(['this directory is not in a Git repository | Run it in a clone']);
    const shown = await run(bed.directory);
    expect(shown.stdout).toContain('  unknown  commits, migrations, variables, PHP version: this directory is not in a Git repository.');
  });

  test('without Git', async () => {
    const found = await unsure(clone().directory, { env: { PATH: bed.directory } });
    expect([found, reasonsOf(found)]).toMatchObject([all, ['Git is not installed | Install Git']]);
    // The system says the same of a directory that the user may not search.
    writeFileSync(join(bed.directory, 'git'), '', { mode: 0o644 });
    expect(await unsure(clone().directory, { env: { PATH: bed.directory } })).toEqual(found);
  });

  test('in a repository of another user', async () => {
    const found = await unsure(clone().directory, { env: { GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' } });
    expect(found).toMatchObject(all);
    expect(reasonsOf(found)).toEqual([
      `this Git repository belongs to another user, so Git does not read it | Run: git config --global --add safe.directory ${bed.directory}/clone`,
    ]);
  });

  test('in an empty repository', async () => {
    const { directory } = Repository.create(join(bed.directory, 'empty'));
    const found = await unsure(directory);
    expect([found, reasonsOf(found)]).toMatchObject([all, ['this repository has no branch main']]);
  });

  test('in a clone of another repository, without its passwords', async () => {
    const other = Repository.create(join(bed.directory, 'other'));
    other.commit('Other');
    other.git('remote', 'add', 'origin', 'https://ada:secret@github.com/other/thing.git');
    const done = await run(other.directory);
    expect(done.stdout).toContain('the site deploys example/shop, and this is a clone of another repository (origin is other/thing).');
    expect(done.stdout).not.toContain('secret');
  });
});

describe('a clone that nothing connects with the site', () => {
  const unrelated = /^this may be a clone of another repository, because the live commit [0-9a-f]{7} is not in this clone$/;

  test('is unknown without a remote', async () => {
    const other = Repository.create(join(bed.directory, 'other'));
    other.commit('Other', { '.env.example': 'OTHER=1\n' });
    const found = await unsure(other.directory);
    expect(found).toMatchObject({ ...all, target: { ref: 'main', remote: null } });
    expect(found.unknown.at(-1)).toEqual({ what: 'php', why: expect.stringMatching(unrelated), fix: null });
  });

  test('is unknown if the token cannot read the repository, until the live commit is in it', async () => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['site:read', 'server:read']) };
    const cloned = clone();
    expect((await run(cloned.directory, '--json', { env })).json<Changes>()).toMatchObject({
      target: { ref: 'origin/main', repository: null },
      missing_keys: ['CART_TTL'],
      unknown: [],
    });
    deployed(bed, 'f'.repeat(40));
    const found = await unsure(cloned.directory, { env });
    expect(found).toMatchObject(all);
    expect(found.unknown.at(-1)?.why).toMatch(unrelated);
  });
});

test('a deployment in progress is mentioned', async () => {
  bed.sandbox.deployElsewhere(seeded.sites['shop.example.com']);
  await bed.clock.sleep(5_000);
  const done = await run(clone().directory);
  expect(done).toExit(0, { stderr: 'A deployment of shop.example.com is in progress. This compares the release that is live now.\n' });
});

describe('the live commit', () => {
  const rest = { missing_keys: ['CART_TTL'], php: { allowed: true } };

  test('is unknown if the site has no releases', async () => {
    bed.sandbox.state.releases = [];
    const found = await unsure(clone().directory);
    expect(found).toMatchObject({ ...rest, live: null, commits: null, undone: null, migrations: null });
    expect(reasonsOf(found)).toEqual(['shop.example.com has no releases']);
  });

  test('is unknown if the API marks no release, or does not say its commit', async () => {
    const { directory } = clone();
    const { release } = liveRelease(bed);
    for (const commit of leading(['', 'main', '--output=x', 'v1.0', '../../x'], 2)) {
      release.commit_hash = commit;
      expect(reasonsOf(await unsure(directory))).toEqual(['the API does not say which commit is live']);
    }
    release.active = false;
    const found = await unsure(directory);
    expect([found.live, reasonsOf(found)]).toEqual([null, ['the API does not say which release is live']]);
  });

  test('is unknown if the token may not read the releases', async () => {
    bed.sandbox.faults.always({ method: 'GET', path: /\/releases$/ }, { status: 403, body: { message: 'Forbidden.' } });
    const found = await unsure(clone().directory);
    expect(reasonsOf(found)).toEqual(['the releases of shop.example.com cannot be read | Use a token with site:read']);
  });

  test('may be missing in a clone that is too old', async () => {
    const { directory } = clone();
    const later = hub.commit('Later');
    deployed(bed, later);
    const found = await unsure(directory);
    expect(found).toMatchObject({ ...rest, commits: null, migrations: null });
    expect(reasonsOf(found)).toEqual([`the live commit ${later.slice(0, 7)} is not in this clone | Run: git fetch origin`]);
    expect(reasonsOf(await unsure(directory))).toEqual(reasonsOf(found));
    expect((await run(directory, '--fetch --json')).json<Changes>()).toMatchObject({ commits: [], migrations: [], unknown: [] });
  });

  test('may be gone after a force push', async () => {
    const start = hub.git('rev-parse', 'HEAD~1');
    const before = hub.head();
    hub.git('reset', '--quiet', '--hard', start);
    hub.commit('Rewritten');
    deployed(bed, before);
    const found = await unsure(clone('--single-branch').directory);
    expect(reasonsOf(found)).toEqual([`the live commit ${before.slice(0, 7)} is not in this clone | Run: git fetch origin`]);
  });

  test('given by a short hash is never taken for a branch of that name', async () => {
    const short = hub.head().slice(0, 8);
    const cloned = clone();
    cloned.git('branch', 'deadbee');
    deployed(bed, 'deadbee');
    expect(reasonsOf(await unsure(cloned.directory))).toEqual(['the live commit deadbee is not in this clone | Run: git fetch origin']);
    deployed(bed, short.toUpperCase());
    expect((await run(cloned.directory, '--json')).json<Changes>()).toMatchObject({ commits: [], unknown: [] });
  });
});

describe('a shallow clone', () => {
  const shallow = 'the history of this clone is cut off | Run: git fetch --unshallow';

  test('without the live commit knows neither commits nor migrations', async () => {
    hub.commit('One');
    hub.commit('Two');
    const { directory } = clone('--depth=1');
    const found = await unsure(directory);
    expect(found).toMatchObject({ commits: null, migrations: null, missing_keys: ['CART_TTL'] });
    expect(reasonsOf(found)[0]).toMatch(/^the live commit [0-9a-f]{7} is not in this clone \| Run: git fetch --unshallow$/);
  });

  test('with a straight history back to it knows both', async () => {
    hub.commit('One');
    hub.commit('Two');
    const done = await run(clone('--depth=3').directory, '--json');
    expect(done.json<Changes>()).toMatchObject({ commits: [{ subject: 'Two' }, { subject: 'One' }], undone: [], unknown: [] });
  });

  test('that may miss a merged branch knows the migrations, not the commits', async () => {
    hub.git('checkout', '--quiet', '-b', 'carts', 'HEAD~1');
    for (const name of ['a', 'b', 'c']) hub.commit(`Cart ${name}`, { [`database/migrations/${name}.php`]: '<?php' });
    hub.git('checkout', '--quiet', 'main');
    hub.git('merge', '--quiet', '--no-ff', '-m', 'Merge carts', 'carts');
    const found = await unsure(clone('--depth=2').directory);
    expect([found.commits, found.undone, found.migrations?.length, reasonsOf(found)]).toEqual([null, null, 3, [shallow]]);
  });
});

test('a failing API is an error, not something unknown', async () => {
  bed.sandbox.faults.always({ method: 'GET', path: /\/environment-variables$/ }, { status: 500 });
  await expect(run(clone().directory)).toExit(1, { stdout: '', stderr: expect.stringMatching(/^Error: /m) });
});

test('nothing is written to the clone', async () => {
  const cloned = clone();
  mkdirSync(join(cloned.directory, 'sub'));
  writeFileSync(join(cloned.directory, 'sub/new.txt'), 'x');
  const before = cloned.git('status', '--porcelain=v2', '--branch');
  await expect(run(cloned.directory)).toExit(0);
  expect(cloned.git('status', '--porcelain=v2', '--branch')).toBe(before);
});
