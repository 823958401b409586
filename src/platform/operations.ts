import { isObject, type JsonObject, own } from '../base/json.ts';
import { isMask, wordOf } from '../base/text.ts';
import { type Endpoint, isRead, parameters } from './api/endpoint.ts';
import { isSame } from './names/match.ts';
import { namings, nounIn } from './names/names.ts';

// Loaded only where it is used: no list needs it.

/** The ability that an operation needs. `assumed`: not stated by the API reference. */
export interface Need {
  readonly ability: string;
  readonly assumed: boolean;
}

/** How a change is taken back, or why it cannot be. */
export type Undo =
  /** PUT again, with what it replaced. */
  | 'restore'
  /** DELETE what it created. */
  | 'delete'
  /** POST again, with the fields of what it deleted. */
  | 'create'
  /** Schedule what was scheduled before, or nothing. */
  | 'schedule'
  /** The action that does the opposite, if the target was not like that before. */
  | { readonly action: string }
  | { readonly none: string };

/** Work that goes on after the response to a request. */
export type Job = 'server' | 'site' | 'deployment' | 'rollback' | 'certificate' | 'backup';

/** An operation of the API reference. */
export interface Operation {
  /** None: any token will do. */
  readonly need?: Need;
  /** The fields of its body, or of what it deletes, that hold no secret. Every other field may hold one. */
  readonly fields?: readonly string[];
  readonly secrets?: readonly string[];
  /** The secret that only its response shows, unless the body has it. */
  readonly once?: string;
  readonly starts?: Job;
  readonly undo?: Undo;
  /** The fields of its target that an action changes. */
  readonly touches?: readonly string[];
  /** True if its target is as an action makes it. */
  readonly isDone?: (target: JsonObject, body: JsonObject) => boolean;
  /** `severe`: a person types the name of its target. `variables`: so they do if a variable could break the site. */
  readonly consent?: 'severe' | 'variables';
  readonly unplanned?: string;
  readonly signs?: true;
  readonly limited?: true;
  readonly rows?: true;
}

type Part = Operation | false;

/** A collection of the API: its list, and what is done with one of it. False: the API does not have it. */
interface Collection {
  /** The resource of its abilities. */
  readonly subject: string;
  /** The API reference does not state that it needs them. */
  readonly assumed?: boolean;
  /** Separated by spaces. A secret ends with `!`. */
  readonly fields?: string;
  readonly create?: Part;
  readonly show?: Part;
  readonly update?: Part;
  readonly remove?: Part;
}

const stated = (ability: string) => ({ need: { ability, assumed: false } });
const assumed = (ability: string) => ({ need: { ability, assumed: true } });
const none = (reason: string) => ({ undo: { none: reason } });
const words = (list: string): readonly string[] => list.split(' ').filter(Boolean);
const sends = (list: string): Pick<Operation, 'fields' | 'secrets'> => {
  const secrets = words(list).flatMap((word) => (word.endsWith('!') ? [word.slice(0, -1)] : []));
  return { fields: words(list).filter((word) => !word.endsWith('!')), ...(secrets.length > 0 && { secrets }) };
};

/** The path of an operation, as the API reference writes it. */
export const operationPath = (call: string): string => call.slice(call.indexOf('/'));

function crud(
  noun: string,
  { subject, assumed: isAssumed = false, fields = '', ...parts }: Collection,
): Readonly<Record<string, Operation>> {
  const path = operationPath(namings[noun]?.list ?? '');
  const one = `${path}/{${noun}}`;
  const operation = (action: string, part: Operation = {}) => ({
    need: { ability: `${subject}:${action}`, assumed: isAssumed },
    ...sends(fields),
    ...part,
  });
  const { create = {}, show = {}, update = {}, remove = {} } = parts;
  return {
    [`GET ${path}`]: operation('read'),
    ...(create && { [`POST ${path}`]: operation('create', { undo: 'delete', ...create }) }),
    ...(show && { [`GET ${one}`]: operation('read', show) }),
    ...(update && { [`PUT ${one}`]: operation('update', { undo: 'restore', ...update }) }),
    ...(remove && { [`DELETE ${one}`]: operation('delete', { undo: 'create', ...remove }) }),
  };
}

