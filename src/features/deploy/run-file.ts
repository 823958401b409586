import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, systemCode } from '../../base/errors.ts';
import { misfit } from '../../base/schema.ts';
import { DAY, HOUR } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { nullable, number, objectOf, oneOf, type Printed, word, yes } from '../../cli/language/shape.ts';
import { fileNames, jsonFileNames, readJson, uniqueName, writeJson } from '../../machine/files/text-file.ts';
import { type Baseline, baselineShape, baselineSince } from './baseline.ts';
import { deployShape } from './result.ts';
import type { Snapshot } from './site.ts';

const target = objectOf({ id: word, label: word });

/** A deployment or rollback that this machine started or follows, saved so that it can be resumed. Contains no secrets. */
const runShape = objectOf(
  {
    version: oneOf(1),
    kind: oneOf('deploy', 'rollback'),
    host: word,
    profile: word,
    server: target,
    site: target,
    started_at: word,
    /** The site before our request; null if it was not read, as with --no-wait. */
    baseline: nullable(baselineShape),
    /** The id of the release that a rollback makes live. */
    to: nullable(word),
    /** Someone else's deployment; we sent no request. */
    attached: yes,
    /** The response to our request arrived. Until then, it may or may not have been sent. */
    asked: yes,
    /** Another deployment may have started between the baseline and the response. */
    blurred: yes,
    going: yes,
    result: nullable(deployShape),
    reason: nullable(word),
  },
  {
    /** When the request was sent, on the clock of the API. Only without a baseline. */
    sent_at: word,
    /** When the API got the request, at the earliest, on its own clock. Only if `blurred`. */
    requested_at: word,
    /** How long it usually takes until the end of a deployment shows, in ms. */
    usual_ms: number,
    /** For how long the site showed it in progress, in ms, at least. Only if it was followed from its request to its end. */
    shown_ms: number,
    ended: baselineShape,
    /** The commit of the release that a rollback makes live, if the live release had a different one. */
    commit: nullable(word),
    /** The commit that a plan holds a deployment to. */
    planned: word,
  },
);
export type Run = Printed<typeof runShape>;

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

const directoryOf = ({ settings }: Context): string => join(settings.directories.state, 'runs');

/** Saves a run in its own file before its request is sent. Its name sorts last, even if the clock was set back. */
export function rememberRun(ctx: Context, known: Pick<Run, 'kind' | 'server' | 'site' | 'baseline'> & Partial<Run>): SavedRun {
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
export function recallRuns(ctx: Context): SavedRun[] {
  const directory = directoryOf(ctx);
  return runFiles(directory).flatMap((name) => {
    const run = read(join(directory, name));
    return run ? [keep(ctx, join(directory, name), run)] : [];
  });
}

/** The baseline of a run, from a later snapshot if the site was not read before the request. */
export const baselineOfRun = ({ baseline, sent_at, started_at }: Run, { site, releases }: Pick<Snapshot, 'site' | 'releases'>): Baseline =>
  baseline ?? baselineSince(Date.parse(sent_at ?? started_at), site, releases);

function keep({ progress }: Context, file: string, first: Run): SavedRun {
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
const isRun = (run: Partial<Run>): run is Run =>
  misfit(run, runShape) === undefined &&
  [run.started_at, run.sent_at ?? run.started_at].every((time) => !Number.isNaN(Date.parse(time ?? '')));

const stamp = (ms: number): string => new Date(ms).toISOString().replace(/[-:.]/g, '');

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
