import { releasesIn, task } from '../task.ts';

export default task({
  outright: 'Roll back shop.example.com to the release before the live one.',
  loose: 'The checkout of the shop is wrong since the last deploy. Go back to the version before.',
  end: {
    changes: ['POST /servers/web-1/sites/shop.example.com/rollback'],
    holds: (state) => releasesIn(state, 'shop.example.com')[1]?.active === true,
  },
  solve: (dnx) => dnx('rollback shop.example.com --yes', { wait: 'watch shop.example.com' }),
});
