import { releasesIn, siteIn, task } from '../task.ts';

export default task({
  outright: 'Somebody else is deploying shop.example.com. Wait until that has ended. Deploy nothing.',
  loose: 'grace is deploying the shop. tell me when she is through, do not start one yourself',
  trouble: (sandbox) => sandbox.deployElsewhere(siteIn(sandbox.state, 'shop.example.com').id),
  end: { holds: (state) => releasesIn(state, 'shop.example.com')[0]?.active === true && state.deployments.length === 0 },
  solve: (dnx) => dnx('watch shop.example.com'),
});
