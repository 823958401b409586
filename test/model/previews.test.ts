import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HttpRequest } from '../../src/machine/world.ts';
import { perSuite } from '../support/fixtures.ts';
import { seedOf, volume } from '../support/volume.ts';
import { type Fleet, fleets, type PlantedFleet, plantFleet } from './preview-fleet.ts';
import { type Machine, openMachine, openProjectOnce, rowsIn, type Stop } from './preview-machine.ts';
import { stories, told } from './preview-story.ts';

const project = perSuite(openProjectOnce);

const SWEEP = ['preview', 'sweep', '--confirm', 'shop.example.com', '--json'];

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly server: string;
  readonly outcome: string;
}

const namesOf = (rows: readonly Row[], outcome: string): readonly string[] =>
  rows.flatMap((row) => (row.outcome === outcome ? [`${row.kind} ${row.name} on ${row.server}`] : [])).sort();

/** What happens to a sweep: something stops it, or others take over what it has not removed yet. */
const troubles = fc.oneof(
  fc.constant(undefined),
  fc.constant('taken over' as const),
  fc.record({
    request: fc.integer({ min: 1, max: 60 }),
    how: fc.constantFrom<Stop['how']>('killed before', 'killed after', 'answer lost'),
  }),
);

type Trouble = typeof troubles extends fc.Arbitrary<infer Value> ? Value : never;

/** Sweeps a fleet, once it was told what that would do, and again if something stopped it. Returns what is wrong. */
async function swept(machine: Machine, fleet: Fleet, trouble: Trouble): Promise<readonly string[]> {
  const { bed, owner, servers } = machine;
  const planted = plantFleet(bed, owner, fleet, servers);
  project.branches = planted.branches;
  const { state } = bed.sandbox;
  const before = rowsIn(state);
  const planned = await machine.dnx([...SWEEP, '--dry-run']);
  expect([planned.code, planned.changes], planned.stderr).toEqual([0, []]);
  expect(rowsIn(state)).toEqual(before);
  if (trouble === undefined || trouble === 'taken over') {
    const run = await machine.dnx(SWEEP, { ...(trouble && { before: onceDeleting((path) => takeOver(machine, planted, path)) }) });
    expect(run.code, run.stderr).toBe(0);
    const [would, did] = [namesOf(planned.json<Row[]>(), 'would_remove'), namesOf(run.json<Row[]>(), 'removed')];
    expect(did).toEqual(trouble ? would.filter((name) => did.includes(name)) : would);
    return differences(trouble ? new Map([...before, ...taken(machine, before)]) : before, rowsIn(state), planted);
  }
  expect([0, 12, 130]).toContain((await machine.dnx(SWEEP, { stop: trouble })).code);
  const again = await machine.dnx(SWEEP);
  expect(again.code, again.stderr).toBe(0);
  return differences(before, rowsIn(state), { ...planted, unclear: new Set([...planted.unclear, ...planted.young]) });
}

/** Calls back before the first request that deletes something. */
function onceDeleting(callback: (path: string) => void) {
  let isOver = false;
  return ({ method, url }: HttpRequest): void => {
    if (method !== 'DELETE' || isOver) return;
    isOver = true;
    callback(new URL(url).pathname);
  };
}

const TAKEN = 'release/taken-over';

/** Makes something else of every site that a sweep is about to remove, except the one that it deletes right now. */
function takeOver({ bed }: Machine, { doomed, databases }: PlantedFleet, path: string): void {
  for (const site of bed.sandbox.state.sites) {
    const database = databases.get(site.id) ?? [];
    if (!doomed.has(site.id) || [site.id, ...database].some((id) => path.includes(id))) continue;
    site.branch = TAKEN;
    for (const id of [site.id, ...database]) doomed.delete(id);
  }
}

/** The sites that were taken over, as they are now. */
const taken = ({ bed }: Machine, before: ReadonlyMap<string, string>) =>
  [...rowsIn(bed.sandbox.state)].filter(([key, text]) => before.has(key) && text.includes(TAKEN));

/** What a sweep left of what it had to remove, and what it removed or made beside that. */
function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>, { doomed, unclear }: PlantedFleet) {
  const isOf = (ids: ReadonlySet<string>, [key, text]: readonly [string, string]) =>
    ids.has(key.slice(key.indexOf(' ') + 1)) || [...ids].some((id) => text.includes(`"site_id":"${id}"`));
  return [
    ...[...before].flatMap((row) => {
      const [key, text] = row;
      if (isOf(unclear, row)) return [];
      if (isOf(doomed, row)) return after.has(key) ? [`left: ${key} ${text}`] : [];
      return after.get(key) === text ? [] : [`gone: ${key} ${text}`];
    }),
    ...[...after.keys()].filter((key) => !before.has(key)).map((key) => `made: ${key}`),
  ];
}

test('a sweep removes what is left of previews and nothing else, whatever stops it or comes between', async () => {
  await fc.assert(
    fc.asyncProperty(fleets, troubles, async (fleet, trouble) => {
      const machine = await openMachine(project);
      try {
        expect(await swept(machine, fleet, trouble)).toEqual([]);
      } finally {
        await machine.bed.close();
      }
    }),
    { seed: seedOf(3), numRuns: volume(10_000, 20), endOnFailure: false },
  );
}, 7_200_000);

test('whatever happens to previews, a sweep long after leaves the fleet as it was without them', async () => {
  await fc.assert(
    fc.asyncProperty(stories, async (story) => {
      const machine = await openMachine(project);
      try {
        expect(await told(machine, project, story)).toEqual([]);
      } finally {
        await machine.bed.close();
      }
    }),
    { seed: seedOf(4), numRuns: volume(1_000, 4), endOnFailure: false },
  );
}, 7_200_000);
