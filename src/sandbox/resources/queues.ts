import { resource, showing } from '../crud.ts';
import { accepted } from '../http/response.ts';
import { type Operation, operation } from '../operation.ts';
import type { Queue } from '../records.ts';
import { integer, text } from '../rules.ts';
import { timestamp } from '../time.ts';

const present = showing<Queue>('id', 'connection', 'queue', 'processes', 'tries', 'timeout', 'sleep', 'status', 'created_at', 'updated_at');

/** Queue workers of a site. */
export const queues: Operation[] = [
  ...resource({
    noun: 'queue',
    path: '/servers/{server}/sites/{site}/queues',
    ability: 'queue-worker',
    present,
    fields: {
      connection: text().optional(),
      queue: text().optional(),
      processes: integer(1, 100).optional(),
      tries: integer(0, 1_000).optional(),
      timeout: integer(0, 86_400).optional(),
      sleep: integer(0, 3_600).optional(),
    },
    fresh: () => ({ connection: 'redis', queue: 'default', processes: 1, tries: 3, timeout: 60, sleep: 3, status: 'running' }),
  }),
  operation('POST /servers/{server}/sites/{site}/queues/{queue}/restart', 'queue-worker:update', ({ now }, { queue }) => {
    queue.status = 'running';
    queue.updated_at = timestamp(now);
    return accepted('Queue worker restart started.', present(queue));
  }),
];
