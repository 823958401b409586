import { isIPv6 } from 'node:net';
import { DnxError, isError, unlessError } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import type { Targets } from '../../platform/names/names.ts';
import { parseDotenv } from '../env/dotenv/dotenv.ts';
import { remoteSide } from '../env/remote.ts';
import { UNKNOWN } from '../env/sync/steps.ts';
import { type SiteVariable, variablesEndpoint } from '../env/variables.ts';
import type { FarEnd } from '../remote/forward.ts';
import { readSiteOnMachine, type SiteOnMachine, siteCalls, siteDirectories } from '../remote/machine.ts';
import SITE from '../remote/site.sh';
import { runOn, scripted } from '../remote/ssh.ts';
import DOTENV from './dotenv.sh';

/** A database server and an account, as Laravel's `DB_*` variables name them. The host is seen from the server of the site. */
export interface Credentials {
  readonly driver: 'mysql' | 'pgsql';
  /** The driver in Laravel's words, which tells MariaDB from MySQL if the site does. */
  readonly connection: 'mysql' | 'mariadb' | 'pgsql';
  /** A host name or an IP address, which no program reads as an option. */
  readonly host: string;
  readonly port: number;
  /** The path of a Unix socket on the server, to use instead of host and port; of PostgreSQL, too. */
  readonly socket: string | undefined;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  /** Where they were read: `Deploynix` or `.env on web-1`. */
  readonly source: string;
}

const keys = [
  'DB_CONNECTION',
  'DB_HOST',
  'DB_PORT',
  'DB_SOCKET',
  'DB_DATABASE',
  'DB_USERNAME',
  'DB_PASSWORD',
  'DB_URL',
  'DATABASE_URL',
] as const;
type Key = (typeof keys)[number];

type Values = Readonly<Partial<Record<Key, string | undefined>>>;

/** The calls of a command for the database of a site. */
export const databaseCalls = [...siteCalls, variablesEndpoint] as const satisfies readonly Endpoint[];

/** The database of a site, as ssh and its credentials reach it. */
export interface DatabaseSource {
  readonly place: SiteOnMachine;
  readonly credentials: Credentials;
}

/** Finds the site of a command, and its database. */
export async function readDatabase(ctx: Context, targets: Targets, user: string | undefined): Promise<DatabaseSource> {
  const place = await readSiteOnMachine(ctx, targets, user);
  return { place, credentials: await credentialsOf(ctx, place) };
}

/** Reads the credentials from the variables of a site at Deploynix, or from its `.env` on the server if the API does not show them all. */
export async function credentialsOf(ctx: Context, place: SiteOnMachine): Promise<Credentials> {
  const stored = await storedValues(ctx, place);
  if (stored?.complete) return credentialsIn(stored.values, place.domain, 'Deploynix');
  const found = await credentialsInFile(ctx, place);
  if (found) {
    ctx.progress.note(`Using the credentials in ${found.source}.`);
    return found;
  }
  // A password may be neither stored nor needed.
  if (stored && !stored.hidden) return credentialsIn(stored.values, place.domain, 'Deploynix');
  throw new DnxError('not_found', `Found no database credentials of ${place.domain}.`, {
    hint: `Deploynix does not show them, and ${place.machine.server.label} has no .env of the site.`,
  });
}

/** What Deploynix knows: `hidden` if it does not show a value, `complete` if nothing is missing. Undefined if it refuses to tell. */
async function storedValues({ api }: Context, { machine, site }: SiteOnMachine) {
  const ids = { server: machine.server.id, site: site.id };
  const listed = await unlessError(api.list<SiteVariable>(variablesEndpoint, ids), 'forbidden');
  if (!listed) return undefined;
  const side = remoteSide(listed);
  const known = keys.map((key) => [key, side.get(key)] as const);
  const values: Values = Object.fromEntries(known.filter(([, value]) => value !== UNKNOWN));
  const hidden = known.some(([, value]) => value === UNKNOWN);
  // Only the .env tells what a placeholder stands for.
  const resolved = known.every(([, value]) => typeof value !== 'string' || !value.includes('${'));
  const url = values.DB_URL || values.DATABASE_URL;
  return { values, hidden, complete: !hidden && resolved && Boolean(url || (values.DB_DATABASE && values.DB_PASSWORD !== undefined)) };
}

