import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { DnxError } from '../../src/base/errors.ts';
import type { Bed } from '../support/dnx.ts';
import { openWebsite, type Website } from '../support/website.ts';
import type { Deed, Event, History, Line, Moment } from './history.ts';
import { type Others, openOthers } from './others.ts';
import { openPlatform, type Platform, shop } from './platform.ts';
import { calm } from './weather.ts';
import { type Log, openWire } from './wire.ts';

/** How one command line of ours ended. Times are ms of the monotonic clock. */
export interface Ending {
  readonly line: Line;
  readonly number: number;
  readonly argv: readonly string[];
  readonly log: Log;
  readonly began: number;
  readonly ended: number;
  /** It was stopped: at once, or by Ctrl-C. */
  readonly stopped: 'kill' | 'interrupt' | undefined;
  readonly code: number;
  readonly outcome: string | undefined;
  readonly release: string | undefined;
  /** The code of the JSON error, and the HTTP status in it. */
  readonly error: string | undefined;
  readonly status: number | undefined;
  readonly stderr: string;
}

/** A machine on which one command line runs after the other, while things happen. */
export interface Stage {
  readonly platform: Platform;
  readonly endings: readonly Ending[];
  run(line: Line): Promise<void>;
  /** The network is good again, and whatever was to happen has happened. */
  calm(): Promise<void>;
  close(): Promise<void>;
}

const STORM_MS = 300_000;
const SETTLED_MS = 900_000;

/** A line that runs. */
interface Running {
  readonly number: number;
  readonly stop: AbortController;
  readonly around: Event[];
  stopped: Ending['stopped'];
}

/** Sets the stage for a history on this bed. */
export async function openStage(bed: Bed, { dialect, pace, before, lines }: History): Promise<Stage> {
  const { clock, sandbox } = bed;
  prepare(bed, before);
  const platform = openPlatform(bed, pace, dialect);
  const others: Others = openOthers(bed, platform);
  const weather = calm();
  const endings: Ending[] = [];
  const deeds: Promise<void>[] = [];
  let running: Running | undefined;
  let state = join(bed.directory, 'state');
  let website: Website | undefined;

  const wire = openWire({ bed, platform, dialect, weather, around: (when) => happenAround(when) });

  /** The answer to a verification: bad while a release of ours that fails it is live. */
  const isBad = (): boolean => {
    deeds.push(happenAround('probe'));
    const ours = platform.works.filter(({ line, kind }) => line !== undefined && kind === 'deploy');
    const live = sandbox.state.releases.find(({ site_id, active }) => site_id === ours.at(-1)?.site && active);
    return ours.some(({ line = -1, release }) => release?.id === live?.id && lines[line]?.bad);
  };

  async function happenAround(when: Moment): Promise<void> {
    const due = running?.around.filter((event) => event.when === when) ?? [];
    for (const event of due) {
      running?.around.splice(running.around.indexOf(event), 1);
      await happen(event.deed, running);
    }
  }

  async function happen(deed: Deed, during: Running | undefined): Promise<void> {
    const now = clock.elapsed();
    switch (deed.do) {
      case 'deploy':
        return others.deploy(deed.fails);
      case 'clock':
        clock.ahead += deed.ms;
        return;
      case 'storm':
        weather.storm = { until: now + STORM_MS, after: deed.after };
        return;
      case 'slow':
        weather.slowness = deed.ms;
        return;
      case 'lose': {
        const times = deed.what === 'writes' ? 1 : deed.times;
        weather[deed.what].push(...Array.from({ length: times }, () => deed.how));
        return;
      }
      case 'kill':
      case 'interrupt':
        if (during && during === running) halt(during, deed.do);
        return;
      default:
        return others.act(deed.do);
    }
  }

  function halt(run: Running, how: 'kill' | 'interrupt'): void {
    run.stopped ??= how;
    if (how === 'kill') {
      // What a killed process would still write is written elsewhere.
      const left = `${state}-${run.number}`;
      if (existsSync(state)) cpSync(state, left, { recursive: true });
      state = left;
    }
    run.stop.abort(new DnxError('interrupted', 'Interrupted.'));
  }

  return {
    platform,
    endings,
    async run(line) {
      if (line.gap > 0) await clock.sleep(line.gap);
      const number = endings.length;
      const run: Running = { number, stop: new AbortController(), around: [...line.events], stopped: undefined };
      running = run;
      const began = clock.elapsed();
      for (const { when, deed } of line.events) {
        if (typeof when === 'number') clock.at(began + when, () => void deeds.push(happen(deed, run)));
      }
      sandbox.state.fail_deploys = line.fails;
      if (line.flags.includes('--verify')) {
        website ??= await openWebsite(sandbox, shop.id, () => ({ status: isBad() ? 500 : 200 }));
      }
      const argv = argvOf(line, platform, clock.elapsed(), website?.url);
      const log: Log = { line: number, sent: [], names: new Map() };
      const { code, stdout, stderr } = await bed.dnx(argv, {
        signal: run.stop.signal,
        env: { DNX_STATE_DIR: state },
        through: wire(log),
        child: () => (isBad() ? 1 : 0),
      });
      running = undefined;
      await Promise.all(deeds.splice(0));
      const ended = clock.elapsed();
      endings.push({ line, number, argv, log, began, ended, stopped: run.stopped, code, stderr, ...told(stdout, stderr) });
    },
    async calm() {
      await clock.sleep(SETTLED_MS);
      await Promise.all(deeds.splice(0));
      Object.assign(weather, calm());
    },
    async close() {
      await Promise.all(deeds);
      await website?.close();
      await others.close();
    },
  };
}

