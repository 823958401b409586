import fc from 'fast-check';
import { expect, test } from 'vitest';
import { baseOf, changingSteps, pullSteps, pushSteps, type SyncSteps, stepsOf } from '../../src/features/env/sync/steps.ts';
import { seedOf, volume } from '../support/volume.ts';
import { after, type Event, histories, nothing, type Person, type PullEvent, type PushEvent, type Values, type World } from './model.ts';

const SEED = seedOf(12);

const mapOf = (values: Values | undefined) => new Map(Object.entries(values ?? {}));
const valuesOf = (map: ReadonlyMap<string, string>): Values => Object.fromEntries([...map].sort());

/** What the client's plan does to the world. */
function performed(world: World, event: PullEvent | PushEvent): { readonly world: World; readonly conflict: boolean } {
  const { file, common } = world.people[event.who] as Person;
  if (event.do === 'push' && file === undefined) return { world, conflict: false };
  const [local, remote] = [mapOf(file), mapOf(world.site)];
  const base = file === undefined ? { ...baseOf(), keys: Object.keys(common) } : baseOf(mapOf(common));
  const sides = { local, remote, base, choice: event };
  const plan = event.do === 'push' ? pushSteps({ ...sides, prune: event.prune }) : pullSteps({ ...sides, force: event.force });
  if (stepsOf(plan, 'conflict').length > 0) return { world, conflict: true };
  if (file === undefined && changingSteps(plan).length === 0) return { world, conflict: false };
  const target = event.do === 'push' ? remote : local;
  for (const { key, value } of changingSteps(plan)) {
    if (value === undefined) target.delete(key);
    else target.set(key, value);
  }
  const next = { file: valuesOf(local), common: valuesOf(commonAfter(plan, mapOf(common))) };
  return {
    world: { site: valuesOf(remote), people: world.people.map((each, index) => (index === event.who ? next : each)) },
    conflict: false,
  };
}

function commonAfter({ equal, steps }: SyncSteps, common: Map<string, string>): Map<string, string> {
  const agreed = steps.flatMap((step) => (step.agreed ? [[step.key, step.agreed.value] as const] : []));
  for (const [key, value] of [...equal, ...agreed]) {
    if (value === undefined) common.delete(key);
    else common.set(key, value);
  }
  return common;
}

const isMerge = (event: Event): event is PullEvent | PushEvent => event.do === 'pull' || event.do === 'push';

const sorted = ({ site, people }: World): World => ({
  site: valuesOf(mapOf(site)),
  people: people.map(({ file, common }) => ({ file: file && valuesOf(mapOf(file)), common: valuesOf(mapOf(common)) })),
});

test('the plans of pull and push agree with the rules in random histories', () => {
  const seen = { conflicts: 0, merges: 0 };
  fc.assert(
    fc.property(histories(false), (history) => {
      let world = nothing;
      for (const event of history) {
        const expected = after(world, event);
        if (isMerge(event)) {
          const found = performed(world, event);
          expect({ ...found, world: sorted(found.world) }).toEqual({ ...expected, world: sorted(expected.world) });
          seen.merges += 1;
          if (found.conflict) seen.conflicts += 1;
        }
        world = expected.world;
      }
    }),
    { seed: SEED, numRuns: volume(10_000, 150) },
  );
  // The histories do contain conflicts, and merges without them.
  expect(seen.conflicts).toBeGreaterThan(seen.merges / 50);
  expect(seen.merges - seen.conflicts).toBeGreaterThan(seen.merges / 2);
});

// A change is lost if someone overwrites it who has not seen it, or a pull overwrites it before it was published.
test('no change is lost without an option that says so', () => {
  let overwritten = 0;
  fc.assert(
    fc.property(histories(true), (history) => {
      let world = nothing;
      // Values that were in a person's file or on the site at some time.
      const seen = [new Set<string>(), new Set<string>()];
      const published = new Set<string>();
      for (const event of history) {
        const before = world;
        world = isMerge(event) ? performed(world, event).world : after(world, event).world;
        if (isMerge(event)) {
          const place = event.do === 'push' ? (each: World) => each.site : (each: World) => each.people[event.who]?.file ?? {};
          const known = event.do === 'push' ? seen[event.who] : published;
          const forced = event.do === 'pull' && event.force;
          for (const [key, value] of Object.entries(place(before))) {
            if (place(world)[key] === value) continue;
            overwritten += 1;
            const named = [...event.ours, ...event.theirs].some((each) => each === key || each === '*');
            expect(forced || named || known?.has(value), `${key}=${value} is lost by ${JSON.stringify(event)}`).toBe(true);
          }
        }
        // A pull that keeps a value by name decides against the one at Deploynix.
        if (event.do === 'pull' && world !== before)
          for (const [key, value] of Object.entries(before.site))
            if (event.ours.includes(key) || event.ours.includes('*')) seen[event.who]?.add(value);
        for (const value of Object.values(world.site)) published.add(value);
        world.people.forEach(({ file = {} }, index) => {
          for (const value of Object.values(file)) seen[index]?.add(value);
        });
      }
    }),
    { seed: SEED, numRuns: volume(10_000, 150) },
  );
  expect(overwritten).toBeGreaterThan(volume(1_000, 15));
});
