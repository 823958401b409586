import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, systemCode } from '../../base/errors.ts';
import { isObject, isText, isTextOrNull } from '../../base/json.ts';
import { DAY, HOUR } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { fileNames, jsonFileNames, readJson, uniqueName, writeJson } from '../../machine/files/text-file.ts';
import { isTarget, type Target } from '../../platform/names/names.ts';
import { type Baseline, baselineSince } from './baseline.ts';
import type { DeployResult } from './result.ts';
import type { Snapshot } from './site.ts';

/** A deployment or rollback that this machine started or follows, saved so that it can be resumed. Contains no secrets. */
export interface Run {
  readonly version: 1;
  readonly kind: 'deploy' | 'rollback';
  readonly host: string;
  readonly profile: string;
  readonly server: Target;
  readonly site: Target;
  readonly started_at: string;
  /** The site before our request; null if it was not read, as with --no-wait. */
  readonly baseline: Baseline | null;
  /** When the request was sent, on the clock of the API. Only without a baseline. */
  readonly sent_at?: string;
  /** The site when the result became known. */
  readonly ended?: Baseline;
  /** The id of the release that a rollback makes live. */
  readonly to: string | null;
  /** Its commit, if the live release had a different one. */
  readonly commit?: string | null;
  /** The commit that a plan holds a deployment to. */
  readonly planned?: string | undefined;
  /** Someone else's deployment; we sent no request. */
  readonly attached: boolean;
  /** The response to our request arrived. Until then, it may or may not have been sent. */
  readonly asked: boolean;
  /** Another deployment may have started between the baseline and the response. */
  readonly blurred: boolean;
  readonly going: boolean;
  readonly result: DeployResult | null;
  readonly reason: string | null;
}

/** A run and its file. */
export interface SavedRun {
  readonly run: Run;
  change(part: Partial<Run>): void;
  /** Deletes the run: its request was refused. */
  forget(): void;
}

const KEPT = 50;
const KEPT_MS = 7 * DAY;
const STALE_MS = HOUR;

type Needs = Pick<Context, 'settings' | 'clock' | 'progress'>;

const directoryOf = ({ settings }: Needs): string => join(settings.directories.state, 'runs');

/** Saves a run in its own file before its request is sent. Its name sorts last, even if the clock was set back. */
export function rememberRun(ctx: Needs, known: Pick<Run, 'kind' | 'server' | 'site' | 'baseline'> & Partial<Run>): SavedRun {
  const now = ctx.clock.now();
  const run: Run = {
    version: 1,
    host: ctx.settings.host,
    profile: ctx.settings.profile,
    started_at: new Date(now).toISOString(),
    to: null,
    attached: false,
    asked: false,
    blurred: false,
    going: false,
    result: null,
    reason: null,
    ...known,
  };
  const directory = directoryOf(ctx);
  prune(directory, now);
  const name = stamp(Math.max(now, 1 + timeIn(runFiles(directory).find(timeIn) ?? '')));
  const remembered = keep(ctx, join(directory, `${name}-${uniqueName()}.json`), run);
  remembered.change({});
  return remembered;
}

/** Reads every run, latest first. Skips files that are not runs. */
export function recallRuns(ctx: Needs): SavedRun[] {
  const directory = directoryOf(ctx);
  return runFiles(directory).flatMap((name) => {
    const run = read(join(directory, name));
    return run ? [keep(ctx, join(directory, name), run)] : [];
  });
}

/** The baseline of a run, from a later snapshot if the site was not read before the request. */
export const baselineOfRun = ({ baseline, sent_at, started_at }: Run, { site, releases }: Pick<Snapshot, 'site' | 'releases'>): Baseline =>
  baseline ?? baselineSince(Date.parse(sent_at ?? started_at), site, releases);

function keep({ progress }: Needs, file: string, first: Run): SavedRun {
  let run = first;
  let writable = true;
  return {
    get run() {
      return run;
    },
    change(part) {
      run = { ...run, ...part };
      if (!writable) return;
      try {
        writeJson(file, run);
      } catch (error) {
        writable = false;
        progress.warn(`Could not save this run (${systemCode(error)}), so dnx watch cannot resume it.`);
      }
    },
    forget: () => drop(file),
  };
}

function read(file: string): Run | undefined {
  const run = attempt(() => readJson<Partial<Run>>(file));
  return run && isRun(run) ? run : undefined;
}

/** True for a complete run of this version. Anything else in the directory must not crash dnx. */
function isRun(run: Partial<Run>): run is Run {
  const { version, kind, started_at, baseline, commit = null, ended, sent_at = started_at, to, result, reason, planned = null } = run;
  return (
    version === 1 &&
    (kind === 'deploy' || kind === 'rollback') &&
    [run.server, run.site].every(isTarget) &&
    [run.host, run.profile].every(isText) &&
    [started_at, sent_at].every((time) => isText(time) && !Number.isNaN(Date.parse(time))) &&
    [to, commit, reason, planned].every(isTextOrNull) &&
    [run.attached, run.asked, run.blurred, run.going].every((flag) => typeof flag === 'boolean') &&
    (baseline === null || isBaseline(baseline)) &&
    (ended === undefined || isBaseline(ended)) &&
    (result === null || isResult(result))
  );
}

const isBaseline = (value: unknown): boolean =>
  isObject(value) &&
  [value.status, value.last_deployed_at, value.updated_at].every(isTextOrNull) &&
  [value.idle, value.marked].every((item) => typeof item === 'boolean') &&
  (value.releases === null || (Array.isArray(value.releases) && value.releases.every(isText)));

const isResult = (value: unknown): boolean =>
  isObject(value) &&
  [value.site, value.server, value.outcome].every(isText) &&
  [value.status, value.started_at, value.finished_at, value.release].every(isTextOrNull) &&
  (value.duration_s === null || typeof value.duration_s === 'number');

const stamp = (ms: number): string => new Date(ms).toISOString().replace(/[-:.]/g, '');

/** The time in such a name; 0 if there is none. */
function timeIn(name: string): number {
  const [, date, hour, minute, second, ms] = /^(\d{8})T(\d\d)(\d\d)(\d\d)(\d{3})Z-/.exec(name) ?? [];
  const time = Date.parse(`${date?.replace(/(....)(..)(..)/, '$1-$2-$3')}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(time) ? 0 : time;
}

const runFiles = (directory: string): string[] => jsonFileNames(directory).sort().reverse();

function prune(directory: string, now: number): void {
  const oldest = stamp(now - KEPT_MS);
  const dropped = runFiles(directory).filter((name, index) => index >= KEPT - 1 || name < oldest);
  const stale = fileNames(directory).filter((name) => name.endsWith('.tmp') && now - modified(join(directory, name)) > STALE_MS);
  for (const name of [...dropped, ...stale]) drop(join(directory, name));
}

const modified = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Removes a file, if permitted. Reading skips another user's. */
const drop = (file: string): void => attempt(() => rmSync(file, { force: true }));
