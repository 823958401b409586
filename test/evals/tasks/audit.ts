import { task } from '../task.ts';

export default task({
  outright: 'What is risky about our servers and sites? Change nothing.',
  loose: 'how bad is our security?',
  end: { reads: ['GET /servers/web-1/network-rules', 'GET /servers/web-2/network-rules', 'GET /servers/db-1/network-rules'] },
  solve: (dnx) => dnx('audit --fail-on none --json'),
});
