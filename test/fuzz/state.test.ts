import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { isMap, parseDocument } from 'yaml';
import { openBed, type Run } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';
import { deep, seedOf, volume } from '../support/volume.ts';
import { contentOf, dialect, type Fleet, fleet, LISTS, SECRET, settle, speak } from './fleets.ts';

const bed = perSuite(openBed);
const runs = volume(10_000, 5);
// On a machine with nothing else to do, 10,000 take an hour.
const limitMs = deep ? 7_200_000 : 300_000;
const options = { seed: seedOf(20_261_202), numRuns: runs, interruptAfterTimeLimit: limitMs - 20_000, markInterruptAsFailure: true };

const FILE = 'deploynix.yml';
const APPLY = ['apply', FILE, '--yes', '--create', '--delete'];

beforeEach(() => bed.sandbox.faults.clear());

/** Gives the sandbox another fleet. */
function use(random: Fleet): ReturnType<typeof contentOf> {
  const { state, faults } = bed.sandbox;
  faults.clear();
  const repositories = state.git_repositories.map(({ id }) => id);
  settle(state, { repositories, stamp: '2026-04-01T12:00:00Z' }, random);
  return contentOf(state);
}

/** Exports the fleet into a file, and returns its text. `owns`: the lists of every site and server that the file has whole. */
async function exported(owns: Readonly<Record<'site' | 'server', readonly string[]>> = { site: [], server: [] }): Promise<string> {
  const run = await bed.dnx(['export']);
  expect(run).toExit(0);
  expect(shownBy(run)).not.toContain(SECRET);
  const document = parseDocument(run.stdout);
  for (const [section, lists] of [
    ['sites', owns.site],
    ['servers', owns.server],
  ] as const) {
    const map = document.get(section);
    for (const { value } of isMap(map) ? map.items : []) {
      if (!isMap(value)) continue;
      for (const list of lists) if (!value.has(list)) value.set(list, []);
      value.set('owns', [...lists]);
    }
  }
  writeFileSync(join(bed.directory, FILE), document.toString());
  return document.toString();
}

const shownBy = ({ stdout, stderr }: Run): string => `${stdout}${stderr}`;

interface DriftLine {
  readonly outcome: string;
  readonly kind: string;
  readonly changeable: boolean;
}

/** What is not as the file says, although an apply could change it. */
async function changeable(): Promise<readonly DriftLine[]> {
  const lines = (await bed.dnx(['drift', FILE, '--json'])).json<readonly DriftLine[]>();
  return lines.filter((line) => line.changeable && !['unknown', 'twin'].includes(line.outcome));
}

test(
  `${runs} random fleets: an export differs in nothing from what it was made of, and its apply sends nothing`,
  async () => {
    const property = fc.asyncProperty(fleet, dialect, async (random, spoken) => {
      use(random);
      speak(bed.sandbox.faults, spoken);
      const text = await exported();
      const drift = await bed.dnx(['drift', FILE]);
      expect(drift.code, `${shownBy(drift)}\n${text}`).toBe(0);
      const again = await bed.dnx(APPLY);
      expect([again.code, again.changes], `${shownBy(again)}\n${text}`).toEqual([0, []]);
    });
    await fc.assert(property, options);
  },
  limitMs,
);

const owned = fc.record({
  site: fc.subarray(['queues', 'redirects', 'certificates']),
  server: fc.subarray(['crontabs', 'daemons', 'network_rules', 'ssh_keys']),
});

/** The tables of the lists that a file has not whole. */
const others = ({ site, server }: { readonly site: readonly string[]; readonly server: readonly string[] }) =>
  LISTS.filter((table) => ![...site, ...server].includes(table));

test(
  `${runs} random fleets become what the file of another one says, lose nothing else, and the next apply sends nothing`,
  async () => {
    const codes = new Map<number, number>();
    const property = fc.asyncProperty(fleet, fleet, dialect, owned, async (one, other, spoken, owns) => {
      use(one);
      const text = await exported(owns);
      const before = use(other);
      const ids = others(owns).flatMap((table) => bed.sandbox.state[table].map(({ id }) => id));
      speak(bed.sandbox.faults, spoken);
      const first = await bed.dnx(APPLY);
      codes.set(first.code, (codes.get(first.code) ?? 0) + 1);
      const words = `${shownBy(first)}\n${first.changes.join('\n')}\n${text}`;
      const { state } = bed.sandbox;
      expect(
        ids.filter((id) => !others(owns).some((table) => state[table].some((row) => row.id === id))),
        words,
      ).toEqual([]);
      if (first.code === 6) {
        expect([first.changes, contentOf(state)], words).toEqual([[], before]);
        return;
      }
      // What must exist, and does not, is the only thing that an apply may leave.
      expect([0, 10], words).toContain(first.code);
      const second = await bed.dnx(APPLY);
      expect([second.code, second.changes], `${shownBy(second)}\n${words}`).toEqual([first.code, []]);
      const left = (await changeable()).map(({ outcome, kind }) => `${outcome} ${kind}`);
      const isExpected = (line: string) => first.code === 10 && /^missing (variable|user)$/.test(line);
      expect(
        left.filter((line) => !isExpected(line)),
        words,
      ).toEqual([]);
    });
    await fc.assert(property, options);
    expect([...codes.keys()]).toEqual(expect.arrayContaining([0, 10]));
  },
  limitMs,
);

test(
  `${runs} random fleets of which the token may not read one list: nothing of it is sent`,
  async () => {
    const lists = 'environment-variables queues redirects databases crontabs daemons ssh-keys network-rules sites'.split(' ');
    let refused = 0;
    const property = fc.asyncProperty(fleet, fleet, fc.constantFrom(...lists), owned, async (one, other, list, owns) => {
      use(one);
      const text = await exported(owns);
      use(other);
      const there = new Set([...bed.sandbox.state.servers, ...bed.sandbox.state.sites].map(({ id }) => id));
      const forbidden = { status: 403, body: { message: 'Invalid ability provided.' } };
      bed.sandbox.faults.always({ method: 'GET', path: new RegExp(`/${list}$`) }, forbidden);
      const run = await bed.dnx(APPLY);
      const words = `${list}\n${shownBy(run)}\n${run.changes.join('\n')}\n${text}`;
      // A site that the file creates has lists of which all is known.
      const parentOf = (call: string) => call.split(`/${list}`, 1)[0]?.split('/').at(-1) ?? '';
      const calls = run.calls.filter((call) => call.includes(`/${list}`) && there.has(parentOf(call)));
      expect(
        calls.filter((call) => !call.startsWith('GET ')),
        words,
      ).toEqual([]);
      if (calls.length > 0) expect([5, 6], words).toContain(run.code);
      if (run.code === 5) refused += 1;
    });
    await fc.assert(property, options);
    expect(refused).toBeGreaterThan(runs / 4);
  },
  limitMs,
);
