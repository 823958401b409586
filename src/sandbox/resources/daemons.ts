import { resource, showing } from '../crud.ts';
import { accepted } from '../http/response.ts';
import { type Operation, operation } from '../operation.ts';
import type { Daemon } from '../records.ts';
import { integer, text } from '../rules.ts';
import { timestamp } from '../time.ts';

const present = showing<Daemon>('id', 'command', 'directory', 'user', 'processes', 'status', 'created_at', 'updated_at');

/** Processes that Supervisor keeps running. */
export const daemons: Operation[] = [
  ...resource({
    noun: 'daemon',
    path: '/servers/{server}/daemons',
    ability: 'daemon',
    present,
    fields: { command: text(1_000), directory: text().nullish(), user: text().optional(), processes: integer(1, 100).optional() },
    fresh: () => ({ directory: null, user: 'deploynix', processes: 1, status: 'running' }),
  }),
  operation('POST /servers/{server}/daemons/{daemon}/restart', 'daemon:update', ({ now }, { daemon }) => {
    daemon.status = 'running';
    daemon.updated_at = timestamp(now);
    return accepted('Daemon restart started.', present(daemon));
  }),
];
