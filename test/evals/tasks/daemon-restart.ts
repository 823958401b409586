import { type Row, task } from '../task.ts';

export default task({
  outright: "Restart the daemon 'node server.js' on web-2.",
  loose: 'Something on web-2 is dead. Find it and bring it back.',
  end: {
    changes: ['POST /servers/web-2/daemons/node server.js/restart'],
    holds: ({ daemons }) => daemons.every(({ command, status }) => command !== 'node server.js' || status === 'running'),
  },
  async solve(dnx) {
    const daemons = await dnx<Row[]>('daemon list --server web-2 --json --fields id,command,status');
    await dnx(`daemon restart ${daemons.find(({ status }) => status === 'failed')?.id} --server web-2`);
  },
});
