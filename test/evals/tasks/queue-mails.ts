import { type Row, task, workerIn } from '../task.ts';

export default task({
  outright: "Find out whether the queue worker 'mails' of shop.example.com runs, and restart it if it does not.",
  loose: 'emails are not going out since this morning',
  trouble: ({ state }) => {
    workerIn(state, 'shop.example.com', 'mails').status = 'stopped';
  },
  end: {
    reads: ['GET /servers/web-1/sites/shop.example.com/queues'],
    changes: ['POST /servers/web-1/sites/shop.example.com/queues/mails/restart'],
  },
  async solve(dnx) {
    const workers = await dnx<Row[]>('queue list shop.example.com --json --fields id,queue,status');
    const stopped = workers.find(({ queue, status }) => queue === 'mails' && status !== 'running');
    await dnx(`queue restart shop.example.com ${stopped?.id}`);
  },
});
