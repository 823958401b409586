import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DnxError } from '../../src/base/errors.ts';
import { NetworkFault, type Transport } from '../../src/machine/world.ts';
import { blog, filesOf, releasesOn, siteOf, web1 } from '../support/branches.ts';
import type { Bed } from '../support/dnx.ts';
import type { BranchHistory, Step } from './branch-history.ts';

/** What broke: sentences. */
export type Faults = readonly string[];

/** Plays a history and returns which promises it broke. */
export async function playBranches(bed: Bed, { shows, steps }: BranchHistory): Promise<Faults> {
  const broken: string[] = [];
  /** What the last person wanted. */
  let wanted = 'main';
  let requested = 0;
  let state = join(bed.directory, 'state');
  const site = siteOf(bed);
  site.zero_downtime_enabled = true;
  show(bed, shows);

  for (const [index, step] of steps.entries()) {
    if (step.gap > 0) await bed.clock.sleep(step.gap);
    const begun = bed.clock.elapsed();
    let over = false;
    bed.sandbox.state.fail_deploys = step.fails;
    if (step.fault) bed.sandbox.faults.next({ method: 'PUT' }, step.fault);
    if (step.lost) bed.sandbox.faults.next({ method: 'POST', path: /\/deploy$/ }, step.lost);
    const meanwhile = (ms: number | undefined, work: () => void) => ms !== undefined && bed.clock.at(begun + ms, () => !over && work());
    meanwhile(step.hotfix, () => {
      site.branch = 'hotfix';
      wanted = 'hotfix';
    });
    meanwhile(step.deployed, () => bed.sandbox.deployElsewhere(blog, { fails: false }));
    const releases = new Set(bed.sandbox.state.releases.map(({ id }) => id));
    const run = await runStep(bed, step, state, index);
    over = true;
    state = run.state;
    bed.sandbox.faults.clear();
    show(bed, shows);
    if (run.updated) wanted = 'release';
    const [, temporary] = / --branch (a|b)/.exec(step.line) ?? [];
    const posts = run.calls.filter((call) => call === `POST /servers/${web1}/sites/${blog}/deploy`).length;
    if (temporary && (!step.lost || step.lost === 'drop-after' || step.lost === 'cut')) requested += posts;
    if (posts > 1) broken.push(`${step.line} was requested ${posts} times`);
    const fresh = bed.sandbox.state.releases.filter(({ id }) => !releases.has(id));
    // Without releases, nobody can know that a colleague changed the branch.
    if (temporary && run.code === 0 && (shows.releases || !step.hotfix) && !fresh.some(({ branch }) => branch === temporary))
      broken.push(`${step.line} succeeded, but deployed ${fresh.map(({ branch }) => branch)}`);
  }
  await bed.clock.sleep(900_000);
  const last = await bed.dnx('env set LAST=1 --site blog.example.com', { env: { DNX_STATE_DIR: state } });
  if (last.code !== 0) broken.push(`the last command exits ${last.code}: ${last.stderr}`);
  const alone = steps.every(({ hotfix, deployed, line }) => !hotfix && !deployed && !/release|--no-wait/.test(line));
  const found = releasesOn(bed, 'a') + releasesOn(bed, 'b');
  if (alone && found !== requested) broken.push(`${requested} deployments of a branch made ${found} releases of it`);
  if (site.branch !== wanted) broken.push(`the branch is ${site.branch} instead of ${wanted}`);
  if (filesOf(bed, state).length > 0) broken.push('a temporary branch is left');
  return broken;
}

/** Shows the sandbox's sites and releases as this platform does. */
function show({ sandbox }: Bed, { active, deploying, releases }: BranchHistory['shows']): void {
  if (!releases) sandbox.faults.always({ method: 'GET', path: /\/releases$/ }, { status: 403 });
  sandbox.faults.always({ method: 'GET', path: /\/sites/ }, (answer) => ({
    ...answer,
    body: JSON.parse(JSON.stringify(answer.body), function (key, value) {
      if (key !== 'status' || !('domain' in this)) return value;
      return value === 'active' ? active : value === 'deploying' ? deploying : value;
    }),
  }));
}

interface Ran {
  readonly calls: readonly string[];
  readonly code: number;
  /** The state directory that is left. */
  readonly state: string;
  /** True if the user set another branch for good. */
  readonly updated: boolean;
}

async function runStep(bed: Bed, { line, stop }: Step, state: string, index: number): Promise<Ran> {
  const interruption = new AbortController();
  const end = () => interruption.abort(new DnxError('interrupted', 'Interrupted.'));
  let left = state;
  let requests = 0;
  let dead = false;
  let updated = false;
  const kill = () => {
    dead = true;
    // A killed process must not write any more, so the next ones use a copy of the state.
    left = `${state}-${index}`;
    if (existsSync(state)) cpSync(state, left, { recursive: true });
    end();
  };
  const through = (network: Transport): Transport => ({
    close: () => network.close(),
    async request(request) {
      if (dead) throw new NetworkFault('killed', { sent: false });
      requests += 1;
      const killed = stop && 'request' in stop && requests === stop.request ? stop : undefined;
      if (killed && !killed.performed) {
        kill();
        throw new NetworkFault('killed', { sent: false });
      }
      const answer = await network.request(request).finally(() => {
        // Even if its response is lost. Restoring that branch sends the same.
        const given = line.startsWith('site update') && request.body === '{"branch":"release"}';
        updated ||= given && siteOf(bed).branch === 'release';
      });
      if (killed) kill();
      return answer;
    },
  });
  if (stop && 'ms' in stop) bed.clock.at(bed.clock.elapsed() + stop.ms, end);
  const { calls, code } = await bed.dnx(line, { env: { DNX_STATE_DIR: state }, signal: interruption.signal, through });
  if (dead) releaseHeld(left);
  return { calls, code, state: left, updated };
}

/** Marks the process of this test as gone, because a killed one would be. */
function releaseHeld(state: string): void {
  const branches = join(state, 'branches');
  for (const name of existsSync(branches) ? readdirSync(branches) : []) {
    const file = join(branches, name);
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), holder: null }));
  }
}
