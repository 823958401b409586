import { task } from '../task.ts';

export default task({
  outright: "Keep 'php artisan horizon' running on web-2, as the user deploynix.",
  loose: 'we installed horizon on web-2, make sure it always runs (as deploynix)',
  end: {
    changes: ['POST /servers/web-2/daemons'],
    holds: ({ daemons }) => daemons.some(({ command, user }) => command === 'php artisan horizon' && user === 'deploynix'),
  },
  solve: (dnx) => dnx("daemon ensure 'php artisan horizon' --user deploynix --server web-2"),
});
