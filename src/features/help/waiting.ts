import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'Waiting',
  body: [
    'Deployments, rollbacks, backups, restores, certificates and new servers take time. By default, dnx waits for the result if the token can read it, and the exit code tells you the outcome.',
    [
      ['--wait', 'Always wait'],
      ['--no-wait', 'Return as soon as the work is requested'],
      ['--timeout 5m', 'Stop waiting after 5 minutes (default 15m): exit 124'],
      ['--notify desktop', 'Then notify: bell, desktop, a URL or a command'],
      ['Ctrl-C', 'Stop waiting: exit 130'],
    ],
    'Nothing here cancels the remote work. Resume with dnx watch, or read the status with dnx site show, dnx server show or dnx backup list.',
    'If the site is already being deployed:',
    [
      ['--if-running attach', 'Wait for that deployment instead of starting one'],
      ['--if-running wait', 'Wait for it to finish, then deploy'],
      ['--if-running fail', 'Deploy nothing: exit 10'],
    ],
    'Outcomes in JSON: succeeded, failed, started, timed_out, superseded, rolled_back, unknown',
  ],
} satisfies Topic;
