import { task } from '../task.ts';

export default task({
  outright: 'Which SSH keys are on web-1? Change nothing.',
  loose: 'who can log into web-1?',
  end: { reads: ['GET /servers/web-1/ssh-keys'] },
  solve: (dnx) => dnx('ssh-key list --server web-1 --json --fields name,fingerprint'),
});