const SERVER = '/servers/{server}';
const SITE = `${SERVER}/sites/{site}`;
const REPOSITORY = '/git-repositories/{git_repository}';

const restarted = none('A restart leaves nothing to take back.');
const revoked = none('A revoked token does not come back.');
const kept = none('The API cannot delete a backup.');
const reissue = none('Request a new one with dnx certificate create.');
const changesSite = assumed('site:update');
const isSuspended = ({ status }: JsonObject): boolean => status === 'suspended';
const sameTime = (one: unknown, other: unknown): boolean => Date.parse(wordOf(one)) === Date.parse(wordOf(other));
const isAuto = ({ auto_deploy_enabled }: JsonObject): boolean => isSame(true, auto_deploy_enabled);

/** Every operation of the API reference. A test compares them with the commands, and others with what they send. */
export const operations: Readonly<Record<string, Operation>> = {
  'POST /login': { ...sends('email abilities password!'), ...none('It signs in.'), unplanned: 'it signs in', signs: true, limited: true },
  'POST /logout': { ...revoked, unplanned: 'it signs out', signs: true },
  'GET /user': {},
  'GET /tokens': {},
  'POST /tokens': { ...sends('name abilities'), once: 'token', undo: 'delete', limited: true },
  'DELETE /tokens/{token}': { ...sends('name abilities'), ...revoked, unplanned: 'it may be the token in use' },

  ...crud('server', {
    subject: 'server',
    fields: 'name provider credential_id region size image type php_version database_type webserver ip_address ssh_user monitoring_enabled',
    create: { ...none('The server may hold data by then. Delete it with dnx server delete.'), starts: 'server' },
    remove: { ...none('Its sites and data are gone.'), consent: 'severe' },
  }),
  [`GET ${SERVER}/logs`]: assumed('server:read'),
  [`POST ${SERVER}/restart`]: { ...assumed('server:update'), ...restarted },
  [`POST ${SERVER}/provision`]: { ...assumed('server:update'), ...none('The software before is not known.'), starts: 'server' },

  ...crud('site', {
    subject: 'site',
    fields: 'domain type git_repository_id branch web_directory php_version zero_downtime_enabled',
    create: { ...none('The site may hold data by then. Delete it with dnx site delete.'), starts: 'site' },
    remove: { ...none('Its files and releases are gone.'), consent: 'severe' },
  }),
  [`POST ${SITE}/deploy`]: {
    ...stated('site:deploy'),
    ...none('Roll back with dnx rollback. Migrations are not undone.'),
    starts: 'deployment',
  },
  [`POST ${SITE}/schedule-deploy`]: {
    ...stated('site:deploy'),
    ...sends('scheduled_at'),
    undo: 'schedule',
    touches: ['scheduled_deploy_at'],
    isDone: (target, { scheduled_at }) => sameTime(target.scheduled_deploy_at, scheduled_at),
  },
  [`POST ${SITE}/cancel-scheduled-deploy`]: {
    ...stated('site:deploy'),
    undo: 'schedule',
    touches: ['scheduled_deploy_at'],
    isDone: (target) => (target.scheduled_deploy_at ?? '') === '',
  },
  [`POST ${SITE}/rollback`]: {
    ...assumed('site:deploy'),
    ...sends('release_id'),
    ...none('Roll back again with dnx rollback --to.'),
    starts: 'rollback',
  },
  [`POST ${SITE}/suspend`]: {
    ...changesSite,
    ...sends('reason'),
    undo: { action: 'resume' },
    touches: ['status'],
    isDone: isSuspended,
  },
  [`POST ${SITE}/resume`]: {
    ...changesSite,
    undo: { action: 'suspend' },
    touches: ['status'],
    isDone: (target) => !isSuspended(target),
  },
  [`POST ${SITE}/enable-zero-downtime`]: {
    ...changesSite,
    ...none('The API cannot turn off zero-downtime releases.'),
    touches: ['zero_downtime_enabled'],
    isDone: (target) => isSame(true, target.zero_downtime_enabled),
  },
  [`GET ${SITE}/releases`]: assumed('site:read'),
  [`GET ${SITE}/webhooks`]: assumed('site:read'),
  ...crud('variable', {
    subject: 'site',
    assumed: true,
    fields: 'key value!',
    create: { ...changesSite, consent: 'variables' },
    update: { consent: 'variables' },
    remove: { ...changesSite, consent: 'variables' },
  }),
  [`POST ${SITE}/environment-variables/pull`]: { ...changesSite, ...none('The variables before are not kept.') },
  ...crud('queue', { subject: 'queue-worker', fields: 'connection queue processes tries timeout sleep' }),
  [`POST ${SITE}/queues/{queue}/restart`]: { ...assumed('queue-worker:update'), ...restarted },
  ...crud('redirect', { subject: 'redirect', fields: 'from to type' }),
  ...crud('certificate', {
    subject: 'certificate',
    fields: 'domain type certificate private_key!',
    create: { starts: 'certificate' },
    update: false,
    remove: reissue,
  }),

  ...crud('database', {
    subject: 'database',
    fields: 'name',
    create: none('The database may hold data by then. Delete it with dnx database delete.'),
    update: false,
    remove: { ...none('Its data is gone.'), consent: 'severe' },
  }),
  ...crud('user', {
    subject: 'database',
    assumed: true,
    fields: 'username password!',
    create: { once: 'password' },
    remove: none('Its password is not known.'),
  }),
  [`GET ${SERVER}/databases/{database}/backups`]: assumed('database:read'),
  [`POST ${SERVER}/databases/{database}/backups`]: { ...assumed('database:create'), ...kept, starts: 'backup' },
  'GET /backups': assumed('database:read'),
  'POST /backups/application': { ...assumed('database:create'), ...sends('site_id'), ...kept, starts: 'backup' },
  'GET /backups/{backup}/download': { ...assumed('database:read'), limited: true, rows: true },
  'POST /backups/{backup}/restore': {
    ...assumed('database:update'),
    ...none('What it overwrote is gone, unless there is a backup of it.'),
    consent: 'severe',
    unplanned: 'its question depends on what the backup belongs to',
    starts: 'backup',
  },
  'POST /backups/{backup}/verify': { ...assumed('database:read'), ...none('It only checks the backup.') },

  ...crud('crontab', { subject: 'crontab', fields: 'command frequency user' }),
  ...crud('daemon', { subject: 'daemon', fields: 'command directory user processes' }),
  [`POST ${SERVER}/daemons/{daemon}/restart`]: { ...assumed('daemon:update'), ...restarted },
  ...crud('ssh_key', { subject: 'ssh-key', fields: 'name public_key', update: false }),
  ...crud('network_rule', { subject: 'network-rule', fields: 'name port protocol action source', update: false }),
  [`GET ${SERVER}/certificates`]: stated('certificate:read'),
  [`DELETE ${SERVER}/certificates/{certificate}`]: { ...stated('certificate:delete'), ...sends('domain type'), ...reissue },

  'GET /providers': stated('provider:read'),
  'GET /providers/{provider}/regions': stated('provider:read'),
  'GET /providers/{provider}/sizes': stated('provider:read'),
  'GET /providers/{provider}/images': stated('provider:read'),
  ...crud('credential', {
    subject: 'provider',
    fields: 'provider name token!',
    show: false,
    update: false,
    remove: none('Its token is not known.'),
  }),
  ...crud('git_provider', { subject: 'provider', fields: 'provider name url token!', remove: none('Its token is not known.') }),
  ...crud('git_repository', {
    subject: 'provider',
    fields: 'git_provider_id name',
    remove: none('Its deploy key and the sites that used it are not known.'),
  }),
  [`POST ${REPOSITORY}/setup-deploy-key`]: { ...assumed('provider:update'), ...none('The key before is not known.') },
  [`POST ${REPOSITORY}/enable-auto-deploy`]: {
    ...assumed('provider:update'),
    undo: { action: 'disable-auto-deploy' },
    touches: ['auto_deploy_enabled'],
    isDone: isAuto,
  },
  [`POST ${REPOSITORY}/disable-auto-deploy`]: {
    ...assumed('provider:update'),
    undo: { action: 'enable-auto-deploy' },
    touches: ['auto_deploy_enabled'],
    isDone: (target) => !isAuto(target),
  },
};

