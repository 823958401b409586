import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DnxError } from '../../src/base/errors.ts';
import { DAY } from '../../src/base/time.ts';
import { writeJson } from '../../src/machine/files/text-file.ts';
import type { Bed } from '../support/dnx.ts';
import { openWebsite, type Website } from '../support/website.ts';
import { argvOf, type Ending, resultOf } from './command-line.ts';
import { showsOnSite } from './dialect.ts';
import type { Action, Event, History, Line, Moment } from './history.ts';
import { Others } from './others.ts';
import { other, Platform, shop } from './platform.ts';
import { calm } from './weather.ts';
import { type Log, siteIdIn, Wire } from './wire.ts';

const STORM_MS = 300_000;
const SETTLED_MS = 900_000;

/** A running command line. */
interface Running {
  readonly number: number;
  readonly stop: AbortController;
  readonly around: Event[];
  stopped: Ending['stopped'];
}

/** A machine that runs the command lines and events of a history. */
export class Stage {
  readonly platform: Platform;
  readonly endings: Ending[] = [];
  private readonly bed: Bed;
  private readonly history: History;
  private readonly others: Others;
  private readonly wire: Wire;
  private readonly weather = calm();
  private readonly actions: Promise<void>[] = [];
  private running: Running | undefined;
  private state: string;
  private website: Website | undefined;

  constructor(bed: Bed, history: History) {
    prepare(bed, history.before);
    if (history.watched) keepWatched(bed, history);
    this.bed = bed;
    this.history = history;
    this.state = join(bed.directory, 'state');
    this.platform = new Platform(bed, history);
    this.others = new Others(bed, this.platform);
    this.wire = new Wire({ bed, platform: this.platform, dialect: history.dialect, weather: this.weather, around: this.happenAround });
  }

  /** Runs a command line and records it. */
  async run(line: Line): Promise<void> {
    const { bed, platform, endings } = this;
    const { clock, sandbox } = bed;
    if (line.gap > 0) await clock.sleep(line.gap);
    const number = endings.length;
    const run: Running = { number, stop: new AbortController(), around: [...line.events], stopped: undefined };
    this.running = run;
    const began = clock.elapsed();
    for (const { when, action } of line.events) {
      if (typeof when === 'number') clock.at(began + when, () => void this.actions.push(this.happen(action, run)));
    }
    sandbox.state.fail_deploys = line.fails;
    if (line.flags.includes('--verify')) this.website ??= await openWebsite(sandbox, shop.id, () => ({ status: this.isBad() ? 500 : 200 }));
    const argv = argvOf(line, platform, began, this.website?.url);
    const log: Log = { line: number, sent: [], names: new Map() };
    const { code, stdout, stderr } = await bed.dnx(argv, {
      signal: run.stop.signal,
      env: { DNX_STATE_DIR: this.state },
      through: (network) => this.wire.transport(log, network),
      child: () => (this.isBad() ? 1 : 0),
    });
    this.running = undefined;
    await this.done();
    const ended = clock.elapsed();
    this.forgetOther();
    const sent = log.sent.filter(({ path }) => siteIdIn(path) !== other.id);
    endings.push({
      line,
      number,
      argv,
      log: { ...log, sent },
      began,
      ended,
      stopped: run.stopped,
      stderr,
      ...resultOf(stdout, stderr, code),
    });
  }

  /** Restores the network and waits for the remaining events. */
  async calm(): Promise<void> {
    await this.bed.clock.sleep(SETTLED_MS);
    await this.done();
    Object.assign(this.weather, calm());
  }

  async close(): Promise<void> {
    await this.done();
    await this.website?.close();
    await this.others.close();
  }

  /** Removes the runs of the other site, so that a watch resumes the one of the history. */
  private forgetOther(): void {
    const runs = join(this.state, 'runs');
    for (const name of existsSync(runs) ? readdirSync(runs) : []) {
      const file = join(runs, name);
      if (readFileSync(file, 'utf8').includes(`"label": "${other.domain}"`)) rmSync(file);
    }
  }

  private async done(): Promise<void> {
    await Promise.all(this.actions.splice(0));
  }

  /** Whether a verification fails, because a bad release of ours is live. */
  private isBad(): boolean {
    this.actions.push(this.happenAround('probe'));
    const ours = this.platform.works.filter(({ line, kind }) => line !== undefined && kind === 'deploy');
    const live = this.bed.sandbox.state.releases.find(({ site_id, active }) => site_id === ours.at(-1)?.site && active);
    return ours.some(({ line = -1, release }) => release?.id === live?.id && this.history.lines[line]?.bad);
  }

  private readonly happenAround = async (when: Moment): Promise<void> => {
    const { running } = this;
    for (const event of running?.around.filter((each) => each.when === when) ?? []) {
      running?.around.splice(running.around.indexOf(event), 1);
      await this.happen(event.action, running);
    }
  };

  private async happen(action: Action, during: Running | undefined): Promise<void> {
    const { clock } = this.bed;
    switch (action.do) {
      case 'deploy':
        return this.others.deploy(action.fails);
      case 'clock':
        clock.ahead += action.ms;
        return;
      case 'storm':
        this.weather.storm = { until: clock.elapsed() + STORM_MS, after: action.after };
        return;
      case 'slow':
        this.weather.slowness = action.ms;
        return;
      case 'lose':
        this.weather[action.what].push(...Array.from({ length: action.what === 'writes' ? 1 : action.times }, () => action.how));
        return;
      case 'kill':
      case 'interrupt':
        if (during && during === this.running) this.halt(during, action.do);
        return;
      default:
        return this.others.act(action.do);
    }
  }

  private halt(run: Running, how: 'kill' | 'interrupt'): void {
    run.stopped ??= how;
    if (how === 'kill') {
      // A killed process must not write any more, so the next ones use a copy of the state.
      const left = `${this.state}-${run.number}`;
      if (existsSync(this.state)) cpSync(this.state, left, { recursive: true });
      this.state = left;
    }
    run.stop.abort(new DnxError('interrupted', 'Interrupted.'));
  }
}

/** Sets up the site before the history. */
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

/** Three earlier deployments of the site that this machine followed to their ends. */
function keepWatched({ clock, directory, sandbox }: Bed, { dialect, pace }: History): void {
  const [server, site] = [
    { id: shop.server, label: 'web-1' },
    { id: shop.id, label: shop.domain },
  ];
  const result = { site: shop.domain, server: 'web-1', outcome: 'succeeded', status: 'active', release: null, live: null };
  for (const days of [1, 2, 3]) {
    const at = new Date(clock.now() - days * DAY).toISOString();
    writeJson(join(directory, 'state', 'runs', `${at.replace(/[-:.]/g, '')}-${days}.json`), {
      ...{ version: 1, kind: 'deploy', host: sandbox.url, profile: 'default', server, site, started_at: at },
      ...{ baseline: null, to: null, attached: false, asked: true, blurred: false, going: true, reason: null },
      result: { ...result, started_at: at, finished_at: at, duration_s: 60 },
      shown_ms: showsOnSite(dialect) ? pace.runs : 0,
    });
  }
}
