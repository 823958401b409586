import { task } from '../task.ts';

export default task({
  outright: 'Is shop.example.com online, and which release is live? Change nothing.',
  loose: 'is the shop ok?',
  end: { reads: ['GET /servers/web-1/sites/shop.example.com'] },
  solve: (dnx) => dnx('status shop.example.com --json'),
});
