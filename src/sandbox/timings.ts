const SECOND = 1_000;

/** How long the platform takes for its asynchronous work, in ms. All of it is assumed; tests move a fake clock by these. */
export const timings = {
  /** From an accepted deploy to the first sign of it: until then the site still shows its previous deployment. */
  deployBegins: 3 * SECOND,
  /** From the beginning of a deployment to its end. */
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

/** Releases a site keeps, the live one included (assumed). */
export const KEPT_RELEASES = 5;

/** The window of every limit that is counted by the minute, in ms. */
export const MINUTE = 60 * SECOND;

/** The window of the limit on backup downloads, in ms. */
export const HOUR = 60 * MINUTE;

/** A day, in ms: what the seed and certificates reckon in. */
export const DAY = 24 * HOUR;
