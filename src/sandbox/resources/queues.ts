import { crud, showing } from '../crud.ts';
import { operation, type SandboxOperation } from '../operation.ts';
import type { Queue } from '../records.ts';
import { accepted } from '../response.ts';
import { integerRule, textRule } from '../rules.ts';
import { timestamp } from '../time.ts';

const present = showing<Queue>('id', 'connection', 'queue', 'processes', 'tries', 'timeout', 'sleep', 'status', 'created_at', 'updated_at');

/** Queue workers of a site. */
export const queues: SandboxOperation[] = [
  ...crud({
    noun: 'queue',
    path: '/servers/{server}/sites/{site}/queues',
    ability: 'queue-worker',
    present,
    fields: {
      connection: textRule().optional(),
      queue: textRule().optional(),
      processes: integerRule(1, 100).optional(),
      tries: integerRule(0, 1_000).optional(),
      timeout: integerRule(0, 86_400).optional(),
      sleep: integerRule(0, 3_600).optional(),
    },
    fresh: () => ({ connection: 'redis', queue: 'default', processes: 1, tries: 3, timeout: 60, sleep: 3, status: 'running' }),
  }),
  operation('POST /servers/{server}/sites/{site}/queues/{queue}/restart', 'queue-worker:update', ({ now }, { queue }) => {
    queue.status = 'running';
    queue.updated_at = timestamp(now);
    return accepted('Queue worker restart started.', present(queue));
  }),
];
