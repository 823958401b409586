import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const shop = seeded.sites['shop.example.com'];

const bed = perTest(openBed);

const posts = () => bed.sandbox.calls.filter(({ method }) => method === 'POST');
/** Names, oldest first. */
const releases = () => bed.sandbox.state.releases.filter(({ site_id }) => site_id === shop);
const previous = () => releases().at(-2);

/** Picks the first release and agrees; meanwhile this happens. */
const meanwhile = (change: () => void): RunOptions => ({
  columns: 100,
  keys: '\ry\r',
  through: (network) => ({
    ...network,
    request: (request) => {
      // The second look at the site is the one after the question.
      if (request.url.includes('/releases') && bed.sandbox.calls.some(({ path }) => path.endsWith('/releases'))) change();
      return network.request(request);
    },
  }),
});

describe('a release that changed during the question is not rolled back to', () => {
  test.each(['failed', 'deploying'])('when it is %s', async (status) => {
    const target = previous();
    const run = await bed.dnx(
      'rollback shop.example.com',
      meanwhile(() => Object.assign(target ?? {}, { status })),
    );
    expect(run).toExit(10, { stdout: '' });
    expect(stripVTControlCharacters(run.stderr)).toContain(`Release ${target?.name} is “${status}” now. Nothing was rolled back.\n`);
    expect(posts()).toEqual([]);
  });

  test('when it is gone, and goes by the name that the person saw', async () => {
    const target = previous();
    const run = await bed.dnx(
      'rollback shop.example.com',
      meanwhile(() => {
        bed.sandbox.state.releases = bed.sandbox.state.releases.filter((each) => each !== target);
      }),
    );
    expect(run).toExit(6, { stdout: '' });
    expect(stripVTControlCharacters(run.stderr)).toContain(`Release ${target?.name} no longer exists. Nothing was rolled back.\n`);
    expect(posts()).toEqual([]);
  });

  test('when another is named like its id', async () => {
    const target = previous();
    await expect(
      bed.dnx(
        'rollback shop.example.com',
        meanwhile(() => {
          bed.sandbox.state.releases = bed.sandbox.state.releases.filter((each) => each !== target);
          Object.assign(releases()[0] ?? {}, { name: target?.id });
        }),
      ),
    ).toExit(6, { stdout: '' });
    expect(posts()).toEqual([]);
  });
});

test('a failed release that was named is for the API to judge', async () => {
  const target = previous();
  Object.assign(target ?? {}, { status: 'failed' });
  const run = await bed.dnx(`rollback shop.example.com --to ${target?.name} --no-wait`, { columns: 100, keys: 'y\r' });
  expect(posts().map(({ body }) => body)).toEqual([{ release_id: target?.id }]);
  expect(run).toExit(7);
});

describe('two releases of one name', () => {
  beforeEach(() => {
    for (const each of releases().slice(0, 2)) each.name = 'v1';
  });

  test('are listed instead of one being taken', async () => {
    const [one, other] = releases();
    const run = await bed.dnx('rollback shop.example.com --to v1 --yes');
    expect(run).toExit(6, { stdout: '', stderr: expect.stringMatching(/^Error: 'v1' matches 2 releases:\n/) });
    for (const each of [one, other]) expect(run.stderr).toContain(`  ${each?.id}  v1  ${each?.commit_hash?.slice(0, 7)} `);
    expect(run.stderr).toContain('\n  Use the id.\n');
    expect(posts()).toEqual([]);
  });

  test('are told apart by their ids, also to undo the rollback', async () => {
    const old = releases().at(-1);
    Object.assign(old ?? {}, { name: 'v1' });
    const [, target] = releases();
    const run = await bed.dnx(`rollback shop.example.com --to ${target?.id} --yes --no-wait`);
    expect(posts().map(({ body }) => body)).toEqual([{ release_id: target?.id }]);
    expect(run).toExit(0, { stdout: expect.stringContaining(`rollback shop.example.com --server web-1 --to ${old?.id}\n`) });
  });
});
