import { task } from '../task.ts';

export default task({
  outright: 'As whom is dnx signed in, and may it deploy? Change nothing.',
  loose: 'are we allowed to deploy?',
  end: { reads: ['GET /user'] },
  solve: (dnx) => dnx('auth status --json'),
});
