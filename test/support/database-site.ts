import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, type Driver, databases, postgresProgram } from './databases.ts';
import { openSshBed, type SshBed } from './ssh-bed.ts';

/** The built dnx, a sandbox, a real sshd, and real databases. */
export interface DatabaseBed extends SshBed {
  readonly servers: Readonly<Record<Driver, Database>>;
}

/** The certificates of this machine, which each client of MariaDB would read, and none of the servers here has one of. */
const WITHOUT_AUTHORITIES = { SSL_CERT_FILE: '/dev/null', SSL_CERT_DIR: '/nonexistent' };

/** Opens all of them. */
export async function openDatabaseBed(): Promise<DatabaseBed> {
  const [bed, servers] = await Promise.all([openSshBed(), databases()]);
  symlinkSync(postgresProgram('psql'), join(bed.sshd.directory, 'bin/psql'));
  const env = { ...bed.env, ...WITHOUT_AUTHORITIES };
  return { ...bed, servers, env, dnx: (args, given = {}) => bed.dnx(args, { ...given, env: { ...WITHOUT_AUTHORITIES, ...given.env } }) };
}

/** Adds a site to web-1 with these variables at Deploynix and, with files, its directory on the server. */
export function addDatabaseSite(
  { sandbox, sshd }: Pick<SshBed, 'sandbox' | 'sshd'>,
  domain: string,
  variables: Readonly<Record<string, string | null>>,
  files?: Readonly<Record<string, string>>,
): string {
  const { sites, environment_variables: all } = sandbox.state;
  const [model] = sites;
  const [variable] = all;
  if (!model || !variable) throw new Error('The sandbox is empty.');
  const id = `01SITE${domain.replaceAll(/\W/g, '').toUpperCase()}`;
  sites.push({ ...model, id, domain });
  for (const [key, value] of Object.entries(variables))
    all.push({ ...variable, id: `${id}${key}`, site_id: id, key, value: value as string });
  if (files) sshd.site(domain, { releases: ['20260101_000000'], files });
  return domain;
}

/** Laravel's variables for a database of this server. */
export const variablesFor = (
  { port, user, password }: Database,
  connection: string,
  database = 'shop',
): Readonly<Record<string, string>> => ({
  DB_CONNECTION: connection,
  DB_HOST: '127.0.0.1',
  DB_PORT: String(port),
  DB_DATABASE: database,
  DB_USERNAME: user,
  DB_PASSWORD: password,
});

/** Variables as a dotenv file. */
export const dotenvOf = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([key, value]) => `${key}="${value.replace(/[\\"$]/g, '\\$&')}"\n`)
    .join('');
