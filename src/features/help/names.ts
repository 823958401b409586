import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'Names and ids',
  body: [
    'Give anything in Deploynix by name or by id. A ULID, a UUID and a whole number are ids.',
    [
      ['Server', 'Name or IP address'],
      ['Site', 'Domain, or server/domain if several servers have it'],
      ['Queue worker', 'Its queue'],
      ['Daemon, cron job', 'Command; a unique beginning is enough'],
      ['Redirect', 'Path'],
      ['Firewall rule', 'Name or port'],
      ['Certificate', 'Domain'],
      ['Backup', 'Id, or --latest'],
      ['Anything else', 'Name, or key of a variable'],
    ],
    'Without a server or site on the command line, the first of these that has one counts:',
    [
      ['1.', 'DNX_SERVER, DNX_SITE'],
      ['2.', '.deploynix.json in this directory or above: dnx link'],
      ['3.', 'The profile: dnx config set site shop.example.com'],
    ],
    'Otherwise, you pick one from a list on a terminal, and dnx exits 2 without one. A name that is unknown or ambiguous exits 6. --no-cache looks up names again.',
  ],
} satisfies Topic;
