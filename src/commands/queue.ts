import { duration } from '../base/time.ts';
import { group } from '../cli/language/command.ts';
import { assumed, integer, text } from '../cli/language/options.ts';
import { create, list, remove, resource, restart, show, update } from '../cli/language/resource.ts';
import { type Column, columns, running } from '../cli/output/view.ts';

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

/** A field in seconds, as a duration. */
const seconds = (key: 'timeout' | 'sleep'): Column<Queue> => ({
  key,
  cell: ({ [key]: value }) => (typeof value === 'number' ? duration(value * 1000) : undefined),
});

const queues = resource({
  noun: 'queue',
  path: '/servers/{server}/sites/{site}/queues',
  columns: columns<Queue>(
    'queue',
    running,
    'connection',
    'processes',
    'tries',
    seconds('timeout'),
    { ...seconds('sleep'), wide: true },
    { key: 'id', wide: true },
  ),
  example: {
    target: '01JQ8Z4T9G0000000000QV0001',
    parents: '--site shop.example.com',
    create: '--connection redis --queue reports --processes 2',
    update: '--processes 5',
  },
});

// An update has the worker itself in the place of `queue`: there it is changed with -F queue=….
const changes = {
  connection: assumed(text('Connection of the application, such as redis')),
  processes: assumed(integer('How many workers')),
  tries: assumed(integer('How often a job is tried')),
  timeout: assumed(integer('Seconds that a job may take', 'seconds')),
  sleep: assumed(integer('Seconds to wait when there is no job', 'seconds')),
};
const fields = { queue: assumed(text('Queue to work on')), ...changes };

export default group({
  name: 'queue',
  commands: [list(queues), show(queues), create(queues, fields), update(queues, changes), remove(queues), restart(queues)],
});
