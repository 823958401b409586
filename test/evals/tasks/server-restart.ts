import { task } from '../task.ts';

export default task({
  outright: 'Restart the server web-1.',
  loose: 'web-1 hangs, reboot it',
  end: { changes: ['POST /servers/web-1/restart'] },
  solve: (dnx) => dnx('server restart web-1 --yes'),
});
