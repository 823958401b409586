import { randomBytes } from 'node:crypto';
import { DnxError } from '../../base/errors.ts';
import { type JsonObject, own } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { HOUR } from '../../base/time.ts';
import type { KindName } from '../../platform/kinds.ts';
import { idIn, resourceName, targetIds } from '../../platform/names/names.ts';
import { remoteSide } from '../env/remote.ts';
import { type Side, UNKNOWN } from '../env/sync/steps.ts';
import { newSiteFields } from '../site/parts.ts';
import { unwrittenEntry } from '../state/file.ts';
import type { Fleet } from '../state/fleet.ts';
import type { Entry } from '../state/model.ts';
import type { PreviewRecord } from './model.ts';
import { RECORD, recordValue } from './model.ts';
import { databaseName, previewUrl } from './names.ts';
import { domainOf, type WantedPreview } from './wanted.ts';

/** What a state file would say of a preview. */
export interface PreviewState {
  readonly entries: readonly Entry[];
  /** The names of what is sent although the API hides it: a new password. */
  readonly renewed: readonly string[];
  /** True if the user of the database has a password that the preview does not know. */
  readonly isLocked: boolean;
  /** What DNX_PREVIEW will say. */
  readonly record: Exclude<PreviewRecord, string>;
  /** The variables of the link file that stay as they are, because the API hides them. */
  readonly hidden: readonly string[];
}

/** What a state file would say of a preview: the settings of the base site at another place, with a database and variables of its own. */
export async function stateOf(fleet: Fleet, wanted: WantedPreview, now: number): Promise<PreviewState> {
  const { project, settings, branch, server, preview, mark } = wanted;
  const [domain, name, here] = [domainOf(wanted), databaseName(mark), { server: server.label }];
  const base = remoteSide(await listed(fleet, 'variable', project.base));
  const there: Side = preview ? remoteSide(await listed(fleet, 'variable', preview.place)) : new Map();
  const account = settings.database === 'own' ? await accountOf(fleet, wanted, there) : undefined;
  const password = account?.password;
  const record = recordAt(wanted, now);
  const fields = newSiteFields(await fleet.shown('site', project.site));
  const repository = { git_repository_id: project.repository.label };
  const variables = [...variablesOf(wanted, { base, there, account, record: recordValue(project.owner, record) })];
  const entries = [
    ...(account ? [unwrittenEntry('database', here, { name })] : []),
    unwrittenEntry('site', here, { ...fields, ...repository, domain, branch }),
    ...variables.map(([key, value]) => variableEntry(wanted, { ...here, site: domain }, key, value)),
    ...(password === undefined ? [] : [unwrittenEntry('user', { ...here, database: name }, { username: name, password })]),
  ];
  const named = [...settings.copy, ...Object.keys(settings.set)];
  const renewed = password === undefined ? [] : [name, PASSWORD];
  return { entries, renewed, isLocked: account?.isLocked === true, record, hidden: named.filter((key) => there.get(key) === UNKNOWN) };
}

function variableEntry({ settings: { set } }: WantedPreview, place: Entry['place'], key: string, value: string): Entry {
  const isReference = set[key] === value && value.startsWith('env://');
  return isReference
    ? { ...unwrittenEntry('variable', place, { key }), references: { value } }
    : unwrittenEntry('variable', place, { key, value });
}

/** The items of a list; throws if it cannot be read. */
async function listed(fleet: Fleet, kind: KindName, place: Parameters<typeof targetIds>[0]): Promise<readonly JsonObject[]> {
  const { items, error } = await fleet.list(kind, targetIds(place));
  if (error) throw error;
  return items;
}

/** How often the deadline of a preview moves at most, so that another `up` sends no more than a deployment. */
const RENEWED_MS = HOUR;

function recordAt({ preview, settings }: WantedPreview, now: number): PreviewState['record'] {
  const latest = Math.floor((now + settings.ttlMs) / 1_000) * 1_000;
  const { record } = preview ?? {};
  if (typeof record !== 'object') return { deadline: latest, isSeeded: false };
  const isNew = record.deadline <= latest && record.deadline > latest - RENEWED_MS;
  return { deadline: isNew ? record.deadline : latest, isSeeded: record.isSeeded };
}

/** The variable of the password. A list of variables has one of a key, so of two `up` at once one alone decides on it, before its user has it. */
export const PASSWORD = 'DB_PASSWORD';

/** How a preview reaches its database. */
interface Account {
  /** What runs on the server: `postgresql`. */
  readonly engine: string;
  /** Undefined: the user has the one that the preview knows. */
  readonly password: string | undefined;
  readonly isLocked: boolean;
}

