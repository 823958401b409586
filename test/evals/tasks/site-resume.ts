import { type Row, siteIn, task } from '../task.ts';

export default task({
  outright: 'Bring shop.example.com back online: it is suspended.',
  loose: 'the shop is down, get it back',
  trouble: ({ state }) => {
    siteIn(state, 'shop.example.com').status = 'suspended';
  },
  end: {
    changes: ['POST /servers/web-1/sites/shop.example.com/resume'],
    holds: (state) => siteIn(state, 'shop.example.com').status === 'active',
  },
  async solve(dnx) {
    const { status } = await dnx<Row>('site show shop.example.com --json --fields domain,status');
    if (status === 'suspended') await dnx('site resume shop.example.com');
  },
});
