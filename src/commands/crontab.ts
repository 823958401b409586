import { group } from '../cli/language/command.ts';
import { assumed, required, text } from '../cli/language/options.ts';
import { create, list, remove, resource, show, update } from '../cli/language/resource.ts';
import { columns } from '../cli/output/view.ts';

interface Crontab {
  readonly id: string;
  readonly command: string;
  readonly frequency: string;
  readonly user: string;
  readonly status: string;
}

const crontabs = resource({
  noun: 'crontab',
  path: '/servers/{server}/crontabs',
  columns: columns<Crontab>('id', 'frequency', 'command', 'user', 'status'),
  example: {
    target: '01JQ8Z4T9G0000000000CR0001',
    parents: '--server web-1',
    create: "--command 'php artisan schedule:run' --frequency '* * * * *'",
    update: "--frequency '*/5 * * * *'",
  },
});

const fields = {
  command: required(assumed(text('Command to run'))),
  frequency: required(assumed(text('Schedule as a cron expression', 'cron'))),
  user: assumed(text('System user to run it as')),
};

export default group({
  name: 'crontab',
  commands: [list(crontabs), show(crontabs), create(crontabs, fields), update(crontabs, fields), remove(crontabs)],
});
