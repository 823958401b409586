import type { Deviation } from './expectation.ts';

/** What a field is for, where that is more than to be shown. */
interface Meaning extends Pick<Deviation, 'level'> {
  readonly otherwise: string;
  readonly commands: readonly string[];
}

const breaks = (otherwise: string, ...commands: readonly string[]): Meaning => ({ level: 'breaks', otherwise, commands });
const copes = (otherwise: string, ...commands: readonly string[]): Meaning => ({ level: 'copes', otherwise, commands });

const deploys = ['site deploy', 'site watch', 'site rollback'];
const onServers = ['ssh', 'artisan', 'tinker', 'tunnel', 'logs', 'db query'];
const offered = copes('dnx server create offers sizes without it.', 'server create');

/** By kind and field. */
export const meanings: Readonly<Record<string, Meaning>> = {
  'server.status': breaks(
    'dnx server create cannot tell that a server has failed, and waits until --timeout.',
    'server create',
    'server provision',
  ),
  'server.ip_address': breaks('dnx ssh and everything else that runs on a server says that the server has no address yet.', ...onServers),
  'server.ssh_user': copes('dnx ssh signs in as the user that ssh takes by default. --user names another.', ...onServers),
  'site.status': breaks(
    'dnx deploy cannot tell that a deployment has failed, and ends as unknown where no release says more. dnx site create waits until --timeout.',
    ...deploys,
    'site create',
    'audit',
  ),
  'site.last_deployed_at': breaks(
    'dnx deploy ends as unknown after a short deployment where no status and no release shows it.',
    ...deploys,
  ),
  'site.updated_at': copes('dnx deploy has one sign less that something happened, and ends as unknown more often.', ...deploys),
  'site.git_repository_id': copes('dnx link cannot find the site of a repository.', 'link', 'changes', 'export', 'drift'),
  'site.zero_downtime_enabled': copes('dnx rollback cannot say beforehand that a site keeps no releases.', 'site rollback'),
  'release.status': breaks('dnx deploy cannot tell that a release has failed, and dnx rollback may offer one that did.', ...deploys),
  'release.created_at': copes(
    'dnx takes the time from the name of a release, and without one the order of the list.',
    ...deploys,
    'site releases',
  ),
  'release.active': copes('dnx takes the live release from the words of the statuses.', 'site releases', 'site rollback', 'site deploy'),
  'release.commit_hash': copes(
    'dnx changes cannot tell what is deployed, and dnx rollback does not recognize a new release of an old commit.',
    ...['changes', 'site rollback', 'site deploy', 'site releases'],
  ),
  'release.branch': copes(
    'dnx apply takes a release for one of the branch that the site has now, and may not deploy a new branch.',
    'apply',
  ),
  'variable.key': breaks(
    'dnx env pull writes no variables, dnx env diff finds no differences, and dnx env set cannot change a variable.',
    ...['env pull', 'env diff', 'env set', 'env list', 'env get'],
  ),
  'variable.value': breaks(
    'dnx env pull leaves out what is hidden, dnx env copy refuses, and dnx db query cannot sign in to a database.',
    ...['env pull', 'env diff', 'env copy', 'env edit', 'env run', 'db query', 'site compare'],
  ),
  'queue.status': copes('dnx audit does not find a queue worker that is stopped.', 'audit', 'queue list'),
  'daemon.status': copes('dnx audit does not find a daemon that is stopped.', 'audit', 'daemon list'),
  'certificate.status': breaks(
    'dnx certificate create cannot tell that a certificate was issued, and waits until --timeout. dnx audit does not see that one expires.',
    ...['certificate create', 'certificate ensure', 'site create', 'audit', 'report'],
  ),
  'certificate.expires_at': copes(
    'dnx audit and dnx report cannot tell that a certificate expires.',
    'audit',
    'report',
    'certificate list',
  ),
  'backup.status': breaks(
    'dnx backup create cannot tell that a backup is complete, and waits until --timeout. dnx audit reports every database as never backed up.',
    ...['backup create', 'backup restore', 'audit', 'report'],
  ),
  'backup.type': copes('dnx backup restore tells by the ids of a backup what it overwrites.', 'backup restore', 'backup list'),
  'backup.database_id': breaks(
    'dnx audit reports every database as never backed up, and dnx backup restore cannot say what it would overwrite.',
    'audit',
    'backup restore',
  ),
  'backup.site_id': copes(
    'dnx backup restore cannot say what it would overwrite, and dnx report shows the newest backup of a server for each of its sites.',
    ...['backup restore', 'backup list', 'report'],
  ),
  'backup.completed_at': copes('dnx audit judges a backup by when it was begun.', 'audit', 'report'),
  'token.abilities': copes('dnx audit cannot find tokens that may do too much.', 'audit', 'token list', 'auth status'),
  'network-rule.name': copes(
    'A firewall rule can be given by its port or its id alone.',
    ...['network-rule list', 'network-rule show', 'network-rule delete'],
  ),
  'network-rule.source': breaks(
    'dnx audit does not find ports that are open to the world, and dnx network-rule ensure takes a rule for the same, whatever its source.',
    'audit',
    'network-rule ensure',
    'drift',
  ),
  'network-rule.port': breaks(
    'dnx audit finds no open ports, and dnx network-rule ensure refuses, because it cannot tell what exists.',
    ...['audit', 'network-rule ensure', 'drift'],
  ),
  'crontab.frequency': breaks(
    'dnx crontab ensure takes a cron job with the same command for the same, whenever it runs.',
    ...['crontab ensure', 'drift', 'apply'],
  ),
  'daemon.directory': copes('dnx daemon ensure cannot tell whether a daemon has the directory.', 'daemon ensure', 'drift'),
  'ssh-key.public_key': copes('dnx ssh-key ensure tells keys apart by their names.', 'ssh-key ensure', 'audit'),
  'size.vcpus': offered,
  'size.memory': offered,
  'size.price_monthly': offered,
  'size.currency': copes('dnx server create offers prices without their currency.', 'server create'),
};
