import { isError } from '../../base/errors.ts';
import { toJson } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { PAGE_SIZE } from '../../platform/api/pages.ts';
import { isFault } from '../../platform/follow/follow.ts';
import { SharedPolls } from '../../platform/follow/shared-polls.ts';
import { idIn, type Located, type Targets } from '../../platform/names/names.ts';
import type { Site } from './baseline.ts';
import {
  type DeployContext,
  REQUESTS_OF_A_POLL,
  readingOf,
  readSite,
  type SiteFollower,
  type SiteReading,
  type SiteReads,
} from './site.ts';

const sitesEndpoint = 'GET /servers/{server}/sites' satisfies Endpoint;

/** The most polls a minute of one command, so that others are not delayed. */
const POLLS_A_MINUTE = 24;

const FIELDS = [
  ...['deployment_status', 'last_deployment_status', 'status'],
  ...['last_deployed_at', 'updated_at', 'zero_downtime_enabled', 'domain'],
];

interface Server {
  readonly polls: SharedPolls<ReadonlyMap<string, Site>>;
  /** How many sites of it are deployed in all. */
  readonly sites: number;
  /** The deployments in progress, by the id of the site. */
  readonly active: Map<string, { readonly deadline: number; readonly begin: () => void; followed: boolean }>;
  /** The ids of those that the list does not show as well as `GET site` does. */
  readonly apart: Set<string>;
  /** The fields of a site that the list must have; undefined until it is compared with `GET site`, null if it is of no use. */
  fields: readonly string[] | null | undefined;
  comparing: Promise<unknown> | undefined;
  pages: number;
}

/** Reads the sites of several deployments: one request for the list of a server serves all of its sites. */
export class SharedSites implements SiteReads {
  private readonly ctx: Context;
  private readonly all: readonly Targets[];
  private readonly servers = new Map<string, Server>();

  constructor(ctx: Context, all: readonly Targets[]) {
    this.ctx = ctx;
    this.all = all;
  }

  /** Adds a deployment. Call `leave` at its end. `begun`: it was read, or has ended. */
  enter(siteRef: Located, deadline: number) {
    const { active, apart } = this.serverOf(siteRef);
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    active.set(siteRef.site.id, { deadline, begin, followed: false });
    const leave = () => {
      begin();
      active.delete(siteRef.site.id);
      apart.delete(siteRef.site.id);
    };
    return { begun, leave };
  }

  /** Reads the site before a request, from a list that is at most a second old. */
  async before(ctx: DeployContext, siteRef: Located): Promise<SiteReading> {
    const server = this.serverOf(siteRef);
    if (server.fields === undefined && isShared(server, siteRef)) {
      if (server.comparing === undefined) {
        const reading = this.compare(ctx, siteRef, server);
        server.comparing = reading.catch(() => {});
        return reading;
      }
      await server.comparing;
    }
    if (!server.fields || !isShared(server, siteRef)) return readingOf(ctx, siteRef);
    // A fault is retried by reading the single site.
    const polled = await server.polls.now(ctx.deadline).catch((error: unknown) => orRefused(server, error, isFault(error)));
    const site = polled && siteIn(server, polled.value, siteRef);
    return polled && site ? { at: polled.startedAt, site } : readingOf(ctx, siteRef);
  }

  begin(siteRef: Located): void {
    this.serverOf(siteRef).active.get(siteRef.site.id)?.begin();
  }

  follower(ctx: DeployContext, siteRef: Located): SiteFollower {
    const server = this.serverOf(siteRef);
    const active = server.active.get(siteRef.site.id);
    if (active) active.followed = true;
    this.begin(siteRef);
    const read = () => readSite(ctx, siteRef, { retry: false });
    const single = new SharedPolls({ ...this.ctx, read, wait: (last) => this.wait(last, 2) });
    let seen = server.polls.started;
    return {
      sleep: (ms) => (server.fields && isShared(server, siteRef) ? server.polls : single).sleep(ms),
      read: async () => {
        if (server.fields && isShared(server, siteRef)) {
          const polled = await server.polls.next(seen, ctx.deadline).catch((error: unknown) => orRefused(server, error));
          seen = polled?.number ?? seen;
          const site = polled && siteIn(server, polled.value, siteRef);
          if (site) return site;
        }
        return (await single.next(single.started, ctx.deadline)).value;
      },
    };
  }

  between(): number {
    return between(this.active().length);
  }

