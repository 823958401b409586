import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'Exit codes',
  body: [
    [
      ['0', 'Success, an empty list, or nothing to change'],
      ['1', 'Failed: deployment, backup or restore, API error, or a bug; or canceled'],
      ['2', 'Usage: unknown option, missing value, or cannot prompt'],
      ['4', 'Not signed in, or the token was rejected (401)'],
      ['5', 'Forbidden: ability, role or plan (403), or DNX_READ_ONLY'],
      ['6', 'Not found (404), or ambiguous'],
      ['7', 'Rejected by validation or a plan limit (422)'],
      ['9', 'Rate limited for too long (429)'],
      ['10', 'Differences, audit findings, a conflict, or stopped by --guard'],
      ['11', 'The deployment failed verification and was rolled back'],
      ['12', 'Some of several targets failed, or could not be audited'],
      ['13', 'Network: DNS, TLS, connection or no answer'],
      ['124', '--timeout reached; the remote work continues'],
      ['129, 130, 143', 'Interrupted by SIGHUP, Ctrl-C or SIGTERM; the remote work continues'],
      ['any', 'dnx ssh, artisan, db shell, env run: that of the program'],
    ],
    'With --json, the error on stderr has a "code" such as "not_found".',
    'Waiting and outcomes: dnx help waiting',
  ],
} satisfies Topic;
