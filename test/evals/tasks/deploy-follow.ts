import { releasesIn, task } from '../task.ts';

export default task({
  outright: 'Start a deployment of shop.example.com without waiting for it. Then follow it until it has ended.',
  loose: 'kick off a deploy of the shop, and tell me when it is out',
  end: {
    changes: ['POST /servers/web-1/sites/shop.example.com/deploy'],
    holds: (state) => releasesIn(state, 'shop.example.com')[0]?.active === true && state.deployments.length === 0,
  },
  async solve(dnx) {
    await dnx('deploy shop.example.com --no-wait');
    await dnx('watch shop.example.com');
  },
});
