import { assumed, integer, list, type Options, required, secret, suggest, text, toggle } from '../../cli/language/options.ts';
import { abilities } from '../../platform/abilities.ts';
import { PAGE_SIZE } from '../../platform/api/pages.ts';
import type { Sent } from './field.ts';

/** Fields that a command puts into a body or query itself, instead of sending its declared `fields` to its first endpoint. */
interface Built {
  readonly endpoint: string;
  readonly by: readonly string[];
  readonly fields: Readonly<Record<string, Sent>>;
}

const SITE = '/servers/{server}/sites/{site}';
const VARIABLES = `${SITE}/environment-variables`;

const id = (help: string): Sent => ({ ...assumed(required(text(help))), as: 'id' });
const wanted = suggest(list('Abilities of the token; every ability if left out'), ...abilities);
const value = required(assumed(text('Value of the variable')));

/** Every body that a command builds in `run`. `test/commands/contract-document.test.ts` compares them with the requests of the commands. */
export const bodies: readonly Built[] = [
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
  { endpoint: `POST ${SITE}/rollback`, by: ['site rollback', 'site deploy'], fields: { release_id: id('Release to roll back to') } },
  {
    endpoint: `POST ${SITE}/schedule-deploy`,
    by: ['site schedule'],
    fields: { scheduled_at: { ...required(assumed(text('Time of the deployment'))), format: 'date-time' } },
  },
  { endpoint: `PUT ${SITE}`, by: ['site deploy'], fields: { branch: required(assumed(text('Branch to deploy'))) } },
  {
    endpoint: `POST ${VARIABLES}`,
    by: ['env set', 'env ensure', 'env push', 'env edit'],
    fields: { key: required(assumed(text('Name of the variable'))), value },
  },
  { endpoint: `PUT ${VARIABLES}/{variable}`, by: ['env set', 'env ensure', 'env push', 'env edit'], fields: { value } },
  { endpoint: 'POST /backups/application', by: ['backup create'], fields: { site_id: id('Site to back up') } },
];

/** The query parameters of every list. */
export const paging: Readonly<Record<string, Sent>> = {
  page: required(integer('Page number')),
  per_page: { ...required(integer('Items per page')), most: PAGE_SIZE },
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
  [`PUT ${SITE}/queues/{queue}`]: { queue: assumed(text('Queue to process')) },
};
