/** How a platform speaks that nobody has documented to the end: everything that the API reference leaves open. The first of each is the contract's. */
export const choices = {
  /** The field in which a site says how its deployment stands. */
  field: ['status', 'deployment_status', 'last_deployment_status', 'none'],
  /** A site on which nothing goes on. */
  idle: ['active', 'running', 'online', 'up', 'enabled', null],
  /** A site that is deployed; `idle` says the same as before. */
  going: ['deploying', 'building', 'in_progress', 'running', 'updating', 'idle'],
  /** A site whose last deployment failed. */
  failed: ['failed', 'error', 'idle'],
  /** Each kept release; null says nothing. */
  good: ['active', 'ok', 'current', 'built', 'deployed', null],
  /** A release that is being made. */
  made: ['deploying', 'preparing', null],
  /** A release that failed; `gone` does not keep it. */
  bad: ['failed', 'error', 'gone', null],
  /** How the live release is marked. */
  mark: ['active: true', 'active: 1', 'active: "1"', 'is_active', 'live', 'current', 'state: live', 'status: live', 'none'],
  order: ['newest first', 'oldest first', 'shuffled', 'shuffled otherwise'],
  ids: ['text', 'number'],
  /** ms after which a release shows, and the mark of the live one. */
  lateRelease: [0, 2_000, 20_000, 60_000],
  lateMark: [0, 2_000, 20_000, 60_000],
  /** Every so many answers is from a copy that is so many ms behind. */
  stale: [null, { every: 3, by: 2_000 }, { every: 2, by: 6_000 }, { every: 4, by: 15_000 }],
  times: ['Z', '+00:00', 'bare'],
  /** A field that the platform does not have. */
  lacks: ['nothing', 'last_deployed_at', 'updated_at', 'both times of a site', 'created_at of releases', 'names of releases'],
  /** Whether a request to deploy touches `updated_at` at once. */
  touches: [false, true],
  /** Whether a failed deployment counts as the last one. */
  counts: ['successes', 'failures too'],
  rollback: ['moves the mark', 'makes a release'],
} as const;

/** One platform's way of speaking. */
export type Dialect = { readonly [K in keyof typeof choices]: (typeof choices)[K][number] };

/** The contract's own dialect. */
export const plain = Object.fromEntries(Object.entries(choices).map(([key, [first]]) => [key, first])) as unknown as Dialect;

/** ms until everything that has happened shows in every answer. */
export const lagOf = ({ lateRelease, lateMark, stale }: Dialect): number => Math.max(lateRelease, lateMark) + (stale?.by ?? 0);

/** True where a site or a release says that a deployment goes on. A word of a release that is not known says nothing. */
export const showsWork = ({ field, idle, going, made, lateRelease }: Dialect): boolean =>
  (field !== 'none' && going !== 'idle' && going !== idle) || (made === 'deploying' && lateRelease === 0);

/** True where a reader who waits long enough can know that a deployment with releases succeeded: by its mark. */
export const tellsSuccess = ({ mark }: Dialect): boolean => mark !== 'none';

/** The same for a failure. */
export const tellsFailure = ({ field, failed, bad }: Dialect): boolean =>
  (field !== 'none' && failed !== 'idle') || bad === 'failed' || bad === 'error';
