import { describe, expect, test } from 'vitest';
import { MINUTE } from '../../src/base/time.ts';
import type { RemovalRow } from '../../src/features/preview/removal.ts';
import { perTest } from '../support/fixtures.ts';
import { fleetIn, outcomes, plantPreview, plantSite, plantVariable, whys } from '../support/planted-preview.ts';
import { openPreviewBed } from '../support/preview-bed.ts';

const bed = perTest(() => openPreviewBed());
const fleet = () => fleetIn(bed);

describe('down', () => {
  const confirmed = '--confirm shop.example.com --json';

  test('removes the preview of a branch, however young, and no other', async () => {
    bed.push('fix/cart');
    plantPreview(bed, 'Fix/cart', { age: MINUTE });
    const before = fleet();
    const { domain, database } = plantPreview(bed, 'fix/cart', { age: MINUTE });
    const run = await bed.dnx(`preview down fix/cart ${confirmed}`);
    expect(run).toExit(0);
    expect(outcomes(run.json())).toEqual([`site ${domain} removed`, `user ${database} removed`, `database ${database} removed`]);
    expect(fleet()).toBe(before);
  });

  test.each([
    ['the checkout', {}],
    ['a GitHub job', { GITHUB_HEAD_REF: 'ci' }],
    ['a GitLab job', { CI_COMMIT_REF_NAME: 'ci' }],
    ['a Bitbucket job', { BITBUCKET_BRANCH: 'ci' }],
  ])('takes the branch of %s', async (_, env: Record<string, string>) => {
    const branch = Object.values(env)[0] ?? 'here';
    bed.clone.git('checkout', '--quiet', '-b', 'here');
    const before = fleet();
    plantPreview(bed, branch);
    expect(await bed.dnx(`preview down ${confirmed}`, { env })).toExit(0);
    expect(fleet()).toBe(before);
  });

  test('removes what an interrupted one has left', async () => {
    const before = fleet();
    plantPreview(bed, 'fix/cart', { without: ['site'], age: MINUTE });
    expect(await bed.dnx(`preview down fix/cart ${confirmed}`)).toExit(0);
    expect(fleet()).toBe(before);
  });

  test('fails for a branch without a preview, unless that is all right', async () => {
    for (const branch of ['fix/cart', 'main', '../x', '🚀'])
      expect(await bed.dnx(['preview', 'down', branch, '--confirm', 'shop.example.com'])).toExit(6, {
        changes: [],
        says: 'No preview of ',
      });
    const run = await bed.dnx(`preview down fix/cart --if-exists ${confirmed}`);
    expect(run).toExit(0, { changes: [] });
    expect(run.json()).toEqual([]);
  });

  test('does not touch what only bears the name', async () => {
    const { domain } = plantPreview(bed, 'fix/cart', { site: { git_repository_id: null } });
    const run = await bed.dnx(`preview down fix/cart ${confirmed}`);
    expect(run).toExit(10, { changes: [], says: `${domain} is not the preview of fix/cart: Deploynix does not show its repository.` });
  });

  test('leaves all as it is beside a second database of the name, which would stay without its site', async () => {
    const { database } = plantPreview(bed, 'fix/cart');
    const { databases } = bed.sandbox.state;
    databases.push({ ...databases.find(({ name }) => name === database), id: 'twin' } as (typeof databases)[number]);
    for (const line of ['preview down fix/cart --dry-run', `preview down fix/cart ${confirmed}`])
      expect(await bed.dnx(line)).toExit(10, {
        changes: [],
        says: `${database} is not the preview of fix/cart: another one has the same name.`,
      });
  });

  test('lists what is like the preview and stays', async () => {
    const { database } = plantPreview(bed, 'fix/cart');
    const { databases } = bed.sandbox.state;
    databases.push({
      ...databases.find(({ name }) => name === database),
      id: 'old',
      name: `${database}_old`,
    } as (typeof databases)[number]);
    const run = await bed.dnx(`preview down fix/cart ${confirmed}`);
    expect(run).toExit(0);
    expect(outcomes(run.json()).at(-1)).toBe(`database ${database}_old kept`);
  });

  test('fails if the database has to stay', async () => {
    const { database } = plantPreview(bed, 'fix/cart');
    plantVariable(bed, plantSite(bed), 'DB_DATABASE', database);
    const run = await bed.dnx(`preview down fix/cart ${confirmed}`);
    expect(run).toExit(12, { says: '1 of 2 not removed' });
    expect(whys(run.json())).toEqual(['site: asked for', 'database: DB_DATABASE of other.example.com names it']);
  });

  test('fails if there is nothing but a database that has to stay', async () => {
    const { database } = plantPreview(bed, 'fix/cart', { without: ['site'] });
    plantVariable(bed, plantSite(bed), 'DB_DATABASE', database);
    const run = await bed.dnx(`preview down fix/cart ${confirmed}`);
    expect(run).toExit(12, { says: '1 of 1 not removed', changes: [] });
    expect(outcomes(run.json())).toEqual([`database ${database} kept`]);
  });

  test('only says it in a dry run', async () => {
    plantPreview(bed, 'fix/cart');
    const run = await bed.dnx('preview down fix/cart --dry-run --json');
    expect(run).toExit(0, { changes: [] });
    expect(run.json<RemovalRow[]>().map(({ outcome }) => outcome)).toEqual(['would_remove', 'would_remove', 'would_remove']);
  });
});
