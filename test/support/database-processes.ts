import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type Database, SECRET } from './databases.ts';
import type { SshBed } from './ssh-bed.ts';

/** The processes of this machine: their ids and command lines. */
export const processes = (): readonly (readonly [pid: number, line: string])[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), readProcess(name, 'cmdline')] as const);

const readProcess = (pid: string | number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // It has ended.
    return '';
  }
};

/** The processes of a bed that forward a local port, or any. */
export const forwarding = ({ sshd }: Pick<SshBed, 'sshd'>, port: number | '' = ''): readonly number[] =>
  processes().flatMap(([pid, line]) => (line.includes(` -F ${sshd.config} `) && line.includes(` -L 127.0.0.1:${port}`) ? [pid] : []));

/** The local database clients of a bed. */
export const clientsOf = ({ directory }: Pick<SshBed, 'directory'>): readonly number[] =>
  processes().flatMap(([pid, line]) =>
    /^(mariadb|psql)( |$)/.test(line) && ` ${readProcess(pid, 'environ')}`.includes(` HOME=${directory} `) ? [pid] : [],
  );

/** The programs that dump a database of this server. */
export const dumpersOf = ({ port }: Database, database: string): readonly number[] =>
  processes().flatMap(([pid, line]) =>
    /^\S*mariadb-dump /.test(line) && line.includes(`--port=${port} `) && line.endsWith(` ${database} `) ? [pid] : [],
  );

/** Where a password of a database is in a command line, or in a file of a bed or of the user that it signs in as. */
export const leaksOf = ({ directory, sshd }: Pick<SshBed, 'directory' | 'sshd'>): readonly string[] => {
  const search = ['-c', 'grep -rlaF -- "$0" "$@" /home/deploynix; true', SECRET, directory, sshd.directory];
  const files = execFileSync('sh', search, { encoding: 'utf8' }).split('\n').filter(Boolean);
  return [...processes().flatMap(([, line]) => (line.includes(SECRET) && !line.startsWith('grep ') ? [line] : [])), ...files];
};

/** Runs a statement on MariaDB in a session that stays open, such as `LOCK TABLES`. The returned function ends the session. */
export async function holding({ socket }: Database, database: string, statement: string): Promise<() => Promise<void>> {
  const args = ['--no-defaults', '--skip-ssl', `--socket=${socket}`, '--user=root', '--unbuffered', '--skip-column-names', database];
  const child = spawn('mariadb', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write(`${statement};\nSELECT 'holding';\n`);
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) if (String(chunk).includes('holding')) break;
  const ended = once(child, 'exit');
  return async () => {
    child.stdin.end();
    await ended;
  };
}

/** How many sessions of MariaDB wait to run such a statement, for a table that another session uses. Other tests use the server, too. */
export const waitingFor = ({ sql }: Database, statement: string): number =>
  Number(
    sql(
      `SELECT COUNT(*) FROM information_schema.PROCESSLIST
       WHERE STATE LIKE 'Waiting for table metadata lock%' AND INFO LIKE '%${statement}%' AND ID <> CONNECTION_ID()`,
    ),
  );
