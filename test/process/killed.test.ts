import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openExecutable } from '../support/executable.ts';
import { killedAt, type Moment, tried } from '../support/killed.ts';
import { sampled, volume } from '../support/volume.ts';

const SHOP = seeded.sites['shop.example.com'];
const DEPLOY = ['deploy', SHOP, '--server', seeded.servers['web-1'], '--json'];
/** The speed of time: a deployment takes about a second. */
const SPEED = 10;
const AT_A_TIME = 6;

/** Around the request in the first half second, and until after the first polls, a quarter of a second apart. */
const moment: fc.Arbitrary<Moment> = fc.oneof(
  fc.record({ ms: fc.integer({ min: 60, max: 600 }) }),
  fc.record({ ms: fc.integer({ min: 600, max: 1_500 }) }),
  fc.record({ request: fc.integer({ min: 1, max: 5 }) }),
);
const SEED = 50;
/** Some of the requests, including the deployment, and then random moments. */
const cases = [
  ...sampled([1, 2, 3, 4, 5], 3, SEED).map((request) => ({ moment: { request }, fails: false })),
  ...fc.sample(fc.record({ moment, fails: fc.boolean() }), { seed: SEED, numRuns: volume(50, 1) }),
];

/** Checks that every run file is complete, and returns how many there are. */
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

async function resumeAfterKill({ moment, fails }: (typeof cases)[number]): Promise<string> {
  const executable = await openExecutable({ speed: SPEED, rateLimit: 0, failDeploys: fails });
  const { sandbox } = executable;
  const before = new Set(sandbox.state.releases.map(({ id }) => id));
  try {
    await killedAt(executable, DEPLOY, moment, [0, 1]);
    const posts = () => sandbox.calls.filter(({ method }) => method === 'POST').length;
    const [asked, runs] = [posts(), wholeRuns(executable.directory)];
    expect(asked, 'a request without a run').toBeLessThanOrEqual(runs);
    const { stdout, stderr, exitCode } = await executable.dnx(['site', 'watch', '--json']);
    expect(posts()).toBe(asked);
    if (runs === 0) {
      expect([exitCode, stdout]).toEqual([2, '']);
      return 'not saved';
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
    return stderr.includes('The response to the request was lost') ? 'sent, response lost' : 'sent';
  } finally {
    await executable.close();
  }
}

test('site watch reports the truth about a killed deployment', async () => {
  const outcomes = await tried(cases, AT_A_TIME, resumeAfterKill);
  expect(outcomes).toHaveLength(cases.length);
  // The kills happened before, during and after the request.
  expect(outcomes).toEqual(expect.arrayContaining(['not saved', 'sent', 'sent, response lost']));
}, 180_000);
