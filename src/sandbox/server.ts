import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Shapes } from '../base/api-shapes.ts';
import { answering, createFaults, type Faults, type RecordedCall } from './app.ts';
import { issue } from './auth.ts';
import { settle } from './operations.ts';
import { createLimiter } from './perform.ts';
import type { FailureName } from './records.ts';
import { startDeployment } from './resources/deployments.ts';
import { ensureOwner, SEED_TOKEN, seed } from './seed/organization.ts';
import { openShapes } from './shapes/shaping.ts';
import { createStore, type State } from './state.ts';

const LOOPBACK = '127.0.0.1';
const REQUESTS_PER_WINDOW = 60;

/** Options of a sandbox. */
export interface SandboxOptions {
  /** 0 (the default) picks a free port. */
  readonly port?: number;
  /** A JSON file that the state is loaded from and saved to. */
  readonly stateFile?: string;
  /** The first state, which the sandbox changes (default: a new seed). */
  readonly state?: State;
  /** Makes every deployment fail, for this reason if one is named. */
  readonly failDeploys?: boolean | FailureName;
  /** Real delay before each response, in ms. */
  readonly latencyMs?: number;
  /** Requests per window and token (default 60); 0 is unlimited. Logins, tokens and downloads keep their limits. */
  readonly rateLimit?: number;
  /** The length of that window, in ms (default a minute). */
  readonly rateWindowMs?: number;
  /** Answers in these shapes, as another Deploynix was recorded. Its rate limit applies if there is no other. */
  readonly shapes?: Shapes;
  /** The clock, in epoch ms. All asynchronous work follows it. */
  readonly now?: () => number;
}

/** A running Deploynix API. */
export type Sandbox = Awaited<ReturnType<typeof startSandbox>>;

/** Starts a sandbox on loopback. Rejects if the port is in use or the state file is invalid. */
export async function startSandbox(options: SandboxOptions = {}) {
  const { now = Date.now } = options;
  const closing = new AbortController();
  const { state, save } = openState(options, now(), closing.signal);
  const calls: RecordedCall[] = [];
  const faults = createFaults();
  let onRequest = () => {};
  const shapes = options.shapes && openShapes(options.shapes, state);
  const fetch = answering({
    state,
    limiter: createLimiter(options.rateLimit ?? shapes?.rateLimit ?? REQUESTS_PER_WINDOW, options.rateWindowMs),
    faults,
    calls,
    now,
    latency: options.latencyMs ?? 0,
    changed() {
      onRequest();
      save();
    },
    closing: closing.signal,
    shapes,
  });
  // Otherwise the adapter replaces the global Request and Response classes.
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server;
  const port = await listen(server, options.port ?? 0);
  save();
  return {
    /** `http://127.0.0.1:PORT`, without `/api/v1`. */
    url: `http://${LOOPBACK}:${port}`,
    token: SEED_TOKEN,
    /** The last thousand requests, in order of arrival. */
    calls: calls as readonly RecordedCall[],
    faults: faults as Faults,
    /** The live state, up to date with the clock. Changes affect the next request. */
    get state(): State {
      settle(state, now());
      return state;
    },
    /** Calls back after each request that may have changed the state, before it is answered. */
    onRequest(callback: () => void): void {
      onRequest = callback;
    },
    /** The clock, in epoch ms. */
    now,
    ...othersOf(state, now, save),
    /** Stops immediately and closes all connections. */
    close: (): Promise<void> =>
      new Promise((resolve) => {
        closing.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The state to begin with, and what saves it until the sandbox closes. */
function openState({ stateFile, state: first, failDeploys = false }: SandboxOptions, now: number, closing: AbortSignal) {
  const store = createStore(stateFile);
  const state = store.load() ?? first ?? seed(now);
  ensureOwner(state, now);
  state.fail_deploys = failDeploys;
  // Those of the servers and repositories that an earlier run had.
  delete state.heads;
  delete state.damage;
  delete state.unstated;
  const save = (): void => {
    if (!closing.aborted) store.save(state);
  };
  return { state, save };
}

/** What others do meanwhile. */
const othersOf = (state: State, now: () => number, save: () => void) => ({
  mint(abilities: readonly string[], { role = 'owner', name = 'Minted' }: { role?: 'owner' | 'viewer'; name?: string } = {}): string {
    const user = state.users.find((candidate) => candidate.role === role);
    if (user === undefined) throw new Error(`The sandbox has no ${role}.`);
    const { plain } = issue(state, user, name, abilities, now());
    save();
    return plain;
  },
  /** Starts someone else's deployment of a site, now or after the one in progress. */
  deployElsewhere(siteId: string, { fails = false }: { fails?: boolean } = {}): void {
    settle(state, now());
    const site = state.sites.find((candidate) => candidate.id === siteId);
    if (site === undefined) throw new Error(`The sandbox has no site ${siteId}.`);
    startDeployment(state, site, now(), { fails, after: 0 });
    settle(state, now());
    save();
  },
});

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