async function accountOf(fleet: Fleet, { server, mark }: WantedPreview, there: Side): Promise<Account> {
  const name = databaseName(mark);
  const [, item = {}] = (await fleet.servers()).find(([{ id }]) => id === server.id) ?? [];
  const engine = wordOf(item.database_type);
  if (/^none$/i.test(engine))
    throw new DnxError('failed', `${server.label} has no database server.`, { hint: 'Use --database none, or another server.' });
  const database = (await listed(fleet, 'database', { server })).find((one) => resourceName(one, 'database') === name);
  const users = database ? await listed(fleet, 'user', { server, database: { id: idIn(database.id) ?? '', label: name } }) : [];
  const hasUser = users.some((user) => resourceName(user, 'user') === name);
  if (hasUser && there.has(PASSWORD)) return { engine, password: undefined, isLocked: false };
  return { engine, password: shownIn(there, PASSWORD) || randomBytes(24).toString('base64url'), isLocked: hasUser };
}

/** What the variables of a preview depend on. */
interface VariableSources {
  /** The variables of the site that it is like. */
  readonly base: Side;
  /** Those of the preview, as far as it has them. */
  readonly there: Side;
  /** The value of DNX_PREVIEW. */
  readonly record: string;
  /** Of the database of its own, if it has one. */
  readonly account: Account | undefined;
}

/**
 * The variables of a preview, the record first, so that a preview with any has that. Never the value of a key or database of the base site.
 * What the API hides at the preview is left out: it was set before.
 */
function variablesOf(wanted: WantedPreview, { base, there, record, account }: VariableSources): ReadonlyMap<string, string> {
  const { copy, set } = wanted.settings;
  const found = new Map([
    [RECORD, record],
    ...(account ? databaseVariables(databaseName(wanted.mark), account, shownIn(base, 'DB_CONNECTION') ?? '') : []),
    ...(there.has('APP_KEY') ? [] : [['APP_KEY', `base64:${randomBytes(32).toString('base64')}`] as const]),
    ...Object.entries(ownVariables(wanted, shownIn(base, 'APP_NAME') || 'Preview')),
    ...copy.map((key) => [key, copied(key, wanted, base, there)] as const),
    ...Object.entries(set),
  ]);
  return new Map([...found].filter(([key]) => there.get(key) !== UNKNOWN || key === PASSWORD));
}

const drivers: Readonly<Record<string, 'mysql' | 'pgsql'>> = { mysql: 'mysql', mariadb: 'mysql', pgsql: 'pgsql' };
const ports = { mysql: '3306', pgsql: '5432' };

/** `known`: how the base site connects. */
function databaseVariables(name: string, { engine, password }: Account, known: string): readonly (readonly [string, string])[] {
  const driver = /^(postgres|pgsql)/i.test(engine) ? 'pgsql' : /^(mysql|maria)/i.test(engine) ? 'mysql' : (own(drivers, known) ?? 'mysql');
  return [
    // Laravel before 11 has no `mariadb`.
    ['DB_CONNECTION', own(drivers, known) === driver ? known : driver],
    ['DB_HOST', '127.0.0.1'],
    ['DB_PORT', ports[driver]],
    ['DB_DATABASE', name],
    ['DB_USERNAME', name],
    ...(password === undefined ? [] : [[PASSWORD, password] as const]),
  ];
}

/** What a preview must not share with another site: its names in Redis and in cookies, mails, broadcasts and disks. */
function ownVariables(wanted: WantedPreview, name: string): Readonly<Record<string, string>> {
  const [domain, prefix] = [domainOf(wanted), databaseName(wanted.mark)];
  return {
    APP_NAME: `${name} ${wanted.mark}`,
    APP_ENV: 'preview',
    APP_DEBUG: 'false',
    APP_URL: previewUrl(domain, wanted.settings) ?? domain,
    MAIL_MAILER: 'log',
    QUEUE_CONNECTION: 'sync',
    CACHE_PREFIX: `${prefix}_cache_`,
    REDIS_PREFIX: `${prefix}_`,
    HORIZON_PREFIX: `${prefix}_horizon:`,
    SCOUT_PREFIX: `${prefix}_`,
    SESSION_COOKIE: `${prefix}_session`,
    SESSION_DOMAIN: domain,
    SANCTUM_STATEFUL_DOMAINS: domain,
    BROADCAST_CONNECTION: 'log',
    FILESYSTEM_DISK: 'local',
  };
}

function shownIn(side: Side, key: string): string | undefined {
  const value = side.get(key);
  return typeof value === 'string' ? value : undefined;
}

/** A value of the base site. Fails for one that a preview would not get. */
function copied(key: string, { project }: WantedPreview, base: Side, there: Side): string {
  const value = shownIn(base, key) ?? shownIn(there, key);
  if (value !== undefined) return value;
  // It has the one that it got before.
  if (there.has(key)) return '';
  const { label } = project.base.site;
  if (base.has(key))
    throw new DnxError('failed', `The API does not show ${key} of ${label}, so it cannot be copied.`, {
      hint: 'Use preview.set with an env:// reference instead.',
    });
  throw new DnxError('failed', `${label} has no variable ${key}, which preview.copy names.`, {
    hint: 'Set it there, or remove it from preview.copy.',
  });
}
