import { expect, test } from 'vitest';
import { HOUR } from '../../src/base/time.ts';
import { databaseName, markOf } from '../../src/features/preview/names.ts';
import { perSuite } from '../support/fixtures.ts';
import { sampled } from '../support/volume.ts';
import { type Machine, openMachine, openProjectOnce, rowsIn, type Stop } from './preview-machine.ts';
import { lineOf } from './preview-story.ts';

const project = perSuite(openProjectOnce);

const BRANCH = 'Feature/Cart';
const up = lineOf('up', BRANCH);
const down = lineOf('down', BRANCH);
const sweep = lineOf('sweep', BRANCH);

/** Runs something with a new machine whose remote has these branches. */
async function withMachine<T>(branches: readonly string[], run: (machine: Machine) => Promise<T>, rateLimit?: number): Promise<T> {
  const machine = await openMachine(project, rateLimit);
  project.branches = branches;
  try {
    return await run(machine);
  } finally {
    await machine.bed.close();
  }
}

const timeless = ({ bed }: Machine) => rowsIn(bed.sandbox.state, true);

/** What sweeping leaves, long enough after the branches are gone for whatever was going on to have ended. */
async function leftBySweep(machine: Machine): Promise<ReadonlyMap<string, string>> {
  project.branches = [];
  await machine.bed.clock.sleep(2 * HOUR);
  const swept = await machine.dnx(sweep);
  expect(swept.code, swept.stderr).toBe(0);
  return timeless(machine);
}

/** Every way to stop a line that sends so many requests. */
const stopsOf = (requests: number): readonly Stop[] =>
  (['killed before', 'killed after', 'answer lost'] as const).flatMap((how) =>
    Array.from({ length: requests }, (_, at): Stop => ({ request: at + 1, how })),
  );

test('an up that stops at any request is swept without a trace, and goes on with the next one', async () => {
  const requests = await withMachine([BRANCH], async ({ dnx }) => {
    const run = await dnx(up);
    expect(run.code, run.stderr).toBe(0);
    return run.calls.length;
  });
  for (const stop of sampled(stopsOf(requests), 2, 11)) {
    const at = `${stop.how} at request ${stop.request} of ${requests}`;
    await withMachine([BRANCH], async (machine) => {
      const before = timeless(machine);
      expect([0, 1, 12, 13, 130]).toContain((await machine.dnx(up, { stop })).code);
      expect(await leftBySweep(machine), at).toEqual(before);
    });
    await withMachine([BRANCH], async (machine) => {
      expect([0, 1, 12, 13, 130]).toContain((await machine.dnx(up, { stop })).code);
      const again = await machine.dnx(up);
      expect(again.code, `${at}: ${again.stderr}`).toBe(0);
      const { sites, databases } = machine.bed.sandbox.state;
      const name = databaseName(markOf(machine.owner, BRANCH));
      expect([sites.filter(({ branch }) => branch === BRANCH).length, databases.filter((row) => row.name === name).length], at).toEqual([
        1, 1,
      ]);
    });
  }
}, 3_600_000);

test('a down that stops at any request leaves only what the next one or a sweep removes', async () => {
  const requests = await withMachine([BRANCH], async ({ dnx }) => {
    expect((await dnx(up)).code).toBe(0);
    const run = await dnx(down);
    expect(run.code, run.stderr).toBe(0);
    return run.calls.length;
  });
  for (const stop of sampled(stopsOf(requests), 1, 12)) {
    const at = `${stop.how} at request ${stop.request} of ${requests}`;
    for (const next of [down, sweep]) {
      await withMachine([BRANCH], async (machine) => {
        const before = timeless(machine);
        expect((await machine.dnx(up)).code).toBe(0);
        expect([0, 1, 12, 13, 130]).toContain((await machine.dnx(down, { stop })).code);
        if (next === down) expect([0, 6], at).toContain((await machine.dnx(down)).code);
        expect(next === down ? timeless(machine) : await leftBySweep(machine), at).toEqual(before);
      });
    }
  }
}, 3_600_000);

test('ten branches come up side by side within the limit, and a sweep finishes what one of them left', async () => {
  const branches = Array.from({ length: 10 }, (_, number) => `feature/${number}`);
  await withMachine(
    branches,
    async (machine) => {
      const { bed, dnx } = machine;
      const before = timeless(machine);
      const runs = await Promise.all(
        branches.map((branch, number) =>
          dnx([...lineOf('up', branch)], { stop: number === 7 ? { request: 30, how: 'killed after' } : undefined }),
        ),
      );
      const codes = runs.map(({ code, stderr }) => (code === 0 || code === 130 ? code : stderr.trim().split('\n').at(-1)));
      expect(codes).toEqual(branches.map((_, number) => (number === 7 ? 130 : 0)));
      const named = bed.sandbox.state.environment_variables.filter(({ key, value }) => key === 'DB_DATABASE' && value.startsWith('pv_'));
      expect(new Set(named.map(({ value }) => value)).size).toBe(named.length);
      expect(await leftBySweep(machine)).toEqual(before);
    },
    60,
  );
}, 120_000);

test.each([
  ['differ in case, and have the same mark', 'FEATuRE/New-ChEcKout-page', 'FeAtUre/NeW-cHEcKout-page'],
  ['have the same mark', 'fix/issue-8372', 'fix/issue-27435'],
  ['differ in case', 'Feature/Cart', 'feature/cart'],
  ['differ in what no domain has', 'a/b', 'a_b'],
  ['have no letter of a domain', '🚀', '🎉'],
  ['begin with the same 30 letters', `${'a'.repeat(40)}b`, `${'a'.repeat(40)}c`],
])('two branches that %s get two previews or a refusal', async (_, first, second) => {
  await withMachine([first, second], async (machine) => {
    const { bed, dnx, owner } = machine;
    const before = timeless(machine);
    expect((await dnx(lineOf('up', first))).code).toBe(0);
    const one = timeless(machine);
    const run = await dnx(lineOf('up', second));
    const isSame = markOf(owner, first) === markOf(owner, second);
    expect([run.code, run.changes.length > 0], run.stderr).toEqual(isSame ? [10, false] : [0, true]);
    if (isSame) expect(timeless(machine)).toEqual(one);
    const previews = bed.sandbox.state.sites.filter(({ branch }) => branch === first || branch === second);
    expect(previews.map(({ branch }) => branch)).toEqual(isSame ? [first] : [first, second]);
    expect((await dnx(lineOf('down', second))).code).toBe(isSame ? 10 : 0);
    expect(bed.sandbox.state.sites.filter(({ branch }) => branch === first)).toHaveLength(1);
    expect(await leftBySweep(machine)).toEqual(before);
  });
});
