import { task } from '../task.ts';

export default task({
  outright: 'Who pushed last to the repository of shop.example.com? Change nothing.',
  loose: 'who touched the shop last?',
  end: { reads: ['GET /servers/web-1/sites/shop.example.com/webhooks'] },
  solve: (dnx) => dnx('site webhooks shop.example.com --json --limit 1'),
});
