import { task } from '../task.ts';

export default task({
  outright: 'Deploy shop.example.com. If that is not allowed, stop and say which ability is missing.',
  loose: 'deploy the shop',
  token: ['server:read', 'site:read'],
  end: {},
  solve: (dnx) => dnx('deploy shop.example.com', { exit: 5 }),
});
