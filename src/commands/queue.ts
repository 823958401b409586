import { duration } from '../base/time.ts';
import { group } from '../cli/language/command.ts';
import { ensure } from '../cli/language/ensure.ts';
import { assumed, integer, natural, text } from '../cli/language/options.ts';
import { create, list, remove, resource, restart, show, update } from '../cli/language/resource.ts';
import { type Column, columns, running } from '../cli/output/view.ts';

/** A field in seconds, as a duration. */
const seconds = (key: 'timeout' | 'sleep'): Column => ({
  key,
  cell: ({ [key]: value }) => (typeof value === 'number' ? duration(value * 1000) : undefined),
});

const queues = resource({
  noun: 'queue',
  path: '/servers/{server}/sites/{site}/queues',
  columns: columns(
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
    target: 'default',
    site: 'shop.example.com',
    create: 'reports --connection redis --processes 2',
    update: '--processes 5',
    ensure: 'default --processes 5',
  },
});

// In an update, `queue` is the worker itself: its queue is updated with -F queue=….
const changes = {
  connection: assumed(text('Queue connection, such as redis')),
  processes: assumed(integer('Number of processes')),
  tries: assumed(integer('Maximum attempts per job')),
  timeout: assumed(integer('Maximum seconds per job', 'seconds')),
  sleep: assumed(integer('Seconds to sleep when the queue is empty', 'seconds')),
};
const fields = { queue: natural(assumed(text('Queue to process'))), ...changes };

export default group({
  name: 'queue',
  commands: [
    list(queues),
    show(queues),
    create(queues, fields),
    ensure(queues, fields),
    update(queues, changes),
    remove(queues),
    restart(queues),
  ],
});
