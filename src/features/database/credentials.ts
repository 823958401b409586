import { DnxError, isError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { remoteSide } from '../env/remote.ts';
import { UNKNOWN } from '../env/sync/plan.ts';
import { type SiteVariable, variablesEndpoint } from '../env/variables.ts';
import { type SiteOnMachine, siteCalls } from '../remote/machine.ts';
import { checked } from './credentials-checks.ts';
import { remoteDotenv } from './credentials-dotenv.ts';
import { type Credentials, keys, type Values } from './credentials-shape.ts';
import { partsOf } from './credentials-url.ts';

export type { Credentials } from './credentials-shape.ts';

/** The calls of a command for the database of a site. */
export const databaseCalls = [...siteCalls, variablesEndpoint] as const satisfies readonly Endpoint[];

type Needs = Pick<Context, 'api' | 'ask' | 'progress' | 'world'>;

/** The database of a site: from its variables at Deploynix, or from its `.env` on the server if the API does not show them all. */
export async function credentialsOf(ctx: Needs, place: SiteOnMachine): Promise<Credentials> {
  const stored = await storedValues(ctx, place);
  if (stored?.complete) return credentialsIn(stored.values, place.domain, 'Deploynix');
  const file = await remoteDotenv(ctx, place);
  if (file) {
    const source = `.env on ${place.machine.server.label}`;
    ctx.progress.note(`Using the credentials in ${source}.`);
    return credentialsIn(Object.fromEntries(file), place.domain, source);
  }
  // A password may be neither stored nor needed.
  if (stored && !stored.hidden) return credentialsIn(stored.values, place.domain, 'Deploynix');
  throw new DnxError('not_found', `Found no database credentials of ${place.domain}.`, {
    hint: `Deploynix does not show them, and ${place.machine.server.label} has no .env of the site.`,
  });
}

/** What Deploynix knows: `hidden` if it does not show a value, `complete` if nothing is missing. Undefined if it refuses to tell. */
async function storedValues({ api }: Needs, { machine, site }: SiteOnMachine) {
  const listed = await api.list<SiteVariable>(variablesEndpoint, { server: machine.server.id, site: site.id }).catch((error: unknown) => {
    if (isError(error, 'forbidden')) return undefined;
    throw error;
  });
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
export function credentialsIn(given: Values, site: string, source: string): Credentials {
  const values = Object.fromEntries(keys.map((key) => [key, meaning(given[key])])) as Values;
  const url = partsOf(values, site);
  const named = url.connection ?? values.DB_CONNECTION ?? 'mysql';
  const driver = drivers.get(named);
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

const drivers: ReadonlyMap<string, Credentials['driver']> = new Map([
  ['mysql', 'mysql'],
  ['mariadb', 'mysql'],
  ['pgsql', 'pgsql'],
]);

/** The other drivers of Laravel. */
const others: ReadonlyMap<string, string> = new Map([
  ['sqlite', 'SQLite'],
  ['sqlsrv', 'SQL Server'],
]);

function unsupported(connection: string, site: string): DnxError {
  const name = others.get(connection) ?? `the connection '${connection}'`;
  return new DnxError('failed', `${site} uses ${name}. dnx connects to MySQL, MariaDB and PostgreSQL only.`);
}

/** What Laravel's `env` makes of a value. */
function meaning(value: string | undefined): string | undefined {
  if (value === undefined || /^(null|\(null\))$/i.test(value)) return undefined;
  return /^(empty|\(empty\))$/i.test(value) ? '' : value.replace(/^(['"])(.*)\1$/s, '$2');
}
