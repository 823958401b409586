import { task } from '../task.ts';

export default task({
  outright: 'Which Git providers are connected? Change nothing.',
  loose: 'where does our code come from?',
  end: { reads: ['GET /git-providers'] },
  solve: (dnx) => dnx('git-provider list --json --fields name,provider,url'),
});
