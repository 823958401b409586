import { mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { contentOf, seedMariaDb, seedPostgres } from './database-content.ts';
import { holding } from './database-processes.ts';
import { addDatabaseSite, type DatabaseBed, dotenvOf, openDatabaseBed, variablesFor } from './database-site.ts';
import { type Driver, reasonAgainstDatabases } from './databases.ts';
import { openBed, type Run } from './dnx.ts';
import type { Started } from './executable.ts';
import { perSuite } from './fixtures.ts';
import { find } from './programs.ts';

/** For conditions that take a client to look at. */
export const SLOWLY = { timeout: 60_000, interval: 50 };

type Env = Readonly<Record<string, string>>;
type Pull = readonly [site: string, driver: Driver, database: string, words?: readonly string[], env?: Env];

/** Sites with databases, and local databases to replace, on the same two servers. */
export interface Copying extends DatabaseBed {
  /** The sites whose database is `shop`, and the one whose database is `large`. */
  readonly sites: Readonly<Record<Driver | 'large', string>>;
  /** A new directory for dumps. */
  folder(): string;
  /** A dotenv file for a local database of this server. */
  dotenv(driver: Driver, database: string, changes?: Readonly<Record<string, string>>): string;
  /** A PATH in which the client of MariaDB is this script, and the real one `"$MARIADB"`. */
  withClient(script: string): string;
  /** A PATH with a client of MariaDB that waits this many seconds for a table in use, whatever dnx says. */
  withPatience(seconds: number): string;
  /** Runs a command line in this process, with real programs. A site may have been added since another run read the list. */
  run(words: readonly string[], env?: Env): Promise<Run>;
  /** Runs `dnx db pull` into a local database, confirmed, in this process. */
  pull(...pull: Pull): Promise<Run>;
  /** Starts the same as a process. */
  startPull(...pull: Pull): Started;
  /** The databases of a server whose names begin with this. */
  databases(driver: Driver, beginning: string): readonly string[];
  /** The accounts on a local server that pulls created. */
  accounts(driver: Driver): string;
  /** What is in a database. */
  content(driver: Driver, database: string): string;
  /** Makes a copy of `shop` an old one, with rows of its own. */
  age(driver: Driver, database: string): void;
  /** Adds a local database with an old copy. */
  addOld(driver: Driver, database: string): void;
  /** The same, and returns what is in it. */
  old(driver: Driver, database: string): string;
}

/** Opens all of it for the tests of a file, which `it` declares, and which are skipped where they cannot run. */
export function copyingSuite(what: string, prefix: string) {
  const reason = reasonAgainstDatabases(what);
  const copying = reason === undefined ? perSuite(() => openCopying(prefix)) : ({} as Copying);
  return { copying, it: test.skipIf(reason !== undefined), reason };
}

/** Opens all of it. `prefix` begins the domains of the sites. */
async function openCopying(prefix: string): Promise<Copying> {
  const bed = await openDatabaseBed();
  const inProcess = await openBed();
  const { mariadb, pgsql } = bed.servers;
  const wordsOf = ([site, driver, database, words = []]: Pull) => [
    ...['db', 'pull', site, '--into', copying.dotenv(driver, database), '--confirm', database],
    ...words,
  ];
  const copying: Copying = {
    ...bed,
    sites: {
      mariadb: addDatabaseSite(bed, `${prefix}-maria.example.com`, variablesFor(mariadb, 'mariadb')),
      pgsql: addDatabaseSite(bed, `${prefix}-postgres.example.com`, variablesFor(pgsql, 'pgsql')),
      large: addDatabaseSite(bed, `${prefix}-large.example.com`, variablesFor(mariadb, 'mysql', 'large')),
    },
    folder: () => mkdtempSync(join(bed.directory, 'dumps-')),
    dotenv(driver, database, changes = {}) {
      const file = join(mkdtempSync(join(bed.directory, 'project-')), '.env');
      writeFileSync(file, dotenvOf({ APP_ENV: 'local', ...variablesFor(bed.servers[driver], driver, database), ...changes }));
      return file;
    },
    withClient(script) {
      const folder = mkdtempSync(join(bed.directory, 'client-'));
      writeFileSync(join(folder, 'mariadb'), `#!/bin/sh\nMARIADB=${find('mariadb')}\n${script}\n`, { mode: 0o755 });
      return `${folder}:${bed.env.PATH}`;
    },
    withPatience: (seconds) =>
      copying.withClient(`sed -u 's/lock_wait_timeout = [1-9][0-9]*/lock_wait_timeout = ${seconds}/' | exec "$MARIADB" "$@"`),
    run: (words, env = {}) => inProcess.dnx([...words, '--no-cache'], { env: { ...bed.env, ...env }, cwd: bed.directory }),
    pull: (...pull) => copying.run(wordsOf(pull), pull[4]),
    startPull: (...pull) => bed.dnx([...wordsOf(pull), '--no-cache'], { env: pull[4] ?? {} }),
    databases(driver, beginning) {
      const all = bed.servers[driver].sql(driver === 'pgsql' ? 'SELECT datname FROM pg_database' : 'SHOW DATABASES').split('\n');
      return all.filter((name) => name.startsWith(beginning)).sort();
    },
    accounts: (driver) =>
      bed.servers[driver].sql(
        driver === 'pgsql'
          ? `SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE 'dnx%'`
          : `SELECT User FROM mysql.user WHERE User LIKE 'dnx%'`,
      ),
    content: (driver, database) => contentOf(bed.servers[driver], driver, database),
    age: (driver, database) => void bed.servers[driver].sql(`UPDATE marks SET mark = 'old'; ${more[driver]}`, database),
    addOld(driver, database) {
      if (driver === 'pgsql') seedPostgres(pgsql, database, 'old');
      else seedMariaDb(mariadb, database, 'old');
      bed.servers[driver].sql(more[driver], database);
    },
    old(driver, database) {
      copying.addOld(driver, database);
      return copying.content(driver, database);
    },
    async close() {
      await inProcess.close();
      await bed.close();
    },
  };
  return copying;
}

/** What only the old copy has. A view bears the name of a table of the new one. */
const more: Readonly<Record<Driver, string>> = {
  mariadb: `DROP TABLE zz_last; CREATE VIEW zz_last AS SELECT mark FROM marks; CREATE TABLE only_old (a INT); INSERT INTO only_old VALUES (1);
CREATE TRIGGER only_old_insert BEFORE INSERT ON only_old FOR EACH ROW SET NEW.a = NEW.a + 1; CREATE PROCEDURE only_old_procedure() SELECT 1;`,
  pgsql: 'CREATE TABLE only_old (a INT); INSERT INTO only_old VALUES (1);',
};

/** A command that waits for the last table of the large database. */
interface Stuck {
  readonly running: Started;
  /** Lets it go on. */
  readonly release: () => Promise<void>;
}

/** Keeps the last table of the large database, until the returned function is called or the test ends. */
export async function lastTableLocked({ servers }: Copying): Promise<() => Promise<void>> {
  const release = await holding(servers.mariadb, 'large', 'LOCK TABLES zz_last WRITE');
  onTestFinished(release);
  return release;
}

/** A dump into this directory that has written most of it. */
export async function stuckDump(copying: Copying, into: string): Promise<Stuck> {
  const release = await lastTableLocked(copying);
  const running = copying.dnx(['db', 'dump', copying.sites.large, '-O', join(into, 'large.sql.gz'), '--no-cache']);
  const written = () =>
    readdirSync(into, { recursive: true }).reduce((sum: number, name) => sum + statSync(join(into, String(name))).size, 0);
  await expect.poll(written, { timeout: 60_000 }).toBeGreaterThan(1_000_000);
  return { running, release };
}

/** A pull that has imported most of it, and what was in the target before. */
export async function stuckPull(copying: Copying, target: string, env: Env = {}): Promise<Stuck & { readonly before: string }> {
  const before = copying.old('mariadb', target);
  const release = await lastTableLocked(copying);
  const running = copying.startPull(copying.sites.large, 'mariadb', target, [], env);
  const rows = `SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${target}_dnx_new' AND TABLE_NAME = 'users'`;
  await expect.poll(() => copying.servers.mariadb.sql(rows), SLOWLY).toBe('1\n');
  return { running, before, release };
}
