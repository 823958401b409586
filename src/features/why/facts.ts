import type { JsonObject } from '../../base/json.ts';
import { phaseOf, statusOf } from '../../base/status.ts';
import { HOUR, MINUTE, timeOf } from '../../base/time.ts';
import { nullable, number, objectOf, oneOf, type Printed, word } from '../../cli/language/shape.ts';
import type { Located } from '../../platform/names/names.ts';
import { type Site, workInProgress } from '../deploy/baseline.ts';
import { liveRelease, type Release } from '../deploy/release.ts';
import type { SiteVariable } from '../env/variables.ts';
import type { ServerState } from './server/state.ts';

/** Where a line comes from. `given` is the log of `--log`. */
export const sourceShape = oneOf('deploy', 'given', 'laravel', 'nginx', 'php', 'worker', 'kernel', 'server', 'state', 'http', 'api');
export type Source = Printed<typeof sourceShape>;

/** A line of a log, or of the state of the server. */
export interface FactLine {
  readonly source: Source;
  /** The file on the server; null if it is not from a file. */
  readonly file: string | null;
  /** From 1; null if it is not from a file. */
  readonly number: number | null;
  readonly text: string;
  /** The line above an exception, such as `In PhpRedisConnector.php line 178:`. */
  readonly heading?: string;
  /** In epoch ms: that of the line, or of the last one before it that has a time. */
  readonly at: number | undefined;
}

/** A log, or its end. */
export interface Log {
  readonly source: Source;
  readonly file: string | null;
  /** When it was written last, in epoch ms. */
  readonly modified: number | undefined;
  /** True if it belongs to the failed release alone. */
  readonly ofRelease: boolean;
  readonly lines: readonly FactLine[];
}

/** What could not be read, and what to do about it. */
export const unknownPart = objectOf({ what: word, why: word, fix: nullable(word) });
export type UnknownPart = Printed<typeof unknownPart>;

/** How the site answered a request. */
export const siteAnswer = objectOf({
  url: word,
  status: nullable(number),
  error: nullable(word),
  /** The code of a network error, such as `CERT_HAS_EXPIRED`. */
  reason: nullable(word),
  duration_ms: number,
});
export type Answer = Printed<typeof siteAnswer>;

/** Everything that a diagnosis is made from. Null: it could not be read, and `unknown` says why. */
export interface Facts {
  readonly now: number;
  readonly siteRef: Located;
  readonly site: Site;
  readonly server: JsonObject | null;
  /** Newest first. */
  readonly releases: readonly Release[] | null;
  readonly certificates: readonly JsonObject[] | null;
  readonly queues: readonly JsonObject[] | null;
  /** Those at Deploynix. */
  readonly variables: readonly SiteVariable[] | null;
  readonly answer: Answer | null;
  readonly machine: ServerState | null;
  readonly logs: readonly Log[];
  /** Values that are never shown. */
  readonly secrets: readonly string[];
  readonly unknown: readonly UnknownPart[];
}

/** True if the site did not answer, or with an error of the server. */
export const isUnanswered = ({ answer }: Pick<Facts, 'answer'>): boolean =>
  answer !== null && (answer.status === null || answer.status >= 500);

/** What is to be explained: a failed deployment, a deployment in progress, or how the site is. */
export interface Incident {
  readonly kind: 'deployment' | 'in_progress' | 'site';
  /** The failed release; undefined if the deployment failed before there was one. */
  readonly release: Release | undefined;
  /** The live release, or the one before the failed one. */
  readonly previous: Release | undefined;
  /** When it began, in epoch ms. */
  readonly at: number | undefined;
  /** The time in which a line may belong to it, in epoch ms. */
  readonly from: number;
  readonly to: number;
  /** True if the time was given, so that it counts although the site answers by now. */
  readonly past: boolean;
}

/** How far the clocks of Deploynix and a server may differ. */
export const SKEW_MS = 2 * MINUTE;
const LONGEST_MS = HOUR;

/**
 * Finds out what is to be explained. A deployment that failed long ago does not explain that the site does not answer now. `since`: how far to
 * look back, in ms.
 */
export function incidentOf({ site, releases, answer, now }: Pick<Facts, 'site' | 'releases' | 'answer' | 'now'>, since?: number): Incident {
  const incident = latestOf(site, releases, now);
  const down = isUnanswered({ answer });
  const age = now - (incident.at ?? now);
  if (incident.kind === 'deployment' && age < (since ?? (down ? LONGEST_MS : Number.POSITIVE_INFINITY)))
    return { ...incident, past: false };
  const from = now - (since ?? HOUR);
  if (incident.kind !== 'deployment') return { ...incident, from, past: since !== undefined };
  return { kind: 'site', release: undefined, previous: incident.previous, at: undefined, from, to: now, past: since !== undefined };
}

function latestOf(site: Site, releases: readonly Release[] | null, now: number): Omit<Incident, 'past'> {
  const [newest] = releases ?? [];
  const live = liveRelease(releases);
  const previous = live && live !== newest ? live : releases?.find((release) => release !== newest && release.phase === 'good');
  if (workInProgress(site, releases) !== undefined)
    return { kind: 'in_progress', release: undefined, previous: live, at: undefined, from: now - HOUR, to: now };
  if (newest?.phase === 'bad') return { kind: 'deployment', release: newest, previous, ...spanOf(newest, now) };
  if (phaseOf(statusOf(site)) !== 'bad')
    return { kind: 'site', release: undefined, previous: live, at: undefined, from: now - HOUR, to: now };
  // It failed before Deploynix listed its release.
  const updated = timeOf(site.updated_at);
  const before = timeOf(newest?.created);
  const from = Math.max((updated ?? now) - LONGEST_MS, (before ?? 0) + MINUTE);
  return { kind: 'deployment', release: undefined, previous: live ?? newest, at: updated, from, to: (updated ?? now) + SKEW_MS };
}

function spanOf({ created, ended }: Release, now: number): Pick<Incident, 'at' | 'from' | 'to'> {
  const at = timeOf(created);
  if (at === undefined) return { at, from: now - LONGEST_MS, to: now };
  return { at, from: at - SKEW_MS, to: ended !== undefined && ended > at ? ended + SKEW_MS : at + LONGEST_MS };
}
