import { seeded } from '../../src/sandbox/index.ts';
import type { Bed } from '../support/dnx.ts';
import type { Dialect } from './dialect.ts';

/** A row of the sandbox's state. */
export type Row = Readonly<Record<string, unknown>> & { readonly id: string };

/** What was true from a moment on. */
export interface View {
  readonly at: number;
  readonly sites: readonly Row[];
  readonly releases: readonly Row[];
}

/** A deployment or a rollback that the platform accepted. Times are ms of the monotonic clock. */
export interface Work {
  readonly id: string;
  readonly site: string;
  readonly kind: 'deploy' | 'rollback';
  /** The number of our command line that asked for it; undefined for other people's. */
  readonly line: number | undefined;
  readonly askedAt: number;
  beganAt: number | undefined;
  endedAt: number | undefined;
  /** Its release was made live by it. */
  good: boolean;
  /** The release that it made, or made live again. */
  release: Row | undefined;
  /** The release that was live before its end. */
  replaced: Row | undefined;
}

/** How long the platform takes from the request to the first sign, and from there to the end, in ms. */
export interface Pace {
  readonly begins: number;
  readonly runs: number;
}

/** The sandbox as the platform that it is for one history: slower where that is wanted, and with a memory of all that was true. */
export interface Platform {
  readonly works: readonly Work[];
  readonly views: readonly View[];
  /** What was true then. */
  viewAt(at: number): View;
  /** Notes what has become of it; new deployments were asked for by this command line of ours, or by others. */
  note(line?: number): void;
  /** The id of the site that bears this name now. */
  siteNamed(domain: string): string | undefined;
  /** The id by which the sandbox knows a release that a rollback made. */
  original(releaseId: string): string;
}

const copies = (rows: readonly object[]): Row[] => rows.map((row) => ({ ...row }) as Row);

/** Follows the sandbox of a bed from its beginning. */
export function openPlatform({ sandbox, clock }: Bed, pace: Pace, dialect: Dialect): Platform {
  const works: Work[] = [];
  const views: View[] = [];
  const stretched = new Set<string>();
  const origin = clock.right() - clock.elapsed();
  const stamp = (at: number) => `${new Date(origin + at).toISOString().slice(0, 19)}Z`;
  let seen = '';
  let booked = Number.POSITIVE_INFINITY;

  /** Lets work that has just been accepted, or has just begun, take its time. */
  const stretch = () => {
    for (const change of sandbox.state.due) {
      const key = `${change.kind} ${change.id}`;
      if (stretched.has(key)) continue;
      stretched.add(key);
      const span = { 'deployment.begins': pace.begins, 'deployment.ends': pace.runs }[change.kind as string];
      if (span !== undefined) change.at = clock.right() + span;
    }
  };

  /** The moment of each change is noted as it comes. */
  const book = () => {
    const next = Math.min(...sandbox.state.due.map(({ at }) => at)) - origin;
    if (next >= booked || !Number.isFinite(next)) return;
    booked = next;
    clock.at(next, () => {
      booked = Number.POSITIVE_INFINITY;
      note();
    });
  };

  const note = (line?: number): void => {
    const { state } = sandbox;
    const at = clock.elapsed();
    stretch();
    for (const { id, site_id, rolls_back_to } of state.deployments) {
      if (works.some((work) => work.id === id)) continue;
      const kind = rolls_back_to === null ? 'deploy' : 'rollback';
      const release = copies(state.releases).find((each) => each.id === rolls_back_to);
      if (dialect.touches) touch(site_id, 'updated_at');
      works.push({
        ...{ id, site: site_id, kind, line, askedAt: at, beganAt: undefined, endedAt: undefined },
        ...{ good: false, release, replaced: undefined },
      });
    }
    for (const work of works) follow(work, at);
    const view = viewOf(at);
    const text = JSON.stringify([view.sites, view.releases]);
    if (text !== seen) views.push(view);
    seen = text;
    book();
  };

  const touch = (siteId: string, field: 'updated_at' | 'last_deployed_at') => {
    const site = sandbox.state.sites.find(({ id }) => id === siteId);
    if (site) site[field] = stamp(clock.elapsed());
  };

  const follow = (work: Work, at: number): void => {
    const { state } = sandbox;
    if (work.endedAt !== undefined) return;
    const row = state.deployments.find(({ id }) => id === work.id);
    const first = state.deployments.find(({ site_id }) => site_id === work.site);
    const waits = state.due.some(({ kind, id }) => kind === 'deployment.begins' && id === work.id);
    if (row === first && !waits) work.beganAt ??= at;
    if (row?.release_id) work.release ??= copies(state.releases).find(({ id }) => id === row.release_id);
    if (row) return;
    work.endedAt = at;
    work.good = state.releases.some(({ id, active }) => id === work.release?.id && active);
    if (!work.good && work.kind === 'deploy' && dialect.counts === 'failures too') touch(work.site, 'last_deployed_at');
    work.replaced = views.at(-1)?.releases.find(({ site_id, active }) => site_id === work.site && active);
  };

  /** Releases oldest first. Where a rollback makes a release, that one bears the mark. */
  const viewOf = (at: number): View => {
    const releases = copies(sandbox.state.releases);
    const sites = copies(sandbox.state.sites);
    if (dialect.rollback === 'moves the mark') return { at, sites, releases };
    const made = works.filter(({ kind, beganAt }) => kind === 'rollback' && beganAt !== undefined).map(madeBy);
    // The last one to the same commit bears its mark.
    for (const { row, of } of made.reverse()) {
      const target = releases.findIndex(({ id }) => id === of);
      const bears = row.status === 'active' && releases[target]?.active === true;
      if (bears) releases[target] = { ...releases[target], active: false } as Row;
      releases.push({ ...row, active: bears } as Row);
    }
    return { at, sites, releases: releases.sort((a, b) => String(a.created_at).localeCompare(String(b.created_at))) };
  };

  /** The release that a rollback made, of the commit that was live before. */
  const madeBy = ({ id, release, beganAt = 0, endedAt, good }: Work) => {
    const created_at = stamp(beganAt);
    const status = endedAt === undefined ? 'deploying' : good ? 'active' : 'failed';
    return { of: release?.id, row: { ...release, id, status, created_at, name: created_at.replace(/[-:Z]/g, '').replace('T', '_') } };
  };

  note();
  return {
    works,
    views,
    note,
    viewAt: (time) => views.findLast(({ at }) => at <= time) ?? (views[0] as View),
    siteNamed: (domain) => sandbox.state.sites.find((site) => site.domain === domain)?.id,
    original: (releaseId) => works.find(({ id }) => id === releaseId)?.release?.id ?? releaseId,
  };
}

/** The site of every history, and its server. */
export const shop = { id: seeded.sites['shop.example.com'], server: seeded.servers['web-1'], domain: 'shop.example.com' } as const;
