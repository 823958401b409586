import { command } from '../cli/language/command.ts';
import { choice, count, flag, following, reporting, text } from '../cli/language/options.ts';
import { listOf } from '../cli/language/shape.ts';
import { reportFormats } from '../machine/settings/settings.ts';

const BACKUP_DAYS = 7;

export default command({
  name: 'audit',
  summary: 'Check servers and sites for risks',
  description: [
    'Checks certificates, backups, firewall rules, PHP versions, deployments, workers and previews. Without --server or DNX_SERVER, checks all servers, and SSH keys and tokens, too. Each finding names the command that fixes it. What cannot be read is listed as not checked.',
    '-o also takes sarif (GitHub code scanning), junit (Jenkins, GitLab) and markdown (job summaries).',
  ].join('\n\n'),
  exits: '10 findings of the severity of --fail-on or worse; 12 not everything could be checked (0 with --fail-on none)',
  calls: [
    'GET /servers',
    { when: 'server', instead: 'GET /servers/{server}/sites' },
    { when: 'server', also: ['GET /servers'] },
    'GET /servers/{server}/sites',
    'GET /servers/{server}/sites/{site}/certificates',
    'GET /servers/{server}/sites/{site}/queues',
    'GET /servers/{server}/sites/{site}/environment-variables',
    'GET /servers/{server}/sites/{site}',
    'GET /git-repositories',
    'GET /servers/{server}/certificates',
    'GET /servers/{server}/databases',
    'GET /servers/{server}/daemons',
    'GET /servers/{server}/network-rules',
    'GET /backups',
    { unless: 'server', also: ['GET /servers/{server}/ssh-keys', 'GET /tokens'] },
  ],
  options: {
    ssh: flag('Sign in to each server, too: updates, disks, processes, served certificates'),
    fail_on: choice('Exit 10 if there are findings of this severity or worse', ['low', 'medium', 'high', 'none']),
    baseline: text('File of accepted findings, which are not shown and do not count', 'file'),
    update_baseline: { ...flag('Write the current findings to the baseline'), effect: 'local' },
    backup_days: count('Days after which a database needs a new backup (default 7)'),
    notify: following.notify,
    ...reporting,
  },
  formats: reportFormats,
  prints: async () => listOf((await import('../features/audit/finding.ts')).auditFinding),
  examples: [
    'audit',
    'audit --server web-1 --json',
    'audit --ssh --fail-on none',
    'audit -o sarif > audit.sarif',
    'audit --baseline audit.jsonl --update-baseline',
  ],
  async run(ctx, { targets: { server }, options }) {
    const { fail_on: failOn, baseline, ssh = false, update_baseline: update = false, backup_days: backupDays = BACKUP_DAYS } = options;
    return (await import('../features/audit/show.ts')).showAudit(ctx, { server, ssh, backupDays, failOn, baseline, update });
  },
});
