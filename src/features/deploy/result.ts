import type { Detail, DnxError, Next } from '../../base/errors.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { columns, ending, type Result, record } from '../../cli/output/view.ts';
import { commandLine } from '../../cli/run/command-line.ts';
import { siteUrl, type Target } from '../../platform/names/names.ts';
import { describe } from './describe.ts';
import type { Outcome } from './evidence.ts';
import type { Release } from './release.ts';

/** The result of deploy, watch and rollback for scripts. Times are ISO 8601. */
export interface DeployResult {
  readonly site: string;
  readonly server: string;
  readonly status: string | null;
  /** Null for one of several sites that was not started. */
  readonly outcome: Outcome | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly duration_s: number | null;
  /** The release's name; null if it is unknown. */
  readonly release: string | null;
}

/** A result with null for unknown values. */
export const resultOf = (
  { site, server }: Readonly<Record<'site' | 'server', Pick<Target, 'label'>>>,
  { outcome, ...known }: Partial<DeployResult> & Pick<DeployResult, 'outcome'>,
): DeployResult => ({
  site: site.label,
  server: server.label,
  status: null,
  outcome,
  started_at: null,
  finished_at: null,
  duration_s: null,
  release: null,
  ...known,
});

/** The end of a deployment: the result for scripts, and a sentence or a failure for people. */
export interface Report {
  readonly result: DeployResult;
  readonly failure?: DnxError | undefined;
  /** The ✓ sentence: `Deployed shop.example.com in 16s`. */
  readonly done?: string;
  /** The release in the result. */
  readonly release?: Release | null;
  /** The command to undo it, if possible. */
  readonly undo?: readonly string[] | undefined;
  /** What to run next. */
  readonly next?: readonly Next[];
}

/** The columns of a result. */
export const deployColumns = columns<DeployResult>('site', 'server', 'outcome', 'status', 'release', {
  key: 'duration_s',
  title: 'Duration',
  cell: ({ duration_s }) => (duration_s === null ? null : duration(duration_s * 1000)),
});

/** The name of a release; null if there is none. */
export const nameOf = (release: Release | null | undefined): string | null => release?.name ?? null;

/** Turns a report into the result of a command. `url` is the site's, if it differs from the domain. */
export function commandResult(
  { result, failure, done, release, undo: undoing, next = [] }: Report,
  { settings }: Pick<Context, 'settings'>,
  url: string | undefined = siteUrl(result.site),
): Result {
  const person = settings.format === 'table';
  const undo = failure ? undefined : undoing;
  const details: readonly (Detail | undefined | false)[] = [
    result.release !== null && ['release', release ? describe(release) : result.release],
    result.outcome !== 'started' && url !== undefined && ['url', url],
    undo && ['undo', commandLine(undo, settings)],
  ];
  return {
    view: ending(record(result, deployColumns, done, details.filter(Boolean) as readonly Detail[])),
    exit: failure,
    next: [...next, ...(undo && !person ? [{ command: undo, why: 'Undo' }] : [])],
  };
}
