import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openMariaDb, openPostgres } from './databases.ts';
import { openSshBed, type SshBed } from './ssh-bed.ts';

/** The built dnx, a sandbox, a real sshd, and real databases with a database `shop`. */
export interface DatabaseBed extends SshBed {
  readonly maria: Database;
  readonly postgres: Database;
}

/** Opens all of them. */
export async function openDatabaseBed(): Promise<DatabaseBed> {
  const [bed, maria, postgres] = await Promise.all([openSshBed(), openMariaDb(), openPostgres()]);
  for (const database of [maria, postgres]) database.sql('CREATE DATABASE shop');
  return {
    ...bed,
    maria,
    postgres,
    async close() {
      await bed.close();
      await Promise.all([maria.close(), postgres.close()]);
    },
  };
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

/** The variables of a site that uses this database. */
export const variablesFor = ({ port, user, password }: Database, connection: string): Readonly<Record<string, string>> => ({
  DB_CONNECTION: connection,
  DB_HOST: '127.0.0.1',
  DB_PORT: String(port),
  DB_DATABASE: 'shop',
  DB_USERNAME: user,
  DB_PASSWORD: password,
});

/** The processes of this machine: their ids and command lines. */
export const processes = (): readonly (readonly [pid: number, line: string])[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), readProcess(name, 'cmdline')] as const);

const readProcess = (pid: string | number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};

/** The processes of a bed that forward a local port, or any. */
export const forwarding = ({ sshd }: Pick<SshBed, 'sshd'>, port: number | '' = ''): readonly number[] =>
  processes().flatMap(([pid, line]) => (line.includes(` -F ${sshd.config} `) && line.includes(` -L 127.0.0.1:${port}`) ? [pid] : []));

/** The database clients of a bed. */
export const clientsOf = ({ directory }: Pick<SshBed, 'directory'>): readonly number[] =>
  processes().flatMap(([pid, line]) =>
    /^(mariadb|psql)( |$)/.test(line) && readProcess(pid, 'environ').includes(` HOME=${directory} `) ? [pid] : [],
  );

/** Every file in a directory and those below. */
export const filesBelow = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((file) => statSync(file).isFile());
