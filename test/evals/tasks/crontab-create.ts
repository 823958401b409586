import { task } from '../task.ts';

export default task({
  outright: "Run 'php artisan horizon:snapshot' on web-1 every 5 minutes, unless there is such a cron job already.",
  loose: 'horizon on web-1 shows no graphs, it wants horizon:snapshot every five minutes',
  end: {
    changes: ['POST /servers/web-1/crontabs'],
    holds: ({ crontabs }) => crontabs.some(({ command, frequency }) => /horizon:snapshot/.test(command) && frequency === '*/5 * * * *'),
  },
  solve: (dnx) => dnx("crontab ensure 'php artisan horizon:snapshot' --frequency '*/5 * * * *' --server web-1"),
});
