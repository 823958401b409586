import type { FailureName, Sandbox, State } from '../../src/sandbox/index.ts';

/** Work for an agent at Deploynix: what it is told, the trouble it finds, and the only right end. `tasks.ts` has them all. */
export interface Task {
  /** The work, with everything named. */
  readonly outright: string;
  /** The same, as a person in a hurry says it. */
  readonly loose: string;
  /** Every deployment fails for this reason, until it is fixed. */
  readonly failDeploys?: FailureName;
  /** Opens the servers, which ssh reaches: for what is only in their logs. */
  readonly servers?: true;
  /** Changes the sandbox before the agent starts. */
  readonly trouble?: (sandbox: Sandbox) => void;
  /** Files in the agent's directory. */
  readonly files?: Readonly<Record<string, string>>;
  /** What a person ran there before. It may fail. */
  readonly before?: readonly string[];
  /** The abilities of the token; all by default. */
  readonly token?: readonly string[];
  /** What the person at an MCP client does with a plan: approves it by default, or is not there. */
  readonly person?: 'approves' | 'refuses' | 'absent';
  /** Options of `dnx mcp`; false if only a shell has what is needed. */
  readonly mcp?: readonly string[] | false;
  readonly end: End;
  /** One way to get there, for the scripted agent. */
  readonly solve: (dnx: Dnx) => Promise<unknown>;
}

/** How a task must end. Requests have names instead of ids: `POST /servers/web-1/restart`. */
export interface End {
  /** What must have been read. */
  readonly reads?: readonly string[];
  /** What must have been changed, in this order. Nothing else may be. */
  readonly changes?: readonly string[];
  /** What a saved plan must change, for a person to apply. */
  readonly plan?: readonly string[];
  /** What must be so. */
  readonly holds?: (state: State) => boolean;
}

/**
 * Runs a command line, and returns what it printed: a value with `--json`, otherwise a text. Another exit code than 0 fails the test, unless it is
 * `exit`. Over MCP, `wait` is what the agent waits for after a change that a shell waits for itself.
 */
export type Dnx = <T = string>(line: string, options?: { readonly exit?: number; readonly wait?: string }) => Promise<T>;

/** What the API sends about a resource. */
// biome-ignore lint/suspicious/noExplicitAny: a solution takes from it what it needs
export type Row = Record<string, any>;

/** The site with a domain; with a server, that of its name. */
export function siteIn({ sites, servers }: State, domain: string, server?: string): State['sites'][number] {
  const found = sites.find(
    (site) => site.domain === domain && (server === undefined || servers.find(({ id }) => id === site.server_id)?.name === server),
  );
  if (!found) throw new Error(`The sandbox has no site ${domain}.`);
  return found;
}

/** The variables of a site. */
export const variablesIn = (state: State, domain: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    state.environment_variables.filter(({ site_id }) => site_id === siteIn(state, domain).id).map(({ key, value }) => [key, value]),
  );

/** The releases of a site, the newest first. */
export const releasesIn = (state: State, domain: string): State['releases'] =>
  state.releases.filter(({ site_id }) => site_id === siteIn(state, domain).id).reverse();

/** The queue worker of a site. */
export function workerIn(state: State, domain: string, queue: string): State['queues'][number] {
  const found = state.queues.find((each) => each.site_id === siteIn(state, domain).id && each.queue === queue);
  if (!found) throw new Error(`${domain} has no worker ${queue}.`);
  return found;
}
