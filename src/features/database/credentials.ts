import { DnxError } from '../../base/errors.ts';
import { isMask } from '../../base/mask.ts';
import type { Context } from '../../cli/language/command.ts';
import { parseDotenv } from '../env/dotenv/dotenv.ts';
import { listEndpoint, type Variable } from '../env/variables.ts';
import { directoriesOf, ROOT } from '../remote/directory.ts';
import { type SiteOnMachine, siteCalls } from '../remote/machine.ts';
import { runOn } from '../remote/run.ts';
import { scripted } from '../remote/ssh.ts';

/** The calls of a command for the database of a site. */
export const databaseCalls = [...siteCalls, listEndpoint] as const;

/** A database server and an account, as Laravel's `DB_*` variables name them. The host is seen from the server of the site. */
export interface Credentials {
  readonly driver: 'mysql' | 'pgsql';
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

type Values = Readonly<Record<string, string | undefined>>;

/** The database of a site: from its variables at Deploynix, or from its `.env` on the server if the API hides the password. */
export async function credentialsOf(ctx: Pick<Context, 'api' | 'ask' | 'world'>, place: SiteOnMachine): Promise<Credentials> {
  const ids = { server: place.machine.server.id, site: place.site.id };
  const listed = await ctx.api.list<Variable>(listEndpoint, ids);
  const values: Values = Object.fromEntries(listed.map(({ key, value }) => [key, value]));
  const complete = values.DB_DATABASE !== undefined && values.DB_PASSWORD !== undefined && !Object.values(values).some(isMask);
  return credentialsIn(complete ? values : { ...(await remoteValues(ctx, place)) }, place.domain);
}

/** The variables of the `.env` of a site on its server. */
async function remoteValues(ctx: Pick<Context, 'ask' | 'world'>, place: SiteOnMachine): Promise<Values> {
  const script = `${ROOT}; for each in "$root/shared/.env" "$root/.env" "$root/current/.env"; do if [ -f "$each" ]; then exec cat "$each"; fi; done; exit 1`;
  const { code, stdout } = await runOn(ctx, place.machine, scripted(script, ...directoriesOf(place)));
  if (code !== 0) throw new DnxError('not_found', `Found no .env of ${place.domain} on ${place.machine.server.label}.`);
  return Object.fromEntries(parseDotenv(stdout).variables);
}

/** Reads Laravel's variables. */
export function credentialsIn(values: Values, of: string): Credentials {
  const driver = drivers[values.DB_CONNECTION ?? 'mysql'];
  if (!driver)
    throw new DnxError('failed', `${of} uses the database '${values.DB_CONNECTION}'; dnx connects to MySQL, MariaDB and PostgreSQL.`);
  if (!values.DB_DATABASE) throw new DnxError('not_found', `${of} has no DB_DATABASE.`);
  return {
    driver,
    host: values.DB_HOST || '127.0.0.1',
    port: Number(values.DB_PORT || (driver === 'pgsql' ? 5432 : 3306)),
    database: values.DB_DATABASE,
    username: values.DB_USERNAME || 'root',
    password: values.DB_PASSWORD ?? '',
  };
}

const drivers: Readonly<Record<string, Credentials['driver']>> = { mysql: 'mysql', mariadb: 'mysql', pgsql: 'pgsql' };
