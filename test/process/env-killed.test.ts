import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Executable, openExecutable } from '../support/executable.ts';
import { killedAt, type Moment, tried } from '../support/killed.ts';
import { sampled, volume } from '../support/volume.ts';

const BLOG = seeded.sites['blog.example.com'];
const ON = ['--site', BLOG, '--server', seeded.servers['web-1']];
const PUSH = ['env', 'push', '.env', ...ON, '--yes', '--prune', '--json'];
/** The list, two changes, two new variables and a removal. */
const REQUESTS = 6;
const AT_A_TIME = 3;
const SEED = 9;

const before = { KEPT: '0', CHANGED: '1', OTHER: '1', GONE: '1' };
const wanted = { KEPT: '0', CHANGED: '2', OTHER: 'two words', NEW: '1', NEWER: '2' };
const text = (values: object) =>
  `# Mine\n${Object.entries(values)
    .map(([key, value]) => `${key}="${value}"\n`)
    .join('')}`;

const valuesOf = ({ sandbox }: Executable) =>
  Object.fromEntries(sandbox.state.environment_variables.filter(({ site_id }) => site_id === BLOG).map(({ key, value }) => [key, value]));

/** A file that was pulled, and then edited. */
async function openEdited(): Promise<Executable> {
  const executable = await openExecutable({ rateLimit: 0 });
  const { state } = executable.sandbox;
  const others = state.environment_variables.filter(({ site_id }) => site_id !== BLOG);
  const time = '2026-04-16T12:00:00Z';
  const own = Object.entries(before).map(([key, value], index) => ({
    id: `01JQ8Z4T9G000000000ENV000${index}`,
    site_id: BLOG,
    key,
    value,
    created_at: time,
    updated_at: time,
  }));
  state.environment_variables.splice(0, state.environment_variables.length, ...others, ...own);
  const pulled = await executable.dnx(['env', 'pull', '.env', ...ON]);
  expect(pulled.exitCode, pulled.stderr).toBe(0);
  writeFileSync(join(executable.directory, '.env'), text(wanted));
  return executable;
}

async function finishAfterKill(at: Moment): Promise<boolean> {
  const executable = await openEdited();
  try {
    await killedAt(executable, PUSH, at);
    const wasDone = JSON.stringify(valuesOf(executable)) === JSON.stringify(wanted);
    const again = await executable.dnx(PUSH);
    expect([again.exitCode, again.stderr.includes('Error')], again.stderr).toEqual([0, false]);
    expect(valuesOf(executable)).toEqual(wanted);
    const third = await executable.dnx([...PUSH.slice(0, -1)]);
    expect([third.exitCode, third.stdout]).toEqual([0, `Nothing to push to ${BLOG}.\n`]);
    expect(readFileSync(join(executable.directory, '.env'), 'utf8')).toBe(text(wanted));
    return !wasDone;
  } finally {
    await executable.close();
  }
}

test('a push that was killed at any request is finished by the next one', async () => {
  const requests = sampled(
    Array.from({ length: REQUESTS }, (_, index) => ({ request: index + 1 })),
    3,
    SEED,
  );
  const moments: Moment[] = [
    ...requests,
    ...fc.sample(fc.record({ ms: fc.integer({ min: 60, max: 500 }) }), { seed: SEED, numRuns: volume(30, 1) }),
  ];
  const unfinished = (await tried(moments, AT_A_TIME, finishAfterKill)).filter(Boolean);
  expect(unfinished.length).toBeGreaterThanOrEqual(requests.length - 1);
}, 180_000);

test.each(['exists', 'is new'])('a full disk leaves nothing half written if the file %s', async (state) => {
  const executable = await openEdited();
  try {
    const file = state === 'exists' ? '.env' : 'new.env';
    const old = state === 'exists' ? text({ ...before, LONG: 'x'.repeat(5_000) }) : undefined;
    if (old !== undefined) writeFileSync(join(executable.directory, file), old);
    const { state: all } = executable.sandbox;
    for (const each of all.environment_variables) if (each.site_id === BLOG) each.value = 'y'.repeat(3_000);
    // 4 blocks of 1024 bytes.
    const run = await executable.shell(`trap '' XFSZ; ulimit -f 4; dnx env pull ${file} ${ON.join(' ')}`);
    expect([run.exitCode, run.stdout]).toEqual([1, '']);
    expect(run.stderr).toContain(`Could not write ${file}: the file has reached the size limit.`);
    const left = await executable.shell(`ls -A | grep env; cat ${file}`);
    expect(left.stdout).toBe(state === 'exists' ? `.env\n${old}` : '.env\n');
  } finally {
    await executable.close();
  }
});

test('a pull that was killed at any time leaves the old file or the new one', async () => {
  const moments: Moment[] = [{ request: 1 }, ...sampled([150, 200, 250, 300, 350, 400], 2, SEED).map((ms) => ({ ms }))];
  const seen = await tried(moments, AT_A_TIME, async (at) => {
    const executable = await openEdited();
    try {
      const path = join(executable.directory, '.env');
      const old = readFileSync(path, 'utf8');
      const { environment_variables: all } = executable.sandbox.state;
      const [first] = all;
      if (first) all.push({ ...first, id: '01JQ8Z4T9G000000000ENV0009', site_id: BLOG, key: 'THEIRS', value: '1' });
      await killedAt(executable, ['env', 'pull', '.env', ...ON], at);
      const now = readFileSync(path, 'utf8');
      expect([old, `${old}THEIRS=1\n`]).toContain(now);
      const again = await executable.dnx(['env', 'pull', '.env', ...ON]);
      expect(again.exitCode, again.stderr).toBe(0);
      expect(readFileSync(path, 'utf8')).toBe(`${old}THEIRS=1\n`);
      return now === old ? 'old' : 'new';
    } finally {
      await executable.close();
    }
  });
  expect(seen).toContain('old');
}, 120_000);