/** The site as it is before the history. */
function prepare({ sandbox }: Bed, before: History['before']): void {
  const { state } = sandbox;
  const site = state.sites.find(({ id }) => id === shop.id);
  if (!site || before === 'good') return;
  if (before === 'no releases') {
    site.zero_downtime_enabled = false;
    state.releases = state.releases.filter(({ site_id }) => site_id !== shop.id);
    return;
  }
  const ours = state.releases.filter(({ site_id }) => site_id === shop.id);
  const [last, live] = [ours.at(-1), ours.at(-2)];
  site.status = 'failed';
  if (last) Object.assign(last, { status: 'failed', active: false });
  if (live) live.active = true;
}

function argvOf({ verb, flags }: Line, platform: Platform, now: number, url: string | undefined): string[] {
  const { domain } = shop;
  const words = flags.flatMap((flag) => (flag === 'oldest' || flag === 'newest' ? [releaseName(platform, now, flag)] : [flag]));
  if (url !== undefined && words.includes('--verify')) words.push('--url', url);
  switch (verb) {
    case 'deploy':
      return ['deploy', domain, ...words, '--json'];
    case 'rollback':
      return ['rollback', domain, ...words, '--yes', '--json'];
    case 'watch':
      return ['site', 'watch', ...words, '--json'];
    case 'env set':
      return ['env', 'set', `LOG_LEVEL=at-${now}`, '--site', domain, ...words, '--json'];
    case 'update':
      return ['site', 'update', domain, '--branch', `at-${now}`, ...words, '--json'];
    case 'delete':
      return ['site', 'delete', domain, '--confirm', domain, ...words, '--json'];
  }
}

/** The name of a release that is kept but not live. */
function releaseName(platform: Platform, now: number, which: 'oldest' | 'newest'): string {
  const kept = platform.viewAt(now).releases.filter(({ site_id, active, status }) => site_id === shop.id && !active && status === 'active');
  return String((which === 'oldest' ? kept[0] : kept.at(-1))?.name ?? 'none');
}

/** What it told a script: the result on stdout, the failure on the last line of stderr. */
function told(stdout: string, stderr: string): Pick<Ending, 'outcome' | 'release' | 'error' | 'status'> {
  const parsed = (text: string): Record<string, unknown> => {
    try {
      return (JSON.parse(text) ?? {}) as Record<string, unknown>;
    } catch {
      return {};
    }
  };
  const { outcome, release } = parsed(stdout);
  const { error } = parsed(stderr.trim().split('\n').at(-1) ?? '') as { error?: { code?: string; status?: number | null } };
  return { outcome: textOf(outcome), release: textOf(release), error: error?.code, status: error?.status ?? undefined };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