/** Reads Laravel's variables of a site. Throws for a database that dnx cannot connect to, and for what is no host, port or path. */
export function credentialsIn(variables: Values, site: string, source: string): Credentials {
  const values = Object.fromEntries(keys.map((key) => [key, meaning(variables[key])])) as Values;
  const url = partsOf(values, site);
  const named = url.connection ?? values.DB_CONNECTION ?? 'mysql';
  const driver = own(drivers, named);
  if (!driver) throw unsupported(named, site);
  return checked(
    {
      driver,
      connection: named as Credentials['connection'],
      host: url.host ?? (values.DB_HOST || '127.0.0.1'),
      port: url.port ?? (values.DB_PORT || (driver === 'pgsql' ? '5432' : '3306')),
      socket: driver === 'mysql' ? (url.socket ?? values.DB_SOCKET) || undefined : undefined,
      database: url.database ?? values.DB_DATABASE ?? '',
      username: url.username ?? (values.DB_USERNAME || 'root'),
      password: url.password ?? values.DB_PASSWORD ?? '',
      source,
    },
    site,
  );
}

const drivers: Readonly<Record<string, Credentials['driver']>> = { mysql: 'mysql', mariadb: 'mysql', pgsql: 'pgsql' };

const others: Readonly<Record<string, string>> = { sqlite: 'SQLite', sqlsrv: 'SQL Server' };

function unsupported(connection: string, site: string): DnxError {
  const name = own(others, connection) ?? `the connection '${connection}'`;
  return new DnxError('failed', `${site} uses ${name}. dnx connects to MySQL, MariaDB and PostgreSQL only.`);
}