  /** The requests that deployments in progress still need: `requests` up to the POST, and later one that sees the end. */
  outstanding(requests: number): number {
    return this.active().reduce((sum, { followed }) => sum + (followed ? 1 : requests), 0);
  }

  private active() {
    return [...this.servers.values()].flatMap(({ active }) => [...active.values()]);
  }

  private serverOf(siteRef: Located): Server {
    const { id } = siteRef.server;
    const known = this.servers.get(id);
    if (known) return known;
    const { clock, signal } = this.ctx;
    const read = (options: { readonly retry: boolean }) => this.list(server, siteRef, options);
    const server: Server = {
      polls: new SharedPolls({ clock, signal, read, wait: (last) => this.wait(last, 1) }),
      sites: this.all.filter((item) => item.server?.id === id).length,
      active: new Map(),
      apart: new Set(),
      // The lists of all servers have the same fields.
      fields: [...this.servers.values()].find(({ fields }) => fields)?.fields,
      comparing: undefined,
      pages: 1,
    };
    this.servers.set(id, server);
    return server;
  }

  private async list(server: Server, siteRef: Located, options: { readonly retry: boolean }): Promise<ReadonlyMap<string, Site>> {
    const api = this.ctx.api.until(Math.max(...[...server.active.values()].map(({ deadline }) => deadline)));
    const sites = await api.list<Site>(sitesEndpoint, { server: siteRef.server.id }, options);
    server.pages = pagesOf(sites.length);
    return new Map(sites.map((site) => [idIn(site.id) ?? '', site]));
  }

  /** Reads the site alone and in the list, to learn whether the list says the same. */
  private async compare(ctx: DeployContext, siteRef: Located, server: Server): Promise<SiteReading> {
    try {
      const listed = server.polls.now(ctx.deadline).catch((error: unknown) => orRefused(server, error, true));
      const [reading, polled] = await Promise.all([readingOf(ctx, siteRef), listed]);
      if (polled) server.fields = fieldsIn(polled.value.get(siteRef.site.id), reading.site);
      return reading;
    } finally {
      server.comparing = undefined;
    }
  }

  /** How many things are polled: lists, and sites that are read alone. */
  private polled(): number {
    return [...this.servers.values()].reduce((sum, server) => {
      const single = [...server.active.keys()].filter((id) => !server.fields || !isWorthAList(server) || server.apart.has(id)).length;
      return sum + single + (single < server.active.size ? 1 : 0);
    }, 0);
  }

  /** How long the next poll has to wait. A single site needs no pace, unless others are polled. */
  private async wait(last: number, least: number): Promise<number> {
    const things = this.polled();
    const backoff = await this.ctx.api.backoff(REQUESTS_OF_A_POLL);
    return Math.max(backoff, last + (things < least ? 0 : between(things)) - this.ctx.clock.elapsed());
  }
}

const between = (things: number): number => (things * 60_000) / POLLS_A_MINUTE;

const pagesOf = (items: number): number => Math.max(1, Math.ceil(items / PAGE_SIZE));

const isWorthAList = ({ active, apart, pages, sites }: Server): boolean => sites > 1 && active.size - apart.size >= pages;

/** The fields that are in the list as well; null if one is missing, undefined if the site changed between the two reads. */
function fieldsIn(item: Site | undefined, site: Site): readonly string[] | null | undefined {
  const fields = FIELDS.filter((field) => field in site);
  if (!item || fields.some((field) => !(field in item))) return null;
  return fields.every((field) => toJson(item[field]) === toJson(site[field])) ? fields : undefined;
}

const isShared = (server: Server, { site }: Located): boolean =>
  server.fields !== null && isWorthAList(server) && !server.apart.has(site.id);

/** The site in a list; undefined if it is missing or lacks a field, and then it is read alone from now on. */
function siteIn(server: Server, sites: ReadonlyMap<string, Site>, { site: { id } }: Located): Site | undefined {
  const site = sites.get(id);
  if (site && server.fields?.every((field) => field in site)) return site;
  server.apart.add(id);
  return undefined;
}

/** After a refusal, each site of the server is read alone. Throws any other error, unless it is `tolerated`. */
function orRefused(server: Server, error: unknown, tolerated = false): undefined {
  const refused = isError(error, 'forbidden', 'not_found', 'invalid', 'failed') && !isFault(error);
  if (refused) server.fields = null;
  else if (!tolerated) throw error;
  return undefined;
}
