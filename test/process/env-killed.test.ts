import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { temporary } from '../support/dnx.ts';
import { type Executable, openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { killedAt, type Moment } from '../support/killed.ts';
import { sampled, volume } from '../support/volume.ts';

const BLOG = seeded.sites['blog.example.com'];
const ON = ['--site', BLOG, '--server', seeded.servers['web-1']];
const PUSH = ['env', 'push', '.env', ...ON, '--yes', '--prune', '--json'];
/** The list, two changes, two new variables and a removal. */
const REQUESTS = 6;
const SEED = 9;

const before = { KEPT: '0', CHANGED: '1', OTHER: '1', GONE: '1' };
const wanted = { KEPT: '0', CHANGED: '2', OTHER: 'two words', NEW: '1', NEWER: '2' };
const text = (values: object) =>
  `# Mine\n${Object.entries(values)
    .map(([key, value]) => `${key}="${value}"\n`)
    .join('')}`;

const executable = perSuite(() => openExecutable({ rateLimit: 0 }));
let variables: Executable['sandbox']['state']['environment_variables'];
/** What a pull leaves. */
let pulled: string;

const own = () => executable.sandbox.state.environment_variables.filter(({ site_id }) => site_id === BLOG);
const values = () => Object.fromEntries(own().map(({ key, value }) => [key, value]));
const path = (name = '.env') => join(executable.directory, name);

beforeAll(async () => {
  const { directory, sandbox } = executable;
  const time = '2026-04-16T12:00:00Z';
  const kept = sandbox.state.environment_variables.filter(({ site_id }) => site_id !== BLOG);
  const mine = Object.entries(before).map(([key, value], index) => ({
    id: `01JQ8Z4T9G000000000ENV000${index}`,
    site_id: BLOG,
    key,
    value,
    created_at: time,
    updated_at: time,
  }));
  variables = [...kept, ...mine];
  sandbox.state.environment_variables = structuredClone(variables);
  await expect(executable.dnx(['env', 'pull', '.env', ...ON])).toExit(0);
  pulled = temporary();
  cpSync(directory, pulled, { recursive: true });
});
afterAll(async () => {
  rmSync(pulled, { recursive: true });
});

/** A file that was pulled, and then edited; nothing else has happened. */
function restore(): void {
  const { directory, sandbox } = executable;
  sandbox.state.environment_variables = structuredClone(variables);
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
  cpSync(pulled, directory, { recursive: true });
  writeFileSync(path(), text(wanted));
}
beforeEach(restore);

/** Tries all moments; a failure names its moment. */
async function tried(moments: readonly Moment[], attempt: (at: Moment) => Promise<string>): Promise<readonly string[]> {
  const results: string[] = [];
  for (const at of moments) {
    restore();
    const result = await attempt(at).catch((cause) => {
      throw new Error(`${JSON.stringify(at)}: ${cause.message}`, { cause });
    });
    results.push(result);
  }
  return results;
}

test('a push that was killed at any request is finished by the next one', async () => {
  const requests = sampled(
    Array.from({ length: REQUESTS }, (_, index) => ({ request: index + 1 })),
    2,
    SEED,
  );
  const moments: Moment[] = [
    ...requests,
    ...fc.sample(fc.record({ ms: fc.integer({ min: 60, max: 500 }) }), { seed: SEED, numRuns: volume(30, 1) }),
  ];
  const found = await tried(moments, async (at) => {
    await killedAt(executable, PUSH, at);
    const wasDone = JSON.stringify(values()) === JSON.stringify(wanted);
    const again = await executable.here(PUSH);
    expect([again.exitCode, again.stderr.includes('Error')], again.stderr).toEqual([0, false]);
    expect([values(), readFileSync(path(), 'utf8')]).toEqual([wanted, text(wanted)]);
    return wasDone ? 'done' : 'unfinished';
  });
  expect(found.filter((each) => each === 'unfinished').length).toBeGreaterThanOrEqual(requests.length - 1);
  await expect(executable.here([...PUSH.slice(0, -1)])).toExit(0, { stdout: `Nothing to push to ${BLOG}.\n` });
}, 180_000);

test.each(['exists', 'is new'])('a full disk leaves nothing half written if the file %s', async (state) => {
  const file = state === 'exists' ? '.env' : 'new.env';
  const old = state === 'exists' ? text({ ...before, LONG: 'x'.repeat(5_000) }) : undefined;
  if (old !== undefined) writeFileSync(path(file), old);
  for (const each of own()) each.value = 'y'.repeat(3_000);
  // 4 blocks of 1024 bytes.
  const run = await executable.shell(`trap '' XFSZ; ulimit -f 4; dnx env pull ${file} ${ON.join(' ')}`);
  expect(run).toExit(1, { stdout: '', says: `Could not write ${file}: the file has reached the size limit.` });
  const left = readdirSync(executable.directory).filter((name) => name.includes('env'));
  expect([left, readFileSync(path(), 'utf8')]).toEqual([['.env'], old ?? text(wanted)]);
});

test('a pull that was killed at any time leaves the old file or the new one', async () => {
  const moments: Moment[] = [{ request: 1 }, ...sampled([150, 200, 250, 300, 350, 400], 1, SEED).map((ms) => ({ ms }))];
  const seen = await tried(moments, async (at) => {
    const old = readFileSync(path(), 'utf8');
    const [first] = own();
    if (first)
      executable.sandbox.state.environment_variables.push({ ...first, id: '01JQ8Z4T9G000000000ENV0009', key: 'THEIRS', value: '1' });
    await killedAt(executable, ['env', 'pull', '.env', ...ON], at);
    const now = readFileSync(path(), 'utf8');
    expect([old, `${old}THEIRS=1\n`]).toContain(now);
    await expect(executable.here(['env', 'pull', '.env', ...ON])).toExit(0);
    expect(readFileSync(path(), 'utf8')).toBe(`${old}THEIRS=1\n`);
    return now === old ? 'old' : 'new';
  });
  expect(seen).toContain('old');
}, 120_000);
