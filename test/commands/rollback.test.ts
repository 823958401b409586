import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';

const shop = seeded.sites['shop.example.com'];

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const posts = () => bed.sandbox.calls.filter(({ method }) => method === 'POST');
/** Names, oldest first. */
const releases = () => bed.sandbox.state.releases.filter(({ site_id }) => site_id === shop);
const live = () => releases().find(({ active }) => active);

describe('rollback', () => {
  test('makes the release before live, and says how to undo it', async () => {
    const old = live();
    const target = releases().at(-2);
    const run = await bed.dnx('rollback shop.example.com --yes --json');
    expect(run.code).toBe(0);
    expect(run.json()).toMatchObject({ site: 'shop.example.com', outcome: 'succeeded', release: target?.name });
    expect(live()).toBe(target);
    expect(run.stderr).toContain(`shop.example.com goes back from ${old?.name} (${old?.commit_hash?.slice(0, 7)}, ${old?.commit_message}`);
    expect(run.stderr).toContain('Database migrations are not undone.');
    expect(run.stderr).toContain(`To undo it: dnx rollback shop.example.com --server web-1 --to ${old?.name}`);
    expect(posts().map(({ body }) => body)).toEqual([{ release_id: target?.id }]);
    expect((await bed.dnx(`rollback shop.example.com --server web-1 --to ${old?.name} --yes`)).code).toBe(0);
    expect(live()).toBe(old);
  });

  test.each(['name', 'id'] as const)('--to takes a release by its %s', async (key) => {
    const [oldest] = releases();
    expect((await bed.dnx(`rollback shop.example.com --to ${oldest?.[key]} --yes`)).code).toBe(0);
    expect(live()).toBe(oldest);
  });

  test('a person picks one', async () => {
    const third = releases().at(-3);
    const run = await bed.dnx('rollback shop.example.com', { columns: 120, keys: 'y\r\u001b[B\r' });
    expect(run.stderr).toContain('Roll back site shop.example.com on server web-1?');
    expect(run.stderr).toContain('Which release shall be live?');
    expect(run.code).toBe(0);
    expect(live()).toBe(third);
  });

  test('is refused without a word for it, with nothing sent', async () => {
    const run = await bed.dnx('rollback shop.example.com');
    expect(run).toMatchObject({ code: 2, stdout: '', calls: [] });
    expect(run.stderr).toContain('Pass --yes.');
  });

  test('refuses what is live, and what is not kept', async () => {
    const same = await bed.dnx(`rollback shop.example.com --to ${live()?.name} --yes`);
    expect(same).toMatchObject({ code: 10, stdout: '' });
    const none = await bed.dnx('rollback shop.example.com --to 20200101_000000 --yes');
    expect(none).toMatchObject({ code: 6, stdout: '' });
    expect(none.stderr).toContain('shop.example.com keeps no release 20200101_000000.');
    expect(posts()).toEqual([]);
  });

  test('says so when there is nothing to go back to', async () => {
    bed.sandbox.state.releases = bed.sandbox.state.releases.filter((each) => each.site_id !== shop || each.active);
    const run = await bed.dnx('rollback shop.example.com --yes');
    expect(run).toMatchObject({ code: 6, stdout: '' });
    expect(posts()).toEqual([]);
  });

  test('is sent once when its answer is lost, and can be taken up', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: /rollback$/ }, 'drop-after');
    const run = await bed.dnx('rollback shop.example.com --yes');
    expect(run.code).toBe(13);
    expect(posts()).toHaveLength(1);
    expect((await bed.dnx('site watch --json')).json()).toMatchObject({ outcome: 'succeeded' });
  });

  test('that a deployment overtakes is superseded', async () => {
    bed.clock.at(2_000, () => bed.sandbox.deployElsewhere(shop));
    const run = await bed.dnx('rollback shop.example.com --yes --json');
    expect(run.code).toBe(1);
    expect(run.json()).toMatchObject({ outcome: 'superseded' });
  });

  test('--no-wait only starts it', async () => {
    const run = await bed.dnx('rollback shop.example.com --yes --no-wait --json');
    expect(run.json()).toMatchObject({ outcome: 'started' });
    expect(run.waited).toBe(0);
  });
});
