import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'Names and ids',
  body: [
    'Refer to anything in Deploynix by name or id. ULIDs, UUIDs and whole numbers are ids.',
    [
      ['Server', 'Name or IP address'],
      ['Site', 'Domain, or server/domain if several servers have it'],
      ['Queue worker', 'Queue'],
      ['Daemon, cron job', 'Command, or a unique beginning of it'],
      ['Redirect', 'Path'],
      ['Firewall rule', 'Name or port'],
      ['Certificate', 'Domain'],
      ['Backup', 'Id, or --latest'],
      ['Anything else', 'Name, or key of a variable'],
    ],
    'If the command line names no server or site, dnx uses the first of these that does:',
    [
      ['1.', 'DNX_SERVER, DNX_SITE'],
      ['2.', '.deploynix.json in this directory or above: dnx link'],
      ['3.', 'The profile: dnx config set site shop.example.com'],
    ],
    'Otherwise, dnx asks on a terminal, and exits 2 elsewhere. It exits 6 if a name is unknown or ambiguous. --no-cache looks up names again.',
  ],
} satisfies Topic;
