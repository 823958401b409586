import { crud, showing } from '../crud.ts';
import { operation, type SandboxOperation } from '../operation.ts';
import type { Daemon } from '../records.ts';
import { accepted } from '../response.ts';
import { integerRule, textRule } from '../rules.ts';
import { timestamp } from '../time.ts';

const present = showing<Daemon>('id', 'command', 'directory', 'user', 'processes', 'status', 'created_at', 'updated_at');

/** Processes that Supervisor keeps running. */
export const daemons: SandboxOperation[] = [
  ...crud({
    noun: 'daemon',
    path: '/servers/{server}/daemons',
    ability: 'daemon',
    present,
    fields: {
      command: textRule(1_000),
      directory: textRule().nullish(),
      user: textRule().optional(),
      processes: integerRule(1, 100).optional(),
    },
    fresh: () => ({ directory: null, user: 'deploynix', processes: 1, status: 'running' }),
  }),
  operation('POST /servers/{server}/daemons/{daemon}/restart', 'daemon:update', ({ now }, { daemon }) => {
    daemon.status = 'running';
    daemon.updated_at = timestamp(now);
    return accepted('Daemon restart started.', present(daemon));
  }),
];
