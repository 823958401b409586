import type { Database } from './databases.ts';

/** What needs care in SQL. */
const CARE = `😀 ''quoted'' "twice" \\\\ back \\n new \\r return \\t tab; -- no comment /* nor this */ \\0`;

/** Creates a database of MariaDB with everything that a dump must keep. A row of a source has 3 MB. */
export function seedMariaDb({ sql }: Database, database = 'shop', mark = 'source'): void {
  sql(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
  sql(
    `CREATE TABLE users (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(200), bin BLOB, big LONGTEXT, len INT GENERATED ALWAYS AS (LENGTH(name)) STORED);
CREATE TABLE orders (id INT PRIMARY KEY, user_id INT, CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE);
CREATE TABLE marks (mark VARCHAR(20));
CREATE TABLE \`-odd \`\`name; $(id)\` (a INT);
CREATE TABLE zz_last (id INT PRIMARY KEY);
INSERT INTO users (name, bin) VALUES ('${CARE}', x'00ff0a0d1a5c2722'), (NULL, NULL);
INSERT INTO users (name, big) VALUES ('large', REPEAT('x', ${mark === 'source' ? 3_000_000 : 3}));
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
export function seedPostgres({ sql }: Database, database = 'shop', mark = 'source'): void {
  sql(`CREATE DATABASE ${database}`);
  sql(
    `CREATE TABLE users (id SERIAL PRIMARY KEY, name TEXT, bin BYTEA, big TEXT, len INT GENERATED ALWAYS AS (length(name)) STORED);
CREATE TABLE orders (id INT PRIMARY KEY, user_id INT CONSTRAINT orders_user REFERENCES users (id));
CREATE TABLE marks (mark TEXT);
CREATE TABLE "-odd ""name; $(id)" (a INT);
INSERT INTO users (name, bin) VALUES (E'😀 ''quoted'' "twice" \\\\ back \\n new \\r return \\t tab; -- no', '\\x00ff0a0d1a5c2722'), (NULL, NULL), (E'\\restrict me', ''), (E'\\\\! touch ran', ''), ('\\.', '');
INSERT INTO users (name, big) VALUES ('large', repeat('x', ${mark === 'source' ? 3_000_000 : 3}));
INSERT INTO orders VALUES (1, 1), (2, NULL);
INSERT INTO marks VALUES ('${mark}');
CREATE FUNCTION plus_one(x INT) RETURNS INT LANGUAGE sql AS $$ SELECT x + 1 $$;
CREATE FUNCTION same() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE VIEW names AS SELECT id, plus_one(id) AS next, name FROM users;
CREATE TRIGGER orders_insert BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION same();`,
    database,
  );
}

/** Adds 12 MB that do not compress, in a table that comes early. */
export function enlarge({ sql }: Database, database: string): void {
  sql('CREATE TABLE blobs (id INT PRIMARY KEY, bin LONGBLOB)', database);
  for (let id = 1; id <= 12; id += 1) {
    const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(65_536))).toString('hex');
    sql(
      `INSERT INTO blobs VALUES (${id}, CONCAT(${Array.from({ length: 16 }, (_, at) => `x'${bytes.slice(at * 64)}${bytes.slice(0, at * 64)}'`).join(', ')}))`,
      database,
    );
  }
}
