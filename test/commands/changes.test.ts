import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Changes } from '../../src/features/changes/changes.ts';
import { seeded } from '../../src/sandbox/index.ts';
import type { Bed } from '../support/dnx.ts';
import { openProject, type Project } from '../support/project.ts';
import { deployed, liveRelease, type Repository } from '../support/repository.ts';
import { volume } from '../support/volume.ts';

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

const subjects = (commits: Changes['commits']) => commits?.map(({ subject }) => subject);

describe('in a clone with the live commit', () => {
  test('lists what the branch has since: commits, migrations, missing variables and PHP', async () => {
    hub.commit('Add carts', { [migration]: '<?php', 'database/migrations/notes.md': 'x', 'src/database/migrations/x.php': '<?php' });
    hub.commit('Require PHP 8.4', { 'composer.json': JSON.stringify({ require: { php: '>=8.4' } }) });
    const { directory } = clone();
    const found = await changes(directory);
    expect(found).toMatchObject({
      site: 'shop.example.com',
      server: 'web-1',
      live: { commit: live },
      target: { branch: 'main', ref: 'origin/main', remote: 'origin', commit: hub.head(), unpushed: 0 },
      commits: [
        { subject: 'Require PHP 8.4', author: 'Ada', committed_at: '2026-04-01T00:04:00Z' },
        { subject: 'Add carts', author: 'Ada', committed_at: '2026-04-01T00:03:00Z' },
      ],
      undone: [],
      migrations: [{ file: migration, change: 'added' }],
      missing_keys: ['CART_TTL'],
      php: { current: '8.3', required: '>=8.4', allowed: false },
      unknown: [],
    });
    const shown = await run(directory);
    expect(shown.stdout).toContain('Next deployment of shop.example.com: 2 commits, 1 migration, 1 missing variable, a PHP version');
    expect(shown.stdout).toContain(`  commits     ${hub.head().slice(0, 7)} Require PHP 8.4, 2026-04-01T00:04:00Z\n`);
    expect(shown.stdout).toContain('PHP         8.3 is not allowed: composer.json requires >=8.4');
    const differs = await run(directory, '--exit-code');
    expect(differs).toExit(10, { stdout: shown.stdout, stderr: 'Error: The next deployment of shop.example.com would bring changes.\n' });
  });

  test('says so if nothing changed, and exits 0', async () => {
    bed.sandbox.state.environment_variables.push({ ...variable(), key: 'CART_TTL' });
    const { directory } = clone();
    const done = await run(directory, '--exit-code');
    expect(done).toExit(0, { stderr: '', stdout: expect.stringContaining('✓ shop.example.com is up to date with origin/main\n') });
  });

  test('needs five requests in a linked project', async () => {
    const cloned = clone();
    liveRelease(bed).site.php_version = null;
    const environment = {
      server: { id: seeded.servers['web-1'], name: 'web-1' },
      site: { id: seeded.sites['shop.example.com'], name: 'shop.example.com' },
    };
    writeFileSync(join(cloned.directory, '.deploynix.json'), JSON.stringify(environment));
    const done = await dnx(cloned.directory, 'changes');
    expect(done).toExit(0);
    const site = `/servers/${environment.server.id}/sites/${environment.site.id}`;
    expect([...done.calls].sort()).toEqual(
      [
        `GET /git-repositories/${seeded.gitRepositories['example/shop']}`,
        `GET /servers/${environment.server.id}`,
        `GET ${site}`,
        `GET ${site}/environment-variables`,
        `GET ${site}/releases`,
      ].sort(),
    );
  });

  test('lists the commits of merged branches, and the merge', async () => {
    hub.git('checkout', '--quiet', '-b', 'carts');
    hub.commit('Add carts', { [migration]: '<?php' });
    hub.git('checkout', '--quiet', 'main');
    hub.commit('Fix VAT', { 'vat.php': '<?php' });
    hub.git('merge', '--quiet', '--no-ff', '-m', 'Merge carts', 'carts');
    const found = await changes(clone().directory);
    expect(subjects(found.commits)?.sort()).toEqual(['Add carts', 'Fix VAT', 'Merge carts']);
    expect([found.migrations?.length, found.undone]).toEqual([1, []]);
  });

  test('a modified migration counts, a removed one does not, and a renamed one is new', async () => {
    const [other, renamed] = ['database/migrations/b.php', 'database/migrations/c.php'];
    deployed(
      bed,
      hub.commit('Add migrations', { [migration]: '<?php //1', [other]: '<?php //2', 'database/migrations/a.php': '<?php //3' }),
    );
    hub.commit('Change them', { [migration]: '<?php //4', [other]: null, [renamed]: '<?php //3', 'database/migrations/a.php': null });
    expect((await changes(clone().directory)).migrations).toEqual([
      { file: migration, change: 'modified' },
      { file: renamed, change: 'added' },
    ]);
  });

  test('lists both sides if they diverged, and says what a deployment would undo', async () => {
    const fork = hub.head();
    deployed(bed, hub.commit('Hotfix', { 'fix.php': '<?php' }));
    const cloned = clone();
    hub.git('reset', '--quiet', '--hard', fork);
    hub.commit('Another way', { 'way.php': '<?php' });
    cloned.git('fetch', '--quiet');
    const found = await changes(cloned.directory);
    expect([subjects(found.commits), subjects(found.undone)]).toEqual([['Another way'], ['Hotfix']]);
    const shown = await run(cloned.directory);
    expect(shown.stdout).toContain('1 commit, 1 undone commit');
    expect(shown.stdout).toContain('  undone      live has 1 commit that origin/main lacks; a deployment would undo it:\n');
    expect(shown.stdout).toMatch(/\n {14}[0-9a-f]{7} Hotfix, /);
  });

  test('reads .env.example and composer.json of the branch, not the working copy', async () => {
    const cloned = clone();
    writeFileSync(join(cloned.directory, '.env.example'), 'LOCAL=1\n');
    writeFileSync(join(cloned.directory, 'composer.json'), '{}');
    const found = await changes(cloned.directory);
    expect([found.missing_keys, found.php?.required]).toEqual([['CART_TTL'], '^8.2']);
  });

  test('notes commits that are not pushed', async () => {
    const cloned = clone();
    cloned.commit('Local one');
    cloned.commit('Local two');
    const found = await changes(cloned.directory);
    expect([found.target?.unpushed, found.commits]).toEqual([2, []]);
    expect((await run(cloned.directory)).stdout).toContain('not pushed  2 commits of main are not pushed');
  });

  test('bounds a long history and shows its newest commits', async () => {
    const size = volume(5_000, 500);
    const stream = Array.from({ length: size }, (_, at) => {
      const [mark, text] = [at + 1, `Commit ${at}`];
      const parent = at === 0 ? `from ${live}\n` : `from :${at}\n`;
      return `commit refs/heads/main\nmark :${mark}\ncommitter Ada <ada@example.com> ${1_775_100_000 + at} +0000\ndata ${text.length}\n${text}\n${parent}`;
    });
    hub.gitWith(stream.join('\n'), 'fast-import', '--quiet');
    const { directory } = clone();
    expect((await changes(directory)).commits).toHaveLength(size);
    const shown = await run(directory);
    expect(shown.stdout).toContain(`: ${size} commits`);
    expect(shown.stdout).toContain(`… and ${size - 15} more commits; --json has all`);
    expect(shown.stdout.split('\n').length).toBeLessThan(25);
  });
});

const variable = () => {
  const [first] = bed.sandbox.state.environment_variables.filter(({ site_id }) => site_id === seeded.sites['shop.example.com']);
  if (!first) throw new Error('The seed has variables of shop.example.com.');
  return { ...first, id: '01JQ8Z4T9G0000000000EV0099' };
};
