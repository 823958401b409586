import { mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Changes } from '../../src/features/changes/changes.ts';
import { captureChild } from '../../src/machine/child.ts';
import type { Bed, RunOptions } from '../support/dnx.ts';
import { openProject, type Project, reasonsOf } from '../support/project.ts';
import { deployed, liveRelease, Repository } from '../support/repository.ts';
import { leading } from '../support/volume.ts';

const migration = 'database/migrations/2026_04_01_000000_create_carts_table.php';
const start = {
  'composer.json': JSON.stringify({ require: { php: '^8.2' } }),
  '.env.example': '# Laravel\nAPP_NAME=Laravel\nAPP_ENV=local\n\n# Ours\nCART_TTL=10\n#OLD=1\n',
};

let bed: Bed;
let hub: Repository;
let clone: Project['clone'];
let run: Project['run'];
let dnx: Project['dnx'];
let changes: Project['changes'];
let live: string;
beforeEach(async () => {
  ({ bed, hub, clone, run, dnx, changes, live } = await openProject(start));
});
afterEach(() => bed?.close());

describe('the branch of the site', () => {
  test('is that of the remote with its repository, whatever its name', async () => {
    const other = Repository.create(join(bed.directory, 'ada/shop'));
    other.commit('A fork');
    const cloned = other.clone(join(bed.directory, 'clone'));
    cloned.git('remote', 'add', 'upstream', `file://${hub.directory}`);
    cloned.git('fetch', '--quiet', 'upstream');
    const found = await changes(cloned.directory);
    expect([found.target?.ref, found.unknown]).toEqual(['upstream/main', []]);
  });

  test('that was renamed is unknown until it is fetched', async () => {
    liveRelease(bed).site.branch = 'trunk';
    const cloned = clone();
    hub.git('branch', '--move', 'main', 'trunk');
    const before = await changes(cloned.directory);
    expect([before.target, before.unknown[0]?.why]).toEqual([null, 'this clone has no branch origin/trunk']);
    expect((await changes(cloned.directory, '--fetch')).target?.ref).toBe('origin/trunk');
    liveRelease(bed).site.branch = 'main';
    const refused = await run(cloned.directory, '--fetch --json');
    expect(refused).toExit(1, { stdout: '', says: "Could not fetch main from origin: couldn't find remote ref refs/heads/main" });
  });

  test('is local in a clone without a remote, and says so', async () => {
    expect((await changes(hub.directory)).target).toMatchObject({ ref: 'main', remote: null, as_of: null });
    const shown = await run(hub.directory);
    expect(shown.stdout).toContain(`branch      local branch main, ${live.slice(0, 7)}`);
    expect(shown.calls.filter((call) => call.includes('git-repositories'))).toEqual([]);
    const fetched = await changes(hub.directory, '--fetch');
    expect(fetched.unknown[0]?.why).toBe('this clone has no remote to fetch from');
  });

  test('is the one checked out if the API does not say', async () => {
    liveRelease(bed).site.branch = null;
    const cloned = clone();
    expect((await changes(cloned.directory)).target).toMatchObject({ ref: 'origin/main', checked_out: true });
    expect((await run(cloned.directory)).stdout).toContain('(checked out here; the API does not name the branch)\n');
    cloned.git('checkout', '--quiet', '--detach');
    const detached = await changes(cloned.directory);
    expect([detached.target, detached.unknown[0]?.why]).toEqual([
      null,
      'the API does not say which branch the site deploys, and no branch is checked out here',
    ]);
  });

  test('is read with a detached HEAD, in a worktree, in a subdirectory and in a bare clone', async () => {
    const cloned = clone();
    cloned.git('checkout', '--quiet', '--detach');
    expect((await changes(cloned.directory)).unknown).toEqual([]);
    cloned.git('worktree', 'add', '--quiet', '--detach', join(bed.directory, 'tree'));
    expect((await changes(join(bed.directory, 'tree'))).target?.as_of).toEqual(expect.any(String));
    mkdirSync(join(cloned.directory, 'app/Http'), { recursive: true });
    expect((await changes(join(cloned.directory, 'app/Http'))).missing_keys).toEqual(['CART_TTL']);
    const bare = hub.clone(join(bed.directory, 'bare.git'), '--bare');
    expect((await changes(bare.directory)).target).toMatchObject({ ref: 'main', commit: live });
  });

  test('is read with SHA-256, packed references and a sparse checkout', async () => {
    const other = Repository.create(join(bed.directory, 'new/example/shop'), '--object-format=sha256');
    deployed(bed, other.commit('Start').slice(0, 12));
    const head = other.commit('Add carts', { [migration]: '<?php' });
    const cloned = other.clone(join(bed.directory, 'clone'));
    cloned.git('pack-refs', '--all');
    cloned.git('sparse-checkout', 'set', 'public');
    expect(await changes(cloned.directory)).toMatchObject({ commits: [{ commit: head }], migrations: [{ file: migration }], unknown: [] });
  });

  test('is as old as the last fetch', async () => {
    const cloned = clone();
    expect((await changes(cloned.directory)).target?.as_of).toBe('2026-04-01T00:02:00Z');
    cloned.git('fetch', '--quiet');
    const written = new Date('2026-04-15T10:00:00Z');
    utimesSync(join(cloned.directory, '.git/FETCH_HEAD'), written, written);
    expect((await changes(cloned.directory)).target?.as_of).toBe('2026-04-15T10:00:00Z');
    const shown = await run(cloned.directory, undefined, { columns: 120, env: { NO_COLOR: '1' } });
    expect(shown.stdout).toContain(`  branch      origin/main, ${live.slice(0, 7)}, as of 1d ago\n`);
    const fork = hub.clone(join(bed.directory, 'fork'));
    cloned.git('fetch', '--quiet', `file://${fork.directory}`, 'main');
    utimesSync(join(cloned.directory, '.git/FETCH_HEAD'), written, written);
    expect((await changes(cloned.directory)).target?.as_of).toBe('2026-04-01T00:02:00Z');
  });

  test('is read where the link file is', async () => {
    hub.commit('Add an API', {
      'apps/api/.env.example': 'API_ONLY=1\n',
      'apps/api/composer.json': JSON.stringify({ config: { platform: { php: '8.4.1' } } }),
      [`apps/api/${migration}`]: '<?php',
      'apps/api/.deploynix.json': JSON.stringify({ server: 'web-1', site: 'shop.example.com' }),
    });
    const cloned = clone();
    const { directory } = cloned;
    const within = join(directory, 'apps/api');
    const expected = { missing_keys: ['API_ONLY'], migrations: [{ file: migration }], php: { platform: '8.4.1', allowed: false } };
    expect((await dnx(within, 'changes --json')).json()).toMatchObject(expected);
    expect((await changes(directory)).migrations).toEqual([]);
    // As in a hook of this repository or of another one, and with paths that mean something else.
    const hooks = [
      { GIT_DIR: '.git', GIT_INDEX_FILE: '.git/index', GIT_PREFIX: 'apps/' },
      { GIT_DIR: join(directory, '.git') },
      { GIT_DIR: join(bed.directory, 'other/.git'), GIT_WORK_TREE: '/usr' },
      { GIT_LITERAL_PATHSPECS: '1' },
      { GIT_ICASE_PATHSPECS: '1' },
    ];
    for (const env of leading(hooks, 2)) {
      expect((await dnx(within, 'changes --json', { env })).json(), JSON.stringify(env)).toMatchObject(expected);
      expect((await dnx(within, 'changes --fetch --json', { env })).json(), JSON.stringify(env)).toMatchObject(expected);
    }
    cloned.git('config', 'core.worktree', '/usr');
    const elsewhere = (await dnx(within, 'changes --json')).json<Changes>();
    expect(elsewhere).toMatchObject({ missing_keys: null, migrations: null, php: null });
    expect(reasonsOf(elsewhere)).toEqual(['the link file is not in the working tree of this repository']);
  });
});

test('--fetch asks for no password unless the user can type', async () => {
  const { directory } = clone();
  const seen: (readonly [attended: unknown, prompts: unknown, ssh: unknown])[] = [];
  const program: RunOptions['program'] = (child, signal) => {
    if (child.args.includes('fetch')) seen.push([child.attended ?? false, child.env.GIT_TERMINAL_PROMPT, child.env.SSH_ASKPASS_REQUIRE]);
    return captureChild(child, signal);
  };
  await expect(run(directory, '--fetch', { program })).toExit(0, { stderr: 'Fetching main from origin\n' });
  await expect(run(directory, '--fetch', { program, columns: 80, keys: '' })).toExit(0);
  await expect(run(directory, '--fetch --no-input', { program, columns: 80 })).toExit(0);
  expect(seen).toEqual([
    [false, '0', 'force'],
    [true, undefined, undefined],
    [false, '0', 'force'],
  ]);
});
