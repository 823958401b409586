import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Executable, openExecutable } from '../support/executable.ts';
import { hasten } from '../support/hasten.ts';
import { volume } from '../support/volume.ts';

const SHOP = seeded.sites['shop.example.com'];
const DEPLOY = ['deploy', SHOP, '--server', seeded.servers['web-1'], '--json'];
/** The speed of the sandbox: a deployment takes about a second. */
const SPEED = 10;
const AT_A_TIME = 6;

/** When to kill the process: so many ms after its start, or during a request after so many others. */
type Moment = { readonly ms: number } | { readonly request: number };

/** Most can be lost in the first half second; the first poll is after two and a half seconds. */
const moment: fc.Arbitrary<Moment> = fc.oneof(
  fc.record({ ms: fc.integer({ min: 60, max: 600 }) }),
  fc.record({ ms: fc.integer({ min: 600, max: 2_700 }) }),
  fc.record({ request: fc.integer({ min: 1, max: 5 }) }),
);
const SEED = 50;
/** During every request once, including the deployment, and then at random. */
const cases = [
  ...[1, 2, 3, 4, 5].map((request) => ({ moment: { request }, fails: false })),
  ...fc.sample(fc.record({ moment, fails: fc.boolean() }), { seed: SEED, numRuns: volume(50, 7) }),
];

/** Kills a deployment at a moment, unless it has ended. */
async function killedAt({ sandbox, dnx }: Executable, at: Moment): Promise<void> {
  let requests = 0;
  const child = dnx(DEPLOY);
  const kill = () => void child.kill('SIGKILL');
  const timer = 'ms' in at ? setTimeout(kill, at.ms) : undefined;
  const stop = sandbox.faults.always({}, (answer) => {
    requests += 1;
    if ('request' in at && requests === at.request) kill();
    return answer;
  });
  const { signal, exitCode } = await child;
  expect(signal ?? exitCode).toBeOneOf(['SIGKILL', 0, 1]);
  clearTimeout(timer);
  // Whatever the process sent before it died has arrived once a later request is answered.
  await fetch(`${sandbox.url}/api/v1/user`);
  stop();
}

/** Checks that every file of a killed process is complete. Returns how many there are. */
function wholeRuns(directory: string): number {
  const runs = join(directory, '.local/state/dnx/runs');
  try {
    const names = readdirSync(runs).filter((name) => name.endsWith('.json'));
    for (const name of names) expect(JSON.parse(readFileSync(join(runs, name), 'utf8'))).toMatchObject({ version: 1, kind: 'deploy' });
    return names.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

async function tell({ moment, fails }: (typeof cases)[number]): Promise<string> {
  const executable = await openExecutable({ now: hasten(SPEED).now, rateLimit: 0, failDeploys: fails });
  const { sandbox } = executable;
  const before = new Set(sandbox.state.releases.map(({ id }) => id));
  try {
    await killedAt(executable, moment);
    const posts = () => sandbox.calls.filter(({ method }) => method === 'POST').length;
    const [asked, runs] = [posts(), wholeRuns(executable.directory)];
    expect(asked, 'a request without a run').toBeLessThanOrEqual(runs);
    const { stdout, stderr, exitCode } = await executable.dnx(['site', 'watch', '--json']);
    expect(posts()).toBe(asked);
    if (runs === 0) {
      expect([exitCode, stdout]).toEqual([2, '']);
      return 'not written down';
    }
    const result = JSON.parse(stdout) as { outcome: string; release: string | null };
    if (asked === 0) {
      expect(result).toMatchObject({ outcome: 'unknown', release: null });
      expect(stderr).toContain('probably never started');
      return 'not sent';
    }
    const release = sandbox.state.releases.find(({ id }) => !before.has(id));
    expect(result).toMatchObject({ outcome: fails ? 'failed' : 'succeeded', release: release?.name });
    expect(exitCode).toBe(fails ? 1 : 0);
    return stderr.includes('The response to the request was lost') ? 'sent, without an answer' : 'sent';
  } finally {
    await executable.close();
  }
}

/** The same, with what reproduces a failure. */
const told = (each: (typeof cases)[number]): Promise<string> =>
  tell(each).catch((cause) => {
    throw new Error(`${JSON.stringify(each)}, seed ${SEED}: ${cause.message}`, { cause });
  });

test('dnx loses nothing when it is killed', async () => {
  const left = [...cases];
  const fates: string[] = [];
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) fates.push(await told(next));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  expect(fates).toHaveLength(cases.length);
  // The kills hit both sides of the request, and the time between it and its answer.
  expect(fates).toEqual(expect.arrayContaining(['not written down', 'sent', 'sent, without an answer']));
}, 180_000);
