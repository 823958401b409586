import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { type Database, type Driver, postgresProgram } from './databases.ts';

/** What needs care in SQL. */
const CARE = `😀 ''quoted'' "twice" \\\\ back \\n new \\r return \\t tab; -- no comment /* nor this */ \\0`;

/** Creates a database of MariaDB with everything that a dump must keep. A row of a source has 300 kB. */
export function seedMariaDb({ sql }: Database, database: string, mark = 'source'): void {
  sql(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
  sql(
    `CREATE TABLE users (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(200), bin BLOB, big LONGTEXT, len INT GENERATED ALWAYS AS (LENGTH(name)) STORED);
CREATE TABLE orders (id INT PRIMARY KEY, user_id INT, CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE);
CREATE TABLE marks (mark VARCHAR(20));
CREATE TABLE \`-odd \`\`name; $(id)\` (a INT);
CREATE TABLE zz_last (id INT PRIMARY KEY);
INSERT INTO users (name, bin) VALUES ('${CARE}', x'00ff0a0d1a5c2722'), (NULL, NULL);
INSERT INTO users (name, big) VALUES ('large', REPEAT('x', ${mark === 'source' ? 300_000 : 3}));
INSERT INTO orders VALUES (1, 1), (2, NULL);
INSERT INTO marks VALUES ('${mark}');
INSERT INTO \`-odd \`\`name; $(id)\` VALUES (1);
INSERT INTO zz_last VALUES (7);
CREATE FUNCTION plus_one(x INT) RETURNS INT DETERMINISTIC RETURN x + 1;
CREATE VIEW names AS SELECT id, plus_one(id) AS next, name FROM users;
CREATE VIEW a_view_of_a_view AS SELECT next FROM names;
CREATE SEQUENCE numbers START WITH 5;
DELIMITER //
CREATE TRIGGER orders_insert BEFORE INSERT ON orders FOR EACH ROW BEGIN SET NEW.id = NEW.id + 0; END//
CREATE PROCEDURE two() BEGIN SELECT ';'; SELECT 'DEFINER=\`a\`@\`b\`'; END//
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2040-01-01 00:00:00' DO BEGIN DELETE FROM orders WHERE 0; END//
DELIMITER ;`,
    database,
  );
}

/** The same for PostgreSQL. */
export function seedPostgres({ sql }: Database, database: string, mark = 'source'): void {
  sql(`CREATE DATABASE ${database}`);
  sql(
    `CREATE TABLE users (id SERIAL PRIMARY KEY, name TEXT, bin BYTEA, big TEXT, len INT GENERATED ALWAYS AS (length(name)) STORED);
CREATE TABLE orders (id INT PRIMARY KEY, user_id INT CONSTRAINT orders_user REFERENCES users (id));
CREATE TABLE marks (mark TEXT);
CREATE TABLE "-odd ""name; $(id)" (a INT);
INSERT INTO users (name, bin) VALUES (E'😀 ''quoted'' "twice" \\\\ back \\n new \\r return \\t tab; -- no', '\\x00ff0a0d1a5c2722'), (NULL, NULL), (E'\\restrict me', ''), (E'\\\\! touch ran', ''), ('\\.', '');
INSERT INTO users (name, big) VALUES ('large', repeat('x', ${mark === 'source' ? 300_000 : 3}));
INSERT INTO orders VALUES (1, 1), (2, NULL);
INSERT INTO marks VALUES ('${mark}');
CREATE SCHEMA reports;
CREATE EXTENSION citext SCHEMA reports;
CREATE TABLE reports.daily (name reports.citext);
INSERT INTO reports.daily VALUES ('${mark}');
SELECT lo_from_bytea(4711, '\\x00ff0a');
CREATE FUNCTION plus_one(x INT) RETURNS INT LANGUAGE sql AS $$ SELECT x + 1 $$;
CREATE FUNCTION same() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE VIEW names AS SELECT id, plus_one(id) AS next, name FROM users;
CREATE TRIGGER orders_insert BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION same();`,
    database,
  );
}

/** Adds 2 MB that do not compress, in a table that comes early. */
export function enlarge({ sql }: Database, database: string): void {
  const rows = Array.from({ length: 4 }, (_, id) => `(${id}, x'${randomBytes(1 << 19).toString('hex')}')`);
  sql(`CREATE TABLE blobs (id INT PRIMARY KEY, bin LONGBLOB); INSERT INTO blobs VALUES ${rows.join(', ')}`, database);
}

/** What a database contains, as its own program dumps it: two with the same rows and definitions are equal. */
export function contentOf(server: Database, driver: Driver, database: string): string {
  const hash = (line: string) => `${line.slice(0, 80)}… ${createHash('sha256').update(line).digest('hex')}`;
  return dumped(server, driver, database)
    .split('\n')
    .map((line) => (line.length > 1_000 ? hash(line) : line))
    .join('\n');
}

function dumped({ socket, port }: Database, driver: Driver, database: string): string {
  const options = { encoding: 'utf8', maxBuffer: 1 << 28 } as const;
  if (driver === 'pgsql') {
    const args = ['--no-owner', '-h', socket, '-p', String(port), '-U', 'postgres', '-d', database];
    return execFileSync(postgresProgram('pg_dump'), args, options).replace(/^\\(un)?restrict .*$/gm, '');
  }
  const args = [
    '--no-defaults',
    '--skip-ssl',
    `--socket=${socket}`,
    '--user=root',
    '--skip-comments',
    '--routines',
    '--events',
    '--hex-blob',
  ];
  return execFileSync('mariadb-dump', [...args, database], options).replace(/DEFINER=`\w*`@`[\w.%]*`/g, '');
}
