import { seeded } from '../../src/sandbox/index.ts';
import type { Bed } from '../support/dnx.ts';
import type { History } from './history.ts';

/** A row of the sandbox's state. */
export type Row = Readonly<Record<string, unknown>> & { readonly id: string };

/** The state since a time. */
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
  /** The number of our command line that requested it; undefined for other users. */
  readonly line: number | undefined;
  readonly askedAt: number;
  beganAt: number | undefined;
  endedAt: number | undefined;
  /** Whether it made its release live. */
  good: boolean;
  /** The release that it created, or made live again. */
  release: Row | undefined;
  /** The release that was live before it ended. */
  replaced: Row | undefined;
}

/** How long the platform takes from the request to the start, and from there to the end, in ms. */
export interface Pace {
  readonly begins: number;
  readonly runs: number;
}

const copies = (rows: readonly object[]): Row[] => rows.map((row) => ({ ...row }) as Row);

/** The sandbox as the platform of one history, with its pace and its past states. */
export class Platform {
  readonly works: Work[] = [];
  readonly views: View[] = [];
  private readonly bed: Bed;
  private readonly history: Pick<History, 'dialect' | 'pace'>;
  private readonly stretched = new Set<string>();
  /** The correct time when the monotonic clock was 0. */
  private readonly origin: number;
  /** The command line whose request to change the site is on its way. */
  sending: number | undefined;
  private seen = '';
  private booked = Number.POSITIVE_INFINITY;

  constructor(bed: Bed, history: Pick<History, 'dialect' | 'pace'>) {
    this.bed = bed;
    this.history = history;
    this.origin = bed.clock.right() - bed.clock.elapsed();
    this.note();
  }

  /** The state at a time. */
  viewAt(time: number): View {
    return this.views.findLast(({ at }) => at <= time) ?? (this.views[0] as View);
  }

  /** Records the current state after a request to change the site, whatever else is recorded until then. */
  async during<T>(line: number, request: Promise<T>): Promise<T> {
    this.sending = line;
    try {
      return await request;
    } finally {
      this.note(line);
      this.sending = undefined;
    }
  }

  /** Records the current state after another user changed it. */
  noteOthers(): void {
    const { sending } = this;
    this.sending = undefined;
    this.note();
    this.sending = sending;
  }

  /** The id of the site with this name now. */
  siteNamed(domain: string): string | undefined {
    return this.bed.sandbox.state.sites.find((site) => site.domain === domain)?.id;
  }

  /** The sandbox's id of a release that a rollback created. */
  original(releaseId: string): string {
    return this.works.find(({ id }) => id === releaseId)?.release?.id ?? releaseId;
  }

  /** Records the current state. New deployments belong to the command line whose request is on its way, or else to other users. */
  note(line = this.sending): void {
    const { clock, sandbox } = this.bed;
    const { state } = sandbox;
    const at = clock.elapsed();
    this.stretch();
    for (const { id, site_id, rolls_back_to } of state.deployments) {
      if (site_id === other.id || this.works.some((work) => work.id === id)) continue;
      const kind = rolls_back_to === null ? 'deploy' : 'rollback';
      const release = copies(state.releases).find((each) => each.id === rolls_back_to);
      if (this.history.dialect.touches) this.touch(site_id, 'updated_at');
      this.works.push({
        ...{ id, site: site_id, kind, line, askedAt: at, beganAt: undefined, endedAt: undefined },
        ...{ good: false, release, replaced: undefined },
      });
    }
    for (const work of this.works) if (work.endedAt === undefined) this.follow(work, at);
    this.see(at);
    this.book();
  }

  /** Sets the duration of work that was just accepted or just started. */
  private stretch(): void {
    const { clock, sandbox } = this.bed;
    const { begins, runs } = this.history.pace;
    for (const change of sandbox.state.due) {
      const key = `${change.kind} ${change.id}`;
      if (this.stretched.has(key)) continue;
      this.stretched.add(key);
      const span = { 'deployment.begins': begins, 'deployment.ends': runs }[change.kind as string];
      if (span !== undefined) change.at = clock.right() + span;
    }
  }

  private follow(work: Work, at: number): void {
    const { state } = this.bed.sandbox;
    const row = state.deployments.find(({ id }) => id === work.id);
    const first = state.deployments.find(({ site_id }) => site_id === work.site);
    const waits = state.due.some(({ kind, id }) => kind === 'deployment.begins' && id === work.id);
    if (row === first && !waits) work.beganAt ??= at;
    if (row?.release_id) work.release ??= copies(state.releases).find(({ id }) => id === row.release_id);
    if (row) return;
    work.endedAt = at;
    work.good = state.releases.some(({ id, active }) => id === work.release?.id && active);
    if (!work.good && work.kind === 'deploy' && this.history.dialect.counts === 'failures too') this.touch(work.site, 'last_deployed_at');
    work.replaced = this.views.at(-1)?.releases.find(({ site_id, active }) => site_id === work.site && active);
  }

  private touch(siteId: string, field: 'updated_at' | 'last_deployed_at'): void {
    const { clock, sandbox } = this.bed;
    const site = sandbox.state.sites.find(({ id }) => id === siteId);
    if (site) site[field] = this.stamp(clock.elapsed());
  }

  private see(at: number): void {
    const { state } = this.bed.sandbox;
    const sites = copies(state.sites);
    const releases = this.withMade(copies(state.releases));
    const text = JSON.stringify([sites, releases]);
    if (text !== this.seen) this.views.push({ at, sites, releases });
    this.seen = text;
  }

  /** Releases, oldest first. If rollbacks create releases, the created one has the mark. */
  private withMade(releases: Row[]): Row[] {
    if (this.history.dialect.rollback === 'moves the mark') return releases;
    const rollbacks = this.works.filter(({ kind, beganAt }) => kind === 'rollback' && beganAt !== undefined);
    // The last one with the same commit has its mark.
    for (const { id, release, beganAt = 0, endedAt, good } of rollbacks.reverse()) {
      const target = releases.findIndex((each) => each.id === release?.id);
      const active = good && releases[target]?.active === true;
      if (active) releases[target] = { ...releases[target], active: false } as Row;
      const created_at = this.stamp(beganAt);
      const status = endedAt === undefined ? 'deploying' : good ? 'active' : 'failed';
      const name = created_at.replace(/[-:Z]/g, '').replace('T', '_');
      releases.push({ ...release, id, status, created_at, name, active } as Row);
    }
    return releases.sort((a, b) => String(a.created_at).localeCompare(String(b.created_at)));
  }

  private stamp(at: number): string {
    return `${new Date(this.origin + at).toISOString().slice(0, 19)}Z`;
  }

  /** Records the time of each change. */
  private book(): void {
    const next = Math.min(...this.bed.sandbox.state.due.map(({ at }) => at)) - this.origin;
    if (next >= this.booked || !Number.isFinite(next)) return;
    this.booked = next;
    this.bed.clock.at(next, () => {
      this.booked = Number.POSITIVE_INFINITY;
      this.note();
    });
  }
}

/** The site of every history, and its server. */
export const shop = { id: seeded.sites['shop.example.com'], server: seeded.servers['web-1'], domain: 'shop.example.com' } as const;

/** A site of the same server that some lines deploy, too. Nobody else changes it, and the rules are about the first one. */
export const other = { id: seeded.sites['blog.example.com'], domain: 'blog.example.com' } as const;