/** The operations that change something. */
export const changes: readonly string[] = Object.keys(operations).filter((call) => !isRead(call));

/** What cannot be undone, so that a person types the name of its target, whatever asks for it. */
export const severeOperations: readonly string[] = changes.filter((call) => operations[call]?.consent === 'severe');

/** The ability that an endpoint needs; undefined if none, or if the API reference does not have it. */
export const needOf = (endpoint: string): Need | undefined => own(operations, endpoint)?.need;

/** An operation at a path, and the ids in the path. */
export interface OperationAt {
  readonly call: Endpoint;
  readonly ids: Readonly<Record<string, string>>;
}

/**
 * The operation at a path that anybody may have typed, with or without a query; undefined if there is none. A path of which servers make
 * something else has none: with empty segments, `..`, `%2F`, or for a change a query that is not harmless.
 */
export function operationAt(method: string, address: string): OperationAt | undefined {
  const [path = '', query] = address.split(/\?(.*)/s);
  if (query !== undefined && method !== 'GET' && !isHarmlessQuery(query)) return undefined;
  const [first, ...parts] = path.split('/').map(decoded);
  if (first !== '' || parts.some((part) => part === undefined || /^\.{0,2}$|[/\\]/.test(part))) return undefined;
  for (const call of Object.keys(operations) as Endpoint[]) {
    const [verb, pattern = ''] = call.split(' ');
    const names = pattern.split('/').slice(1);
    if (verb !== method || names.length !== parts.length) continue;
    if (!names.every((name, at) => name.startsWith('{') || name === parts[at])) continue;
    const ids = parts.filter((_, at) => names[at]?.startsWith('{'));
    return { call, ids: Object.fromEntries(parameters(call).map((name, at) => [name, ids[at] ?? ''])) };
  }
  return undefined;
}

