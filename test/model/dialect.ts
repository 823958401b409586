/** What the API reference leaves open about a platform's responses. The first value of each is the contract's. */
export const choices = {
  /** The field of a site with the status of its deployment. */
  field: ['status', 'deployment_status', 'last_deployment_status', 'none'],
  /** The status of an idle site. */
  idle: ['active', 'running', 'online', 'up', 'enabled', null],
  /** The status during a deployment; `idle` keeps the one before. */
  going: ['deploying', 'building', 'in_progress', 'running', 'updating', 'idle'],
  /** The status after a failed deployment. */
  failed: ['failed', 'error', 'idle'],
  /** The status of a kept release; null for none. */
  good: ['active', 'ok', 'current', 'built', 'deployed', null],
  /** The status of a release in progress. */
  made: ['deploying', 'preparing', null],
  /** The status of a failed release; `gone` deletes it. */
  bad: ['failed', 'error', 'gone', null],
  /** How the live release is marked. */
  mark: ['active: true', 'active: 1', 'active: "1"', 'is_active', 'live', 'current', 'state: live', 'status: live', 'none'],
  order: ['newest first', 'oldest first', 'shuffled', 'shuffled otherwise'],
  ids: ['text', 'number'],
  /** Delay in ms until a release appears, and until the live one is marked. */
  lateRelease: [0, 2_000, 20_000, 60_000],
  lateMark: [0, 2_000, 20_000, 60_000],
  /** Every nth response is from a replica that lags this many ms. */
  stale: [null, { every: 3, by: 2_000 }, { every: 2, by: 6_000 }, { every: 4, by: 15_000 }],
  times: ['Z', '+00:00', 'bare'],
  /** A field that the platform omits. */
  lacks: ['nothing', 'last_deployed_at', 'updated_at', 'both times of a site', 'created_at of releases', 'names of releases'],
  /** Whether a request to deploy updates `updated_at` immediately. */
  touches: [false, true],
  /** Whether a failed deployment updates `last_deployed_at`. */
  counts: ['successes', 'failures too'],
  rollback: ['moves the mark', 'makes a release'],
} as const;

/** The dialect of one platform. */
export type Dialect = { readonly [K in keyof typeof choices]: (typeof choices)[K][number] };

/** The dialect of the contract. */
export const plain = Object.fromEntries(Object.entries(choices).map(([key, [first]]) => [key, first])) as unknown as Dialect;

/** The delay in ms until every response shows everything that happened. */
export const lagOf = ({ lateRelease, lateMark, stale }: Dialect): number => Math.max(lateRelease, lateMark) + (stale?.by ?? 0);

/** Whether a site or release shows a deployment in progress. An unknown release status shows nothing. */
export const showsWork = ({ field, idle, going, made, lateRelease }: Dialect): boolean =>
  (field !== 'none' && going !== 'idle' && going !== idle) || (made === 'deploying' && lateRelease === 0);

/** Whether the site shows a deployment in progress, in a word that means nothing else. */
export const showsOnSite = ({ field, idle, going }: Dialect): boolean =>
  field !== 'none' && going !== idle && ['deploying', 'building', 'in_progress'].includes(going);

/** Whether the live mark eventually shows that a deployment with releases succeeded. */
export const tellsSuccess = ({ mark }: Dialect): boolean => mark !== 'none';

/** The same for a failure. */
export const tellsFailure = ({ field, failed, bad }: Dialect): boolean =>
  (field !== 'none' && failed !== 'idle') || bad === 'failed' || bad === 'error';
