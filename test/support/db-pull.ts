import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openMariaDb, openPostgres } from './databases.ts';
import { contentOf, dotenvOf, siteWith, variablesOf } from './db-copy.ts';
import { enlarge, seedMariaDb, seedPostgres } from './db-seed.ts';
import type { Started } from './executable.ts';
import { openSshBed, type SshBed } from './ssh-bed.ts';

/** The drivers, as Laravel names them. */
export const drivers = ['mariadb', 'pgsql'] as const;
/** A driver. */
export type Driver = (typeof drivers)[number];

/** Sites with databases, and local databases to replace, on the same two servers. */
export interface Copying {
  readonly bed: SshBed;
  readonly servers: Readonly<Record<Driver, Database>>;
  /** The sites whose database is `shop`, and the one whose database takes a while. */
  readonly sites: Readonly<Record<Driver | 'large', string>>;
  /** A dotenv file for a local database of this server. */
  dotenv(driver: Driver, database: string, changes?: Readonly<Record<string, string>>): string;
  /** Starts `dnx db dump`. A site may have been added since another run read the list. */
  dump(words: readonly string[]): Started;
  /** Starts `dnx db pull` into a local database, confirmed. */
  pull(site: string, driver: Driver, database: string, words?: readonly string[]): Started;
  /** The databases of a server whose names begin with this. */
  databases(driver: Driver, beginning: string): readonly string[];
  /** What is in a database. */
  content(driver: Driver, database: string): string;
  /** Adds a local database with an old copy, and returns what is in it. */
  old(driver: Driver, database: string): string;
  close(): Promise<void>;
}

/** Opens all of it. `prefix` begins the domains of the sites. */
export async function openCopying(prefix: string): Promise<Copying> {
  const [bed, mariadb, pgsql] = await Promise.all([openSshBed(), openMariaDb(), openPostgres()]);
  const servers = { mariadb, pgsql };
  seedMariaDb(mariadb);
  seedPostgres(pgsql);
  seedMariaDb(mariadb, 'large');
  enlarge(mariadb, 'large');
  const sites = {
    mariadb: siteWith(bed, `${prefix}-maria.example.com`, variablesOf(mariadb, 'mariadb')),
    pgsql: siteWith(bed, `${prefix}-postgres.example.com`, variablesOf(pgsql, 'pgsql')),
    large: siteWith(bed, `${prefix}-large.example.com`, variablesOf(mariadb, 'mysql', 'large')),
  };
  const copying: Copying = {
    bed,
    servers,
    sites,
    dotenv(driver, database, changes = {}) {
      const file = join(mkdtempSync(join(bed.directory, 'project-')), '.env');
      writeFileSync(file, dotenvOf({ APP_ENV: 'local', ...variablesOf(servers[driver], driver, database), ...changes }));
      return file;
    },
    dump: (words) => bed.dnx(['db', 'dump', '--no-cache', ...words]),
    pull: (site, driver, database, words = []) =>
      bed.dnx(['db', 'pull', site, '--no-cache', '--into', copying.dotenv(driver, database), '--confirm', database, ...words]),
    databases(driver, beginning) {
      const all = servers[driver]
        .sql(driver === 'pgsql' ? 'SELECT datname FROM pg_database' : 'SHOW DATABASES')
        .trim()
        .split('\n');
      return all.filter((name) => name.startsWith(beginning)).sort();
    },
    content: (driver, database) => contentOf(servers[driver], driver, database),
    old(driver, database) {
      if (driver === 'pgsql') seedPostgres(pgsql, database, 'old');
      else seedMariaDb(mariadb, database, 'old');
      servers[driver].sql(more[driver], database);
      return copying.content(driver, database);
    },
    async close() {
      await bed.close();
      await Promise.all([mariadb.close(), pgsql.close()]);
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
