import { task } from '../task.ts';

export default task({
  outright: "Run the cron job '/usr/local/bin/rotate-logs' on web-2 at 3 every night.",
  loose: 'the logs on web-2 should be rotated every night at 3, not once a week',
  end: {
    changes: ['PUT /servers/web-2/crontabs//usr/local/bin/rotate-logs'],
    holds: ({ crontabs }) => crontabs.some(({ command, frequency }) => command.endsWith('rotate-logs') && frequency === '0 3 * * *'),
  },
  solve: (dnx) => dnx("crontab update /usr/local/bin/rotate-logs --frequency '0 3 * * *' --server web-2"),
});
