import { wordOf } from './text.ts';

/** What a status means to a command that waits: in progress, succeeded or failed. */
export type Phase = 'going' | 'good' | 'bad';

const good = new Set(['active', 'deployed', 'success', 'succeeded', 'completed', 'finished', 'ready', 'live', 'installed', 'restored']);
const going = /^(pending|queued|creating|starting|deploying|building|running|in_progress|installing|provisioning|restoring)$/;

/** A status normalized for comparison: lower case, with `_`. */
export const statusKey = (status: unknown): string => wordOf(status).trim().toLowerCase().replaceAll(/[-\s]/g, '_');

/** The phase of a status; undefined for an unknown word. */
export function phaseOf(status: unknown): Phase | undefined {
  const value = statusKey(status);
  if (/fail|error|cancelled|canceled|abort|reject|timed_?out/.test(value)) return 'bad';
  if (good.has(value)) return 'good';
  return going.test(value) ? 'going' : undefined;
}

/** The deployment status of a site, from the first field that has it. */
export function statusOf(thing: Readonly<Record<string, unknown>>): string | undefined {
  const value = thing.deployment_status ?? thing.last_deployment_status ?? thing.status;
  return value === undefined || value === null ? undefined : wordOf(value);
}
