import { group } from '../cli/language/command.ts';
import { assumed, integer, natural, text } from '../cli/language/options.ts';
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
    target: 'default',
    parents: '--site shop.example.com',
    create: 'reports --connection redis --processes 2',
    update: '--processes 5',
  },
});

// In an update, `queue` is the worker itself: its queue is updated with -F queue=….
const changes = {
  connection: assumed(text('Queue connection of the app, such as redis')),
  processes: assumed(integer('Number of worker processes')),
  tries: assumed(integer('Attempts per job')),
  timeout: assumed(integer('Seconds a job may run', 'seconds')),
  sleep: assumed(integer('Seconds to sleep when the queue is empty', 'seconds')),
};
const fields = { queue: natural(assumed(text('Queue to work on'))), ...changes };

export default group({
  name: 'queue',
  commands: [list(queues), show(queues), create(queues, fields), update(queues, changes), remove(queues), restart(queues)],
});
