import { task, workerIn } from '../task.ts';

export default task({
  outright: "Restart the queue worker 'default' of shop.example.com.",
  loose: 'Orders on the shop are stuck since this morning. Get them going again.',
  trouble: ({ state }) => {
    workerIn(state, 'shop.example.com', 'default').status = 'failed';
  },
  end: {
    changes: ['POST /servers/web-1/sites/shop.example.com/queues/default/restart'],
    holds: (state) => workerIn(state, 'shop.example.com', 'default').status === 'running',
  },
  solve: (dnx) => dnx('queue restart shop.example.com default'),
});
