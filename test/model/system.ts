import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DnxError } from '../../src/base/errors.ts';
import { openContext } from '../../src/cli/run/open-context.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { perform } from '../../src/cli/run/perform.ts';
import { tree } from '../../src/commands/index.ts';
import type { DeployResult } from '../../src/features/deploy/result.ts';
import { readSettings } from '../../src/machine/settings/settings.ts';
import type { Transport, World } from '../../src/machine/world.ts';
import { openNetwork } from '../../src/platform/api/network.ts';
import { type Sandbox, seeded, startSandbox } from '../../src/sandbox/index.ts';
import { FakeClock } from '../support/clock.ts';
import { after } from '../support/exchange.ts';
import { capture, input } from '../support/streams.ts';

const seededIds = { server: seeded.servers['web-1'], site: seeded.sites['shop.example.com'] };
const HOUR = 3_600_000;

/** How one dnx ended. */
export interface Ending {
  readonly verb: 'deploy' | 'watch';
  readonly result: DeployResult | undefined;
  readonly failure: DnxError | undefined;
  /** Requests to deploy that were sent. */
  readonly posts: number;
  /** Those of them that were answered with 429. */
  readonly refused: number;
}

/** A dnx that runs. */
interface Running {
  readonly end: Promise<Ending>;
  interrupt(): void;
}

/** What became of a deployment at Deploynix, which is the truth that dnx has to find. */
interface Truth {
  /** The name of its release; undefined as long as it has none. */
  readonly release: string | undefined;
  readonly fails: boolean;
}

/** One Deploynix with a fake clock, on which one machine runs dnx while others deploy as well. Real HTTP, real files. */
export interface System {
  readonly sandbox: Sandbox;
  readonly clock: FakeClock;
  /** The dnx that runs now, if any. */
  running: Running | undefined;
  /** The last one that ended. */
  ended: Ending | undefined;
  /** Fake ms that each request takes from now on. */
  slowness: number;
  start(verb: 'deploy' | 'watch'): void;
  elsewhere(fails: boolean): void;
  /** The deployments that our own requests made, as Deploynix sees them. */
  ours(): readonly Truth[];
  /** Releases by other people's deployments that began in this run. */
  others(): readonly Truth[];
  /** Forgets this run: everything settles, and the next one begins on a machine without memory. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function openSystem(): Promise<System> {
  const clock = new FakeClock();
  const sandbox = await startSandbox({ now: clock.now, rateLimit: 0 });
  const directory = mkdtempSync(join(tmpdir(), 'dnx-model-'));
  let round = 0;
  let known = new Set<string>();
  let theirs = new Set<string>();
  const made = new Set<(typeof sandbox.state.deployments)[number]>();
  const names = new Map<string, string>();

  /** Notes every deployment that Deploynix has accepted, and the names of releases before they are pruned. */
  const note = () => {
    for (const deployment of sandbox.state.deployments) if (!known.has(deployment.id)) made.add(deployment);
    for (const { id, name } of sandbox.state.releases) names.set(id, name);
  };
  const truths = (ours: boolean): Truth[] =>
    [...made].filter(({ id }) => theirs.has(id) !== ours).map(({ release_id, fails }) => ({ release: names.get(release_id ?? ''), fails }));

  const system: System = {
    sandbox,
    clock,
    running: undefined,
    ended: undefined,
    slowness: 0,
    start(verb) {
      const interruption = new AbortController();
      let [posts, refused] = [0, 0];
      const connect = async (): Promise<Transport> => {
        const transport = await openNetwork({}, after);
        return {
          close: () => transport.close(),
          async request(request) {
            if (request.method === 'POST') posts += 1;
            if (system.slowness > 0) await clock.sleep(system.slowness, request.signal);
            const response = await clock.during(() => transport.request(request)).finally(note);
            if (request.method === 'POST' && response.status === 429) refused += 1;
            const body = response.body[Symbol.asyncIterator]();
            return { ...response, body: { [Symbol.asyncIterator]: () => ({ next: () => clock.during(() => body.next()) }) } };
          },
        };
      };
      const env = { DNX_HOST: sandbox.url, DNX_TOKEN: sandbox.token, DNX_STATE_DIR: join(directory, String(round)) };
      const world = { ...inert, env, cwd: directory, home: directory, clock, connect, signal: interruption.signal };
      const end = runCommand(world, verb).then((ending) => {
        system.running = undefined;
        system.ended = { ...ending, verb, posts, refused };
        return system.ended;
      });
      system.running = { end, interrupt: () => interruption.abort(new DnxError('interrupted', 'Interrupted.')) };
    },
    elsewhere(fails) {
      note();
      const before = new Set(sandbox.state.deployments.map(({ id }) => id));
      sandbox.deployElsewhere(seededIds.site, { fails });
      for (const { id } of sandbox.state.deployments) if (!before.has(id)) theirs.add(id);
      note();
    },
    ours: () => truths(true),
    others: () => truths(false),
    async reset() {
      sandbox.faults.clear();
      system.slowness = 0;
      system.ended = undefined;
      await clock.sleep(HOUR);
      known = new Set(sandbox.state.deployments.map(({ id }) => id));
      theirs = new Set();
      made.clear();
      names.clear();
      rmSync(join(directory, String(round)), { recursive: true, force: true });
      round += 1;
    },
    async close() {
      await sandbox.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return system;
}

const inert: Omit<World, 'env' | 'cwd' | 'home' | 'clock' | 'connect' | 'signal'> = {
  platform: 'linux',
  node: process.versions.node,
  self: ['node', 'dnx'],
  stdin: input(''),
  stdout: capture().stream,
  stderr: capture().stream,
  keychain: { read: async () => undefined, write: async () => {}, remove: async () => false },
  spawn: async () => 0,
};

/** The command line as `main` runs it, and its result before anything is printed. */
async function runCommand(world: World, verb: string): Promise<Pick<Ending, 'result' | 'failure'>> {
  const { site, server } = seededIds;
  const { invocation } = await parse(['site', verb, site, '--server', server, '--quiet'], tree);
  if (!invocation) throw new Error(`dnx does not understand site ${verb}`);
  const { ctx, scope, sources, close } = await openContext(world, readSettings(world, invocation.globals), invocation.globals, tree);
  try {
    const { view, exit } = await perform(invocation, ctx, scope, sources);
    return {
      result: view.kind === 'record' ? (view.item as unknown as DeployResult) : undefined,
      failure: exit instanceof DnxError ? exit : undefined,
    };
  } catch (error) {
    if (!(error instanceof DnxError)) throw error;
    return { result: undefined, failure: error };
  } finally {
    await close();
  }
}
