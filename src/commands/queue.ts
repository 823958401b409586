import { group } from '../cli/language/command.ts';
import { assumed, integer, text } from '../cli/language/options.ts';
import { create, list, remove, resource, restart, show, update } from '../cli/language/resource.ts';
import { columns } from '../cli/output/view.ts';

interface Queue {
  readonly id: string;
  readonly connection: string;
  readonly queue: string;
  readonly processes: number;
  readonly tries: number;
  readonly timeout: number;
  readonly sleep: number;
  readonly status: string;
}

const queues = resource({
  noun: 'queue',
  path: '/servers/{server}/sites/{site}/queues',
  columns: columns<Queue>('id', 'queue', 'connection', 'status', 'processes', 'tries', 'timeout', 'sleep'),
  example: {
    target: '01JQ8Z4T9G0000000000QV0001',
    parents: '--site shop.example.com',
    create: '--connection redis --queue reports --processes 2',
    update: '--processes 5',
  },
});

// In an update, `queue` is the worker itself: its queue is updated with -F queue=….
const changes = {
  connection: assumed(text('Queue connection, such as redis')),
  processes: assumed(integer('Number of processes')),
  tries: assumed(integer('Maximum attempts per job')),
  timeout: assumed(integer('Maximum seconds per job', 'seconds')),
  sleep: assumed(integer('Seconds to sleep if there is no job', 'seconds')),
};
const fields = { queue: assumed(text('Queue to process')), ...changes };

export default group({
  name: 'queue',
  commands: [list(queues), show(queues), create(queues, fields), update(queues, changes), remove(queues), restart(queues)],
});
