import { wordOf } from './text.ts';

/** What a status value means for somebody who waits: going on, ended well, or ended badly. */
export type Phase = 'going' | 'good' | 'bad';

const good = new Set(['active', 'deployed', 'success', 'succeeded', 'completed', 'finished', 'ready', 'live', 'installed', 'restored']);
const going = new Set([
  'pending',
  'queued',
  'starting',
  'deploying',
  'building',
  'running',
  'in_progress',
  'installing',
  'provisioning',
  'restoring',
]);

/** A status value in one spelling, to compare it: without regard to case, `-` or `_`. */
export const statusKey = (status: unknown): string => wordOf(status).trim().toLowerCase().replaceAll(/[-\s]/g, '_');

/** Sorts a status value by its meaning. Undefined: not one that is known, so shown as it is. */
export function phaseOf(status: unknown): Phase | undefined {
  // Most values are spelled as they are known.
  if (typeof status === 'string' && good.has(status)) return 'good';
  const value = statusKey(status);
  if (/fail|error|cancelled|canceled/.test(value)) return 'bad';
  if (good.has(value)) return 'good';
  return going.has(value) ? 'going' : undefined;
}

/** The first present of the fields in which a site says how its deployment stands. */
export function statusOf(thing: Readonly<Record<string, unknown>>): string | undefined {
  const value = thing.deployment_status ?? thing.last_deployment_status ?? thing.status;
  return value === undefined || value === null ? undefined : wordOf(value);
}
