import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { blog, filesOf, releasesOn, siteOf, web1 } from '../support/branches.ts';
import { type Executable, openExecutable } from '../support/executable.ts';
import { tried } from '../support/killed.ts';
import { deep, sampled } from '../support/volume.ts';

const DEPLOY = ['deploy', blog, '--server', web1, '--branch', 'feature/search', '--yes'];
const WATCH = ['watch', blog, '--server', web1];
const UPDATE = ['site', 'update', blog, '--server', web1, '--php-version', '8.4'];
/** The speed of time: a deployment takes half a second. */
const SPEED = 20;
const AT_A_TIME = 4;
const SEED = 23;

/** When to kill a process: at its request of this number, before or after Deploynix performs it. */
interface Kill {
  readonly request: number;
  readonly performed: boolean;
}

/** Kills a command line at a request. False if it ended before. */
async function killedAt({ sandbox, dnx }: Executable, line: readonly string[], { request, performed }: Kill): Promise<boolean> {
  if (request > 1) sandbox.faults.next({}, (answer) => answer, request - 1);
  sandbox.faults.next({}, performed ? 'hang-after' : 'hang');
  const before = sandbox.calls.length;
  const child = dnx(line);
  let over = false;
  const ended = child.then(({ signal, exitCode }) => {
    over = true;
    return signal ?? exitCode;
  });
  await expect.poll(() => over || sandbox.calls.length - before >= request).toBe(true);
  child.kill('SIGKILL');
  const how = await ended;
  sandbox.faults.clear();
  expect(how).toBeOneOf(['SIGKILL', 0]);
  return how === 'SIGKILL';
}

/** Kills a deployment, and maybe the watch after it, and lets others repair the branch. */
async function repairAfter(first: Kill, second: Kill | undefined): Promise<string> {
  const executable = await openExecutable({ speed: SPEED, rateLimit: 0 });
  const { sandbox, directory, dnx } = executable;
  try {
    const killed = await killedAt(executable, DEPLOY, first);
    if (second) await killedAt(executable, WATCH, second);
    const posts = () => sandbox.calls.filter(({ method, path }) => method === 'POST' && path.endsWith('/deploy')).length;
    const asked = posts();
    const left = siteOf(executable).branch;
    const watched = await dnx(WATCH);
    const updated = await dnx(UPDATE);
    expect([watched.signal, updated.exitCode]).toEqual([undefined, 0]);
    expect([siteOf(executable).branch, filesOf(executable, join(directory, '.local/state/dnx'))]).toEqual(['main', []]);
    expect(posts(), 'a second request').toBe(asked);
    expect(asked).toBeLessThanOrEqual(1);
    expect(releasesOn(executable, 'feature/search')).toBeLessThanOrEqual(asked);
    const repairs = `${watched.stderr}${updated.stderr}`.match(/Restored the branch of/g)?.length ?? 0;
    expect(repairs).toBeOneOf(left === 'main' ? [0, 1] : [1]);
    return killed ? `killed on ${left}` : 'not killed';
  } finally {
    await executable.close();
  }
}

test('Ctrl-C before the request restores the branch in the time that is left', async () => {
  const executable = await openExecutable({ rateLimit: 0 });
  onTestFinished(() => executable.close());
  const { sandbox, directory, dnx } = executable;
  sandbox.faults.next({ method: 'PUT' }, 'hang-after');
  const child = dnx(DEPLOY);
  await expect.poll(() => siteOf(executable).branch).toBe('feature/search');
  child.kill('SIGINT');
  const { exitCode, stderr } = await child;
  expect([exitCode, stderr]).toEqual([130, expect.stringContaining('Restored the branch of blog.example.com to main.\n')]);
  expect(siteOf(executable).branch).toBe('main');
  expect(filesOf(executable, join(directory, '.local/state/dnx'))).toEqual([]);
  expect(sandbox.calls.filter(({ method }) => method === 'POST')).toEqual([]);
});

const all = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].flatMap((request) => [true, false].map((performed): Kill => ({ request, performed })));
const twice = [1, 2, 3, 4].flatMap((request) => [true, false].map((performed) => ({ request, performed })));
/** Around the change of the branch, and before the request to deploy; after that one in the case with two kills. */
const isDecisive = ({ request, performed }: Kill) => request === 4 || (request === 6 && !performed);
const ones = all.filter((each) => deep || isDecisive(each));
const cases: (readonly [Kill, Kill | undefined])[] = [
  ...ones.map((first) => [first, undefined] as const),
  ...sampled(twice, 1, SEED).map((second) => [{ request: 6, performed: true }, second] as const),
];

test('the next commands restore the branch after a kill at any request', async () => {
  const found = await tried(cases, AT_A_TIME, ([first, second]) => repairAfter(first, second));
  expect(found).toHaveLength(cases.length);
  // The kills happened before and after the change of the branch.
  expect(found).toEqual(expect.arrayContaining(['killed on main', 'killed on feature/search']));
}, 240_000);
