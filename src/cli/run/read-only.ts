import { isRead } from '../../platform/api/endpoint.ts';
import { refused } from '../../platform/api/send.ts';
import type { Settled } from '../../platform/names/lookups.ts';
import { endpointsIn } from '../language/calls.ts';
import { callsOf, type Invocation } from './invocation.ts';

/** Refuses a command line that changes something, before dnx prompts or sends anything. An `ensure` may find that nothing has to change. */
export function refuseChanges(line: Invocation, settled: Settled): void {
  if (line.options.dry_run || line.command.name === 'ensure') return;
  const change = endpointsIn(callsOf(line, settled)).find((endpoint) => !isRead(endpoint));
  if (change) throw refused(change);
}
