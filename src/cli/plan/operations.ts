import type { JsonObject } from '../../base/json.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { nounIn } from '../../platform/names/namings.ts';

/** How a change is taken back, or why it cannot be. */
export type Undo =
  /** PUT again, with what it replaced. */
  | 'restore'
  /** DELETE what it created. */
  | 'delete'
  /** Schedule what was scheduled before, or nothing. */
  | 'schedule'
  /** POST again, with these fields of what it deleted. */
  | { readonly create: readonly string[] }
  /** The action that does the opposite, if the target was not like that before. */
  | { readonly action: string; readonly unless: (before: JsonObject) => boolean }
  | { readonly none: string };

/** What is known of an operation that changes something. */
export interface Operation {
  readonly undo: Undo;
  /** The fields of its target that an action changes. */
  readonly touches?: readonly string[];
}

const none = (reason: string): Undo => ({ none: reason });
const isAuto = ({ auto_deploy_enabled }: JsonObject): boolean => auto_deploy_enabled === true;

/** Every operation of the API reference that changes something. A test compares them with the commands. */
export const operations: Readonly<Record<string, Operation>> = {
  'POST /login': { undo: none('It signs in.') },
  'POST /logout': { undo: none('A revoked token does not come back.') },
  'POST /tokens': { undo: 'delete' },
  'DELETE /tokens/{token}': { undo: none('A revoked token does not come back.') },
  'POST /servers': { undo: none('The server may hold data by then. Delete it with dnx server delete.') },
  'PUT /servers/{server}': { undo: 'restore' },
  'DELETE /servers/{server}': { undo: none('Its sites and data are gone.') },
  'POST /servers/{server}/restart': { undo: none('A restart leaves nothing to take back.') },
  'POST /servers/{server}/provision': { undo: none('The software before is not known.') },
  'POST /servers/{server}/sites': { undo: none('The site may hold data by then. Delete it with dnx site delete.') },
  'PUT /servers/{server}/sites/{site}': { undo: 'restore' },
  'DELETE /servers/{server}/sites/{site}': { undo: none('Its files and releases are gone.') },
  'POST /servers/{server}/sites/{site}/deploy': { undo: none('Roll back with dnx rollback. Migrations are not undone.') },
  'POST /servers/{server}/sites/{site}/schedule-deploy': { undo: 'schedule', touches: ['scheduled_deploy_at'] },
  'POST /servers/{server}/sites/{site}/cancel-scheduled-deploy': { undo: 'schedule', touches: ['scheduled_deploy_at'] },
  'POST /servers/{server}/sites/{site}/rollback': { undo: none('Roll back again with dnx rollback --to.') },
  'POST /servers/{server}/sites/{site}/suspend': {
    undo: { action: 'resume', unless: ({ status }) => status === 'suspended' },
    touches: ['status'],
  },
  'POST /servers/{server}/sites/{site}/resume': {
    undo: { action: 'suspend', unless: ({ status }) => status !== 'suspended' },
    touches: ['status'],
  },
  'POST /servers/{server}/sites/{site}/enable-zero-downtime': {
    undo: none('The API cannot turn this off.'),
    touches: ['zero_downtime_enabled'],
  },
  'POST /servers/{server}/sites/{site}/environment-variables': { undo: 'delete' },
  'PUT /servers/{server}/sites/{site}/environment-variables/{variable}': { undo: 'restore' },
  'DELETE /servers/{server}/sites/{site}/environment-variables/{variable}': { undo: { create: ['key', 'value'] } },
  'POST /servers/{server}/sites/{site}/environment-variables/pull': { undo: none('The variables before are not kept.') },
  'POST /servers/{server}/sites/{site}/queues': { undo: 'delete' },
  'PUT /servers/{server}/sites/{site}/queues/{queue}': { undo: 'restore' },
  'DELETE /servers/{server}/sites/{site}/queues/{queue}': {
    undo: { create: ['connection', 'queue', 'processes', 'tries', 'timeout', 'sleep'] },
  },
  'POST /servers/{server}/sites/{site}/queues/{queue}/restart': { undo: none('A restart leaves nothing to take back.') },
  'POST /servers/{server}/sites/{site}/redirects': { undo: 'delete' },
  'PUT /servers/{server}/sites/{site}/redirects/{redirect}': { undo: 'restore' },
  'DELETE /servers/{server}/sites/{site}/redirects/{redirect}': { undo: { create: ['from', 'to', 'type'] } },
  'POST /servers/{server}/sites/{site}/certificates': { undo: 'delete' },
  'DELETE /servers/{server}/sites/{site}/certificates/{certificate}': { undo: none('Request a new one with dnx certificate create.') },
  'POST /servers/{server}/databases': { undo: none('The database may hold data by then. Delete it with dnx database delete.') },
  'DELETE /servers/{server}/databases/{database}': { undo: none('Its data is gone.') },
  'POST /servers/{server}/databases/{database}/users': { undo: 'delete' },
  'PUT /servers/{server}/databases/{database}/users/{user}': { undo: 'restore' },
  'DELETE /servers/{server}/databases/{database}/users/{user}': { undo: none('Its password is not known.') },
  'POST /servers/{server}/databases/{database}/backups': { undo: none('The API cannot delete a backup.') },
  'POST /backups/application': { undo: none('The API cannot delete a backup.') },
  'POST /backups/{backup}/restore': { undo: none('What it overwrote is gone, unless there is a backup of it.') },
  'POST /backups/{backup}/verify': { undo: none('It only checks the backup.') },
  'POST /servers/{server}/crontabs': { undo: 'delete' },
  'PUT /servers/{server}/crontabs/{crontab}': { undo: 'restore' },
  'DELETE /servers/{server}/crontabs/{crontab}': { undo: { create: ['command', 'frequency', 'user'] } },
  'POST /servers/{server}/daemons': { undo: 'delete' },
  'PUT /servers/{server}/daemons/{daemon}': { undo: 'restore' },
  'DELETE /servers/{server}/daemons/{daemon}': { undo: { create: ['command', 'directory', 'user', 'processes'] } },
  'POST /servers/{server}/daemons/{daemon}/restart': { undo: none('A restart leaves nothing to take back.') },
  'POST /servers/{server}/ssh-keys': { undo: 'delete' },
  'DELETE /servers/{server}/ssh-keys/{ssh_key}': { undo: { create: ['name', 'public_key'] } },
  'POST /servers/{server}/network-rules': { undo: 'delete' },
  'DELETE /servers/{server}/network-rules/{network_rule}': { undo: { create: ['name', 'port', 'protocol', 'action', 'source'] } },
  'DELETE /servers/{server}/certificates/{certificate}': { undo: none('Request a new one with dnx certificate create.') },
  'POST /providers/credentials': { undo: 'delete' },
  'DELETE /providers/credentials/{credential}': { undo: none('Its token is not known.') },
  'POST /git-providers': { undo: 'delete' },
  'PUT /git-providers/{git_provider}': { undo: 'restore' },
  'DELETE /git-providers/{git_provider}': { undo: none('Its token is not known.') },
  'POST /git-repositories': { undo: 'delete' },
  'PUT /git-repositories/{git_repository}': { undo: 'restore' },
  'DELETE /git-repositories/{git_repository}': { undo: none('Its deploy key and the sites that used it are not known.') },
  'POST /git-repositories/{git_repository}/setup-deploy-key': { undo: none('The key before is not known.') },
  'POST /git-repositories/{git_repository}/enable-auto-deploy': {
    undo: { action: 'disable-auto-deploy', unless: isAuto },
    touches: ['auto_deploy_enabled'],
  },
  'POST /git-repositories/{git_repository}/disable-auto-deploy': {
    undo: { action: 'enable-auto-deploy', unless: (before) => !isAuto(before) },
    touches: ['auto_deploy_enabled'],
  },
};

/** What cannot be undone, so that a person types the name of its target, whatever asks for it. */
export const severeOperations: readonly string[] = [
  'DELETE /servers/{server}',
  'DELETE /servers/{server}/sites/{site}',
  'DELETE /servers/{server}/databases/{database}',
  'POST /backups/{backup}/restore',
];

/** The path of an operation, as the API reference writes it. */
export const operationPath = (call: string): string => call.slice(call.indexOf('/'));

/** The noun of what a POST to a list creates. */
export const createdBy = (call: string): string | undefined =>
  call.startsWith('POST ') ? nounIn(call.replace('POST ', 'GET ') as Endpoint) : undefined;

/** The list in which a target of an operation appears: `/servers/{server}/crontabs`. */
export const listPath = (call: string, noun: string): string => operationPath(call).split(`/{${noun}}`, 1)[0] ?? '';