function meaning(value: string | undefined): string | undefined {
  if (value === undefined || /^(null|\(null\))$/i.test(value)) return undefined;
  return /^(empty|\(empty\))$/i.test(value) ? '' : value.replace(/^(['"])(.*)\1$/s, '$2');
}

/** What a URL such as `mysql://user:password@host:3306/shop` says, which Laravel prefers to the other variables. */
type Parts = Given<Partial<Record<'connection' | 'host' | 'port' | 'socket' | 'database' | 'username' | 'password', string>>>;

const aliases: Readonly<Record<string, string>> = {
  mssql: 'sqlsrv',
  mysql2: 'mysql',
  postgres: 'pgsql',
  postgresql: 'pgsql',
  sqlite3: 'sqlite',
};

const shape = /^([a-z][\w+.-]*):\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?(?:#.*)?$/is;

/** The parts of `DB_URL`, or of `DATABASE_URL`, which it was before Laravel 11. Never quotes a URL, which has a password. */
function partsOf({ DB_URL, DATABASE_URL }: Values, site: string): Parts {
  const [name, url] = DB_URL ? ['DB_URL', DB_URL] : ['DATABASE_URL', DATABASE_URL];
  if (!url) return {};
  const [all, scheme = '', authority = '', path, query] = shape.exec(url) ?? [];
  if (all === undefined) throw new DnxError('failed', `${name} of ${site} is not a valid URL.`);
  const at = authority.lastIndexOf('@');
  const [, username, password] = at < 0 ? [] : (/^([^:]*)(?::(.*))?$/s.exec(authority.slice(0, at)) ?? []);
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(authority.slice(at + 1)) ?? [];
  if (host === undefined) throw new DnxError('failed', `${name} of ${site} is not a valid URL.`);
  return {
    connection: own(aliases, scheme.toLowerCase()) ?? scheme.toLowerCase(),
    host: decoded(host.replace(/^\[(.*)\]$/, '$1')),
    port: port || undefined,
    socket: new URLSearchParams(query).get('unix_socket') ?? undefined,
    database: decoded(path),
    username: decoded(username),
    password: decoded(password),
  };
}

/** Percent-decodes as PHP does, which leaves alone what is not encoded. Undefined if empty. */
const decoded = (words: string | undefined): string | undefined =>
  words?.replace(/(?:%[\da-f]{2})+/gi, (encoded) => Buffer.from(encoded.replaceAll('%', ''), 'hex').toString()) || undefined;

/** The first local ports to try, which look like those of the databases. */
const firsts: Readonly<Record<Credentials['driver'], number>> = { mysql: 33_060, pgsql: 54_320 };

/** What makes a database answer before anyone signs in: MySQL speaks first, PostgreSQL is asked whether it has TLS. */
const hellos: Readonly<Record<Credentials['driver'], Uint8Array>> = {
  mysql: new Uint8Array(),
  pgsql: new Uint8Array([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]),
};

/** A database as its server reaches it. */
export const databaseEnd = ({ driver, socket, host, port, database, source }: Credentials): FarEnd => ({
  name: database,
  address: socket ?? `${isIPv6(host) ? `[${host}]` : host}:${port}`,
  first: firsts[driver],
  hello: hellos[driver],
  title: 'the database',
  hint: `Check that the database is running, and DB_HOST and DB_PORT (from ${source}).`,
});

/** Checks everything that goes into a command line, although nothing interprets it: ssh itself puts it into others. */
function checked(variables: Omit<Credentials, 'port'> & { readonly port: string }, site: string): Credentials {
  const { driver, host, port, socket, database, username, password } = variables;
  const refuse = (key: string, value: string, problem: string) =>
    new DnxError('failed', `${key} of ${site} is ${problem}: ${JSON.stringify(value)}`, { hint: `Fix the variable, and deploy the site.` });
  if (database === '') throw new DnxError('not_found', `${site} has no DB_DATABASE.`);
  for (const [key, value] of Object.entries({ DB_DATABASE: database, DB_USERNAME: username, DB_PASSWORD: password }))
    if (value.includes('\0')) throw new DnxError('failed', `${key} of ${site} contains a NUL character.`);
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) throw refuse('DB_PORT', port, 'not a port');
  if (socket !== undefined && !isPath(socket)) throw refuse('DB_SOCKET', socket, 'not the path of a socket');
  const checkedPort = Number(port);
  if (driver === 'pgsql' && isPath(host)) return { ...variables, port: checkedPort, host: 'localhost', socket: `${host}/.s.PGSQL.${port}` };
  if (!/^[A-Za-z0-9]([A-Za-z0-9_.-]*)$/.test(host) && !isIPv6(host)) throw refuse('DB_HOST', host, 'not a host name or an IP address');
  return { ...variables, port: checkedPort };
}

const isPath = (words: string): boolean => /^\/[\w./@+-]*[\w@+-]$/.test(words);

const MISSING = 66;
/** The line before the output of a script: a login shell may print something first. */
export const MARK = 'dnx: output';

/** Reads the credentials from the `.env` of a site on a server, which need not be one of Deploynix; undefined if it has none. */
export async function credentialsInFile(ctx: Context, place: SiteOnMachine, path?: string): Promise<Credentials | undefined> {
  const file = await remoteDotenv(ctx, place, siteDirectories(place, path));
  return file && credentialsIn(Object.fromEntries(file), place.domain, `.env on ${place.machine.server.label}`);
}

async function remoteDotenv(
  ctx: Context,
  place: SiteOnMachine,
  directories: readonly string[],
): Promise<ReadonlyMap<string, string> | undefined> {
  const { code, stdout, stderr } = await runOn(ctx, place.machine, scripted(SITE + DOTENV, ...directories));
  if (code === MISSING) return undefined;
  const server = place.machine.server.label;
  const at = stdout.indexOf(`${MARK}\n`);
  if (code !== 0 || at < 0)
    throw new DnxError('failed', `Could not read the .env of ${place.domain} on ${server}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
  try {
    return parseDotenv(stdout.slice(at + MARK.length + 1), `.env on ${server}`).variables;
  } catch (error) {
    // It is not the command line that is wrong.
    throw isError(error, 'usage') ? new DnxError('failed', error.message, { hint: 'Fix the file. Laravel cannot read it either.' }) : error;
  }
}
