import { SECOND } from '../base/time.ts';
/** A time as the API writes it: ISO 8601 in UTC, without milliseconds. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** A time as the name of a release: `20260318_143200`. */
export const releaseName = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '_');

/** Changes a row at a time, in epoch ms. */
export const touch = <R extends { updated_at: string }>(row: R, at: number, changes: Partial<R> = {}): R =>
  Object.assign(row, changes, { updated_at: timestamp(at) });

/** The timestamps of a row that is created at a time, in epoch ms. */
export const stampsAt = (at: number) => ({ created_at: timestamp(at), updated_at: timestamp(at) });

/** How long asynchronous work takes, in ms. All values are assumed. */
export const timings = {
  /** From the request until the deployment is visible. */
  deployBegins: 3 * SECOND,
  /** From then to the end of the deployment. */
  deployRuns: 8 * SECOND,
  rollbackBegins: 1 * SECOND,
  rollbackRuns: 3 * SECOND,
  serverProvisions: 20 * SECOND,
  siteInstalls: 5 * SECOND,
  certificateIssues: 10 * SECOND,
  backupBegins: 2 * SECOND,
  backupRuns: 6 * SECOND,
  restoreBegins: 1 * SECOND,
  restoreRuns: 6 * SECOND,
} as const;

/** How many releases a site keeps, including the live one (assumed). */
export const KEPT_RELEASES = 5;
