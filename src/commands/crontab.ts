import { group } from '../cli/language/command.ts';
import { ensure } from '../cli/language/ensure.ts';
import { assumed, natural, required, text } from '../cli/language/options.ts';
import { create, list, remove, resource, show, update } from '../cli/language/resource.ts';
import { columns, running } from '../cli/output/view.ts';

const crontabs = resource({
  noun: 'crontab',
  path: '/servers/{server}/crontabs',
  columns: columns({ key: 'command', wrap: true }, running, 'frequency', 'user', {
    key: 'id',
    wide: true,
  }),
  example: {
    target: '/usr/local/bin/rotate-logs',
    parents: '--server web-2',
    create: "'php artisan queue:prune-failed' --frequency '0 3 * * *'",
    update: "--frequency '*/5 * * * *'",
    ensure: "/usr/local/bin/rotate-logs --frequency '*/5 * * * *'",
  },
});

const fields = {
  command: natural(required(assumed(text('Command to run')))),
  frequency: required(assumed({ ...text('Cron expression', 'cron'), example: '*/5 * * * *' })),
  user: assumed(text('System user that runs the command')),
};

export default group({
  name: 'crontab',
  commands: [
    list(crontabs),
    show(crontabs),
    create(crontabs, fields),
    ensure(crontabs, fields),
    update(crontabs, fields),
    remove(crontabs),
  ],
});
