import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { RecordedCall } from '../../src/sandbox/index.ts';
import { type Executable, openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { killedAt } from '../support/killed.ts';
import { differsIn } from '../support/shapes.ts';
import { changesOfMany, manyChanges, newSite, statedIn, writeState } from '../support/state-bed.ts';
import { sampled } from '../support/volume.ts';

const executable = perSuite(() => openExecutable({ rateLimit: 0, speed: 20 }));
let initial: Executable['sandbox']['state'];
/** The requests of a whole application. */
let requests: number;
let wanted: unknown;

const LINE = ['apply', '--yes', '--delete'];
/** The requests after this one. The sandbox keeps only the last ones. */
const callsSince = (last: RecordedCall | undefined) =>
  executable.sandbox.calls.slice(executable.sandbox.calls.lastIndexOf(last as RecordedCall) + 1);
const countChanges = (last: RecordedCall | undefined) => callsSince(last).filter(({ method }) => method !== 'GET').length;

beforeAll(async () => {
  writeState(executable.directory, manyChanges);
  initial = structuredClone(executable.sandbox.state);
  await expect(executable.dnx(LINE)).toExit(0);
  requests = executable.sandbox.calls.length;
  expect(countChanges(undefined)).toBe(changesOfMany);
  wanted = statedIn(executable.sandbox.state);
});

test.each([
  ['the same machine', '.'],
  ['another machine', 'elsewhere'],
])(
  'a state file whose apply is killed at any request ends in the same state once it is applied on %s',
  async (_, home) => {
    const all = Array.from({ length: requests }, (_, index) => index + 1);
    for (const request of sampled(all, 4, home.length)) {
      Object.assign(executable.sandbox.state, structuredClone(initial));
      for (const directory of ['.local/state', 'elsewhere'])
        rmSync(join(executable.directory, directory), { recursive: true, force: true });
      const last = executable.sandbox.calls.at(-1);
      await killedAt(executable, LINE, { request });
      const again = await executable.here(LINE, { env: { HOME: join(executable.directory, home) } });
      expect([again.exitCode, countChanges(last)], `request ${request}: ${again.stderr}`).toEqual([0, changesOfMany]);
      expect(statedIn(executable.sandbox.state), `request ${request}`).toEqual(wanted);
    }
  },
  120_000,
);

test.skipIf(differsIn('site.status.words'))(
  'a new site whose apply is killed at any request is made once, and deployed once',
  async () => {
    const line = ['apply', '--yes', '--create', '--deploy'];
    writeState(executable.directory, newSite);
    Object.assign(executable.sandbox.state, structuredClone(initial));
    const first = executable.sandbox.calls.at(-1);
    await expect(executable.dnx(line)).toExit(0);
    const all = callsSince(first).map((_, index) => index + 1);
    const count = countChanges(first);
    const made = statedIn(executable.sandbox.state);
    for (const request of sampled(all, 4, 7)) {
      Object.assign(executable.sandbox.state, structuredClone(initial));
      rmSync(join(executable.directory, '.local/state'), { recursive: true, force: true });
      const last = executable.sandbox.calls.at(-1);
      await killedAt(executable, line, { request });
      const again = await executable.dnx(line);
      expect([again.exitCode, countChanges(last)], `request ${request}: ${again.stderr}`).toEqual([0, count]);
      expect(statedIn(executable.sandbox.state), `request ${request}`).toEqual(made);
    }
  },
  120_000,
);

test.skipIf(differsIn('site.status.words'))(
  'a copy of a site that is killed at any request is complete once it is made again',
  async () => {
    const line = ['site', 'copy', 'shop.example.com', '--to', 'web-2', '--as', 'demo.example.com', '--yes'];
    const begin = () => {
      Object.assign(executable.sandbox.state, structuredClone(initial));
      rmSync(join(executable.directory, '.local/state'), { recursive: true, force: true });
      return executable.sandbox.calls.at(-1);
    };
    const first = begin();
    await expect(executable.dnx(line)).toExit(0);
    const all = callsSince(first).map((_, index) => index + 1);
    const count = countChanges(first);
    const copied = statedIn(executable.sandbox.state);
    for (const request of sampled(all, 4, 3)) {
      const last = begin();
      await killedAt(executable, line, { request });
      const again = await executable.dnx(line);
      expect([again.exitCode, countChanges(last)], `request ${request}: ${again.stderr}`).toEqual([0, count]);
      expect(statedIn(executable.sandbox.state), `request ${request}`).toEqual(copied);
    }
    const last = begin();
    const both = await Promise.all([executable.dnx(line), executable.dnx(line)]);
    expect([...both.map(({ exitCode }) => exitCode), countChanges(last)]).toEqual([0, 0, count]);
    expect(statedIn(executable.sandbox.state)).toEqual(copied);
  },
  120_000,
);
