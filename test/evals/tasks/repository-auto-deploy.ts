import { task } from '../task.ts';

export default task({
  outright: 'Stop deploying on every push to the repository example/shop.',
  loose: 'code freeze: pushes to the shop must not go live by themselves any more',
  end: { changes: ['POST /git-repositories/example/shop/disable-auto-deploy'] },
  solve: (dnx) => dnx('git-repository disable-auto-deploy example/shop'),
});
