import { task, workerIn } from '../task.ts';

export default task({
  outright: "Let the queue worker 'default' of shop.example.com run 5 processes.",
  loose: 'The default queue of the shop is too slow. Five processes should do.',
  end: {
    changes: ['PUT /servers/web-1/sites/shop.example.com/queues/default'],
    holds: (state) => workerIn(state, 'shop.example.com', 'default').processes === 5,
  },
  solve: (dnx) => dnx('queue update shop.example.com default --processes 5'),
});
