import { abilities } from '../../base/abilities.ts';
import { assumed, integer, list, type Option, type Options, required, secret, suggest, text, toggle } from '../../cli/language/options.ts';

// What commands send and read without declaring it.

/** An option whose value is sent. */
export type SentOption = Option<unknown> & { readonly format?: 'date-time' };

/** Fields that a command puts into a body or query itself, instead of sending its declared `fields` to its first endpoint. */
interface BuiltRequest {
  readonly endpoint: string;
  readonly by: readonly string[];
  readonly fields: Readonly<Record<string, SentOption>>;
}

const id = (help: string): SentOption => ({ ...assumed(required(text(help))), as: 'id' });
const wanted = suggest(list('Abilities of the token; every ability if left out'), ...abilities);
const value = required(assumed(text('Value of the variable')));

/** Every body that a command builds in `run`. `test/tree/examples.test.ts` compares them with the requests of the commands. */
export const bodies: readonly BuiltRequest[] = [
  {
    endpoint: 'POST /login',
    by: ['auth login'],
    fields: { email: required(text('Email address')), password: required(secret('Password')), abilities: wanted },
  },
  {
    endpoint: 'POST /tokens',
    by: ['token create', 'token rotate', 'auth refresh', 'auth login'],
    fields: { name: required(text('Token name')), abilities: wanted },
  },
  {
    endpoint: 'POST /servers/{server}/sites/{site}/rollback',
    by: ['site rollback', 'site deploy'],
    fields: { release_id: id('Release to roll back to') },
  },
  {
    endpoint: 'POST /servers/{server}/sites/{site}/schedule-deploy',
    by: ['site schedule'],
    fields: { scheduled_at: { ...required(assumed(text('Time of the deployment'))), format: 'date-time' } },
  },
  {
    endpoint: 'POST /servers/{server}/sites/{site}/environment-variables',
    by: ['env set', 'env ensure', 'env push', 'env copy', 'env edit'],
    fields: { key: required(assumed(text('Name of the variable'))), value },
  },
  {
    endpoint: 'PUT /servers/{server}/sites/{site}/environment-variables/{variable}',
    by: ['env set', 'env ensure', 'env push', 'env copy', 'env edit'],
    fields: { value },
  },
  { endpoint: 'POST /backups/application', by: ['backup create'], fields: { site_id: id('Site to back up') } },
];

/** The query parameters of every list. */
export const pagingParameters: Readonly<Record<string, SentOption>> = {
  page: required(integer('Page number')),
  per_page: required(integer('Items per page')),
};

/** Options that a command sends as query parameters. */
export const filters: readonly { readonly endpoint: string; readonly by: string; readonly options: readonly string[] }[] = [
  { endpoint: 'GET /backups', by: 'backup list', options: ['status', 'type'] },
];

/** Fields that dnx knows and has no option for, because its commands do not need them: `-F` sends them. */
export const withoutOption: Readonly<Record<string, Options>> = {
  // Monitoring is turned on once the server is there.
  'POST /servers': { monitoring_enabled: assumed(toggle('Monitor the server')) },
  // In an update, --queue would look like the worker itself.
  'PUT /servers/{server}/sites/{site}/queues/{queue}': { queue: assumed(text('Queue to process')) },
};

/** Fields that commands read from a response, and print in an object of their own. */
export const unprinted: Readonly<Record<string, readonly string[]>> = {
  'POST /login': ['token'],
  'POST /tokens': ['token'],
  'POST /servers/{server}/sites/{site}/environment-variables': ['key', 'value', 'updated_at'],
  'PUT /servers/{server}/sites/{site}/environment-variables/{variable}': ['id', 'key', 'value', 'updated_at'],
  'GET /servers/{server}/sites': ['git_repository_id'],
  'GET /servers/{server}/sites/{site}': ['git_repository_id', 'updated_at'],
  'GET /servers/{server}/sites/{site}/releases': ['branch'],
  'GET /servers/{server}/ssh-keys': ['public_key'],
  'GET /servers/{server}/daemons': ['directory'],
  'GET /backups': ['site_id', 'database_id', 'completed_at'],
  'GET /servers/{server}/databases/{database}/backups': ['site_id', 'database_id', 'completed_at'],
  'GET /providers/{provider}/sizes': ['vcpus', 'memory', 'price_monthly', 'currency'],
};

/** Fields that a command adds to the objects of a response. */
export const added: Readonly<Record<string, readonly string[]>> = { 'site list': ['server'] };

/** Commands that print the response of another endpoint than the first. */
export const elsewhere: Readonly<Record<string, readonly string[]>> = {
  'site list': ['GET /servers/{server}/sites'],
  'backup restore': ['POST /backups/{backup}/restore'],
};

/** Responses that dnx polls until their status is final. */
export const followed: readonly string[] = [
  'GET /servers',
  'GET /servers/{server}',
  'GET /servers/{server}/sites/{site}',
  'GET /servers/{server}/sites/{site}/releases',
  'GET /backups',
  'GET /servers/{server}/sites/{site}/certificates',
  'GET /servers/{server}/sites/{site}/certificates/{certificate}',
];

/** Where the API reference shows a server. */
export const serverEndpoints: readonly string[] = ['GET /servers', 'POST /servers', 'GET /servers/{server}', 'PUT /servers/{server}'];