/** True if no query makes another operation of it: Laravel takes the method from `_method`, which PHP also reads in `.method` and `[method`. */
export const isHarmlessQuery = (query: string): boolean =>
  [...new URLSearchParams(query).keys()].every((key) => /^[a-z][\w[\]-]*$/i.test(key));

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** The noun of what a POST to a list creates. */
export const createdBy = (call: string): string | undefined =>
  call.startsWith('POST ') ? nounIn(call.replace('POST ', 'GET ') as Endpoint) : undefined;

/** True if a change would leave its target as it is; undefined if that cannot be told. */
export function isDone(call: string, body: unknown, target: JsonObject): boolean | undefined {
  const sent = isObject(body) ? body : {};
  const { touches, isDone: isAsWanted } = own(operations, call) ?? {};
  if (isAsWanted) return touches?.every((field) => field in target) ? isAsWanted(target, sent) : undefined;
  const fields = Object.keys(sent);
  if (!call.startsWith('PUT ') || fields.length === 0) return undefined;
  if (!fields.every((field) => field in target && !isMask(target[field]))) return undefined;
  return fields.every((field) => isSame(sent[field], target[field]));
}

/** The list in which a target of an operation appears: `/servers/{server}/crontabs`. */
export const listPath = (call: string, noun: string): string => operationPath(call).split(`/{${noun}}`, 1)[0] ?? '';
