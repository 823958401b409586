import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { Database } from './databases.ts';
import type { SshBed } from './ssh-bed.ts';

/** A word of the password of every test database. */
export const SECRET = 'secret" ';

/** Adds a site whose database is on this server. */
export function siteWith({ sandbox }: Pick<SshBed, 'sandbox'>, domain: string, variables: Readonly<Record<string, string>>): string {
  const { sites, environment_variables: all } = sandbox.state;
  const [[model], [variable]] = [sites, all];
  if (!model || !variable) throw new Error('The sandbox is empty.');
  const id = `01COPY${domain.replace(/\W/g, '').toUpperCase()}`;
  sites.push({ ...model, id, domain });
  for (const [key, value] of Object.entries(variables)) all.push({ ...variable, id: `${id}${key}`, site_id: id, key, value });
  return domain;
}

/** Laravel's variables for a database of this server. */
export const variablesOf = ({ port, user, password }: Database, connection: string, database = 'shop') => ({
  DB_CONNECTION: connection,
  DB_HOST: '127.0.0.1',
  DB_PORT: String(port),
  DB_DATABASE: database,
  DB_USERNAME: user,
  DB_PASSWORD: password,
});

/** The same as a dotenv file. */
export const dotenvOf = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([key, value]) => `${key}="${value.replace(/[\\"$]/g, '\\$&')}"\n`)
    .join('');

/** The ids and command lines of all processes of this machine. */
export const processes = (): readonly (readonly [pid: number, line: string])[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return [Number(name), readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')] as const;
      } catch {
        // It has ended.
        return [Number(name), ''] as const;
      }
    });

/** Runs a statement on MariaDB in a session that stays open, such as `LOCK TABLES`. The returned function ends the session. */
export async function holding({ socket }: Database, database: string, statement: string): Promise<() => Promise<void>> {
  const args = ['--no-defaults', `--socket=${socket}`, '--user=root', '--unbuffered', '--skip-column-names', database];
  const child = spawn('mariadb', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write(`${statement};\nSELECT 'holding';\n`);
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) if (String(chunk).includes('holding')) break;
  const ended = once(child, 'exit');
  return async () => {
    child.stdin.end();
    await ended;
  };
}

/** Runs a script for MariaDB, byte for byte. */
export const runScript = ({ socket }: Database, database: string, script: Buffer): void =>
  void execFileSync('mariadb', ['--no-defaults', `--socket=${socket}`, '--user=root', database], { input: script });

/** What a database contains, as its own program dumps it: two with the same rows and definitions are equal. */
export function contentOf(server: Database, connection: string, database: string): string {
  const hash = (line: string) => `${line.slice(0, 80)}… ${createHash('sha256').update(line).digest('hex')}`;
  return dumped(server, connection, database)
    .split('\n')
    .map((line) => (line.length > 1_000 ? hash(line) : line))
    .join('\n');
}

function dumped({ socket, port }: Database, connection: string, database: string): string {
  const options = { encoding: 'utf8', maxBuffer: 1 << 28 } as const;
  if (connection === 'pgsql') {
    const args = ['--no-owner', '-h', socket, '-p', String(port), '-U', 'postgres', '-d', database];
    return execFileSync('pg_dump', args, options).replace(/^\\(un)?restrict .*$/gm, '');
  }
  const args = ['--no-defaults', `--socket=${socket}`, '--user=root', '--skip-comments', '--routines', '--events', '--hex-blob', database];
  return execFileSync('mariadb-dump', args, options).replace(/DEFINER=`\w*`@`[\w.%]*`/g, '');
}
