import { group } from '../cli/language/command.ts';
import { ensure } from '../cli/language/ensure.ts';
import { assumed, integer, natural, required, text } from '../cli/language/options.ts';
import { create, list, remove, resource, restart, show, update } from '../cli/language/resource.ts';
import { columns, running } from '../cli/output/view.ts';

const daemons = resource({
  noun: 'daemon',
  path: '/servers/{server}/daemons',
  columns: columns({ key: 'command', wrap: true }, running, 'processes', 'user', { key: 'id', wide: true }),
  details: columns({ key: 'command', wrap: true }, running, 'processes', 'user', 'directory', 'id'),
  example: {
    target: "'node server.js'",
    parents: '--server web-2',
    create: "'php artisan horizon' --user deploynix",
    update: '--processes 2',
    ensure: "'node server.js' --processes 2",
  },
});

const fields = {
  command: natural(required(assumed(text('Command to keep running')))),
  directory: assumed(text('Working directory')),
  user: assumed(text('System user that runs the command')),
  processes: assumed(integer('Number of processes')),
};

export default group({
  name: 'daemon',
  commands: [
    list(daemons),
    show(daemons),
    create(daemons, fields),
    ensure(daemons, fields),
    update(daemons, fields),
    remove(daemons),
    restart(daemons),
  ],
});
