import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { createApp } from './app.ts';
import { issue } from './auth.ts';
import type { Call } from './calls.ts';
import { createFaults, type Faults } from './faults.ts';
import { deploy } from './jobs/deployments.ts';
import { createLimiter } from './limits.ts';
import { ensureOwner, SEED_TOKEN } from './seed/account.ts';
import { seed } from './seed/index.ts';
import { settle } from './settle.ts';
import type { State } from './state.ts';
import { createStore } from './store.ts';

const LOOPBACK = '127.0.0.1';
const REQUESTS_PER_MINUTE = 60;

/** How a sandbox is started. */
export interface SandboxOptions {
  /** 0, the default, is a free one. */
  readonly port?: number;
  /** A JSON file the state is kept in and, when it is there, started from. */
  readonly stateFile?: string;
  /** Lets every deployment fail. */
  readonly failDeploys?: boolean;
  /** A real delay before each answer, in ms. */
  readonly latencyMs?: number;
  /** Requests per minute and token: 60 unless told otherwise, 0 is no limit. The limits on logins, tokens and downloads stay. */
  readonly rateLimit?: number;
  /** Epoch ms; everything asynchronous is derived from it. */
  readonly now?: () => number;
}

/** A running Deploynix API. */
export interface Sandbox {
  /** `http://127.0.0.1:PORT`, without `/api/v1`. */
  readonly url: string;
  /** A token of the seed's owner with every ability. */
  readonly token: string;
  /** The last thousand requests, in order of arrival. */
  readonly calls: readonly Call[];
  /** The live state, with everything applied that is due by now; changes made to it are seen by the next request. */
  readonly state: State;
  readonly faults: Faults;
  /** Makes a token and answers its plain text. */
  mint(abilities: readonly string[], options?: { role?: 'owner' | 'viewer'; name?: string }): string;
  /** Lets somebody else's deployment of a site begin at once, or after the one on its way. */
  deployElsewhere(siteId: string, options?: { fails?: boolean }): void;
  /** Stops at once: open and idle connections are closed too. */
  close(): Promise<void>;
}

/** Starts a Deploynix API on loopback. Rejects when the port is taken or the state file is not one. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const now = options.now ?? Date.now;
  const store = createStore(options.stateFile);
  const state = store.load() ?? seed(now());
  ensureOwner(state, now());
  state.fail_deploys = options.failDeploys ?? false;

  const calls: Call[] = [];
  const faults = createFaults();
  const closing = new AbortController();
  const keep = (): void => {
    if (!closing.signal.aborted) store.save(state);
  };
  const app = createApp({
    state,
    limiter: createLimiter(options.rateLimit ?? REQUESTS_PER_MINUTE),
    faults,
    calls,
    now,
    latency: options.latencyMs ?? 0,
    changed: keep,
    closing: closing.signal,
  });
  // The adaptor would otherwise put Request and Response classes of its own in the place of the process's.
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  const port = await listen(server, options.port ?? 0);
  keep();

  return {
    url: `http://${LOOPBACK}:${port}`,
    token: SEED_TOKEN,
    calls,
    faults,
    get state() {
      settle(state, now());
      return state;
    },
    mint(abilities, { role = 'owner', name = 'Minted' } = {}) {
      const user = state.users.find((candidate) => candidate.role === role);
      if (user === undefined) throw new Error(`The sandbox has no user who is ${role}.`);
      const { plain } = issue(state, user, name, abilities, now());
      keep();
      return plain;
    },
    deployElsewhere(siteId, { fails = false } = {}) {
      settle(state, now());
      const site = state.sites.find((candidate) => candidate.id === siteId);
      if (site === undefined) throw new Error(`The sandbox has no site ${siteId}.`);
      deploy(state, site, now(), { fails, after: 0 });
      settle(state, now());
      keep();
    },
    close: () =>
      new Promise((resolve) => {
        closing.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
