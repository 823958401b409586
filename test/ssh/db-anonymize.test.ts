import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { copyingSuite } from '../support/database-copies.ts';
import { addDatabaseSite, variablesFor } from '../support/database-site.ts';
import { type Driver, drivers } from '../support/databases.ts';
import { sampled } from '../support/volume.ts';

const { copying, it, reason } = copyingSuite('dnx db pull --anonymize', 'anonymize');

/** For a busy machine. */
const TIME = 90_000;

/** Words that only the database of the site may hold. */
const ORIGINALS = ['ada@home.example', 'ADA@home.example', 'bob@home.example', 'Ada Lovelace', '+491701234567', 'tok-4711', 'Dear diary'];

const rows = `INSERT INTO people (id, email, name, phone, token, notes, born, password, card) VALUES
(1, 'ada@home.example', 'Ada Lovelace', '+491701234567', 'tok-4711', 'Dear diary', '1815-12-10', 'plain', 'card 1'),
(2, 'bob@home.example', NULL, NULL, 'tok-4712', '', NULL, NULL, NULL);
INSERT INTO letters VALUES (1, 'ADA@home.example', 'a''b\\\\c', 1), (2, 'eve@home.example', NULL, 2);
INSERT INTO secrets VALUES ('Ada Lovelace');`;

/** A table of most types, a trigger that would change rows if it ran again, and names that need quotes. */
const schema: Readonly<Record<Driver, string>> = {
  mariadb: `CREATE TABLE people (id INT PRIMARY KEY, email VARCHAR(60) CHARACTER SET latin1 NOT NULL UNIQUE, shout VARCHAR(99) AS (UPPER(email)) STORED,
name VARCHAR(40) COLLATE utf8mb4_unicode_ci, phone VARCHAR(20), token CHAR(40) NOT NULL, notes TEXT, born DATE, password VARCHAR(255), card VARCHAR(20),
hidden INT INVISIBLE DEFAULT 4, f FLOAT DEFAULT 1.1, dbl DOUBLE DEFAULT 0.1, bits BIT(9) DEFAULT b'101010101', bin VARBINARY(9) DEFAULT x'00ff270a', j JSON DEFAULT '{"a":1}',
e ENUM('a', 'b') DEFAULT 'b', s SET('x', 'y') DEFAULT 'x,y', d DECIMAL(20, 5) DEFAULT 12345.67891, ts TIMESTAMP(3) DEFAULT '2026-01-01 00:00:00.123', y YEAR DEFAULT 2026,
z INT(5) ZEROFILL DEFAULT 42, p POINT DEFAULT POINT(1, 2), u BIGINT UNSIGNED DEFAULT 18446744073709551615, \`odd \`\`'name\` VARCHAR(9) DEFAULT 'o''dd', UNIQUE (id, card));
CREATE TABLE letters (id INT, recipient VARCHAR(60), body TEXT, people_id INT, FOREIGN KEY (people_id) REFERENCES people (id)) WITH SYSTEM VERSIONING;
CREATE TABLE secrets (secret VARCHAR(60));
${rows}
CREATE TRIGGER people_insert BEFORE INSERT ON people FOR EACH ROW SET NEW.card = 'changed';`,
  pgsql: `CREATE EXTENSION citext;
CREATE TABLE people (id INT PRIMARY KEY GENERATED ALWAYS AS IDENTITY, email CITEXT NOT NULL UNIQUE, shout TEXT GENERATED ALWAYS AS (upper(email::text)) STORED, name VARCHAR(40),
phone VARCHAR(20), token CHAR(40) NOT NULL, notes TEXT, born DATE, password VARCHAR(255), card TEXT, f REAL DEFAULT 1.1, dbl FLOAT8 DEFAULT 0.1, bits BIT(9) DEFAULT '101010101',
bin BYTEA DEFAULT '\\x00ff270a', j JSONB DEFAULT '{"a": 1}', d NUMERIC DEFAULT 12345.67891, ts TIMESTAMPTZ DEFAULT '2026-01-01 00:00:00.123+02', i INTERVAL DEFAULT '1 day 2 hours',
ip INET DEFAULT '10.1.2.3', list TEXT[] DEFAULT '{a,"b c"}', "odd ""'name" TEXT DEFAULT 'o''dd', UNIQUE (id, card));
CREATE TABLE letters (id INT, recipient CITEXT, body TEXT, people_id INT REFERENCES people (id)) PARTITION BY RANGE (id);
CREATE TABLE "letters '1" PARTITION OF letters FOR VALUES FROM (0) TO (2);
CREATE TABLE letters_2 PARTITION OF letters FOR VALUES FROM (2) TO (9);
CREATE TABLE secrets (secret VARCHAR(60));
${rows.replace('VALUES', 'OVERRIDING SYSTEM VALUE VALUES').replace('\\\\\\\\', '\\')}
CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.card = 'changed'; RETURN NEW; END $$;
CREATE TRIGGER people_insert BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION changed();`,
};

const RULES = `people.email: email
people.name: name
people.phone: phone
people.token: hash
people.notes: text
people.born: null
people.password: password
letters.recipient: email
secrets: empty
`;

/** Makes what the rules are for the same in both copies. */
const ERASING = `UPDATE people SET email = CASE id WHEN 1 THEN 'a' ELSE 'b' END, name = '', phone = '', token = '', notes = '', born = NULL, password = '';
UPDATE letters SET recipient = ''; DELETE FROM secrets`;

beforeAll(() => {
  if (reason !== undefined) return;
  for (const driver of drivers) {
    copying.servers[driver].sql('CREATE DATABASE people');
    copying.servers[driver].sql(schema[driver], 'people');
    addDatabaseSite(copying, siteOf(driver), variablesFor(copying.servers[driver], driver, 'people'));
  }
}, 120_000);

const siteOf = (driver: Driver) => `anonymize-${driver}.example.com`;

const rulesFile = (text: string): string => {
  const file = join(copying.folder(), 'anonymize.yml');
  writeFileSync(file, text);
  return file;
};

describe.each(drivers)('a pull of %s with rules', { timeout: TIME }, (driver) => {
  const sql = (query: string, database: string) => copying.servers[driver].sql(query, database).trim();

  it('changes what they say, keeps everything else, and lets no original out', async () => {
    const seen = join(copying.folder(), 'seen');
    const env = driver === 'mariadb' ? { PATH: copying.withClient(`exec tee -a ${seen} | "$MARIADB" "$@"`) } : {};
    const words = ['--anonymize', rulesFile(RULES), '--json'];
    const [ran, dumped] = [
      await copying.pull(siteOf(driver), driver, 'masked', words, env),
      await copying.run(['db', 'dump', siteOf(driver), '--anonymize', rulesFile(RULES), '-O', '-']),
    ];
    expect(ran).toExit(0);
    expect(dumped).toExit(0);
    const passed = `${driver === 'mariadb' ? readFileSync(seen, 'latin1') : ''}${dumped.stdout}${ran.stderr}`;
    expect(passed).toContain('Person ');
    expect(ORIGINALS.filter((word) => passed.includes(word))).toEqual([]);
    const found = execFileSync('sh', ['-c', `grep -rlaF 'ada@home' "$@"; true`, 'sh', copying.directory, copying.sshd.directory]);
    expect(String(found)).toBe('');
    const person = sql('SELECT email, name, phone, token, notes, born, password, card, shout FROM people WHERE id = 1', 'masked');
    const hex = (length: number) => `[0-9a-f]{${length}}`;
    const email = `user-${hex(16)}@example\\.com`;
    expect(person).toMatch(
      new RegExp(
        `^${email}\tPerson ${hex(12)}\t\\+999\\d{11}\t${hex(40)}\tx{10}\t(NULL)?\t\\$2y\\$10\\$\\S{53}\tcard 1\tUSER-[0-9A-F]{16}@EXAMPLE.COM$`,
      ),
    );
    const nulls = 'SELECT COUNT(*) FROM people WHERE id = 2 AND name IS NULL AND phone IS NULL AND password IS NULL';
    expect(sql(nulls, 'masked')).toBe('1');
    const joined = 'SELECT p.id, l.id, body FROM people p JOIN letters l ON recipient = email';
    expect(sql(joined, 'masked')).toBe(sql(joined, 'people'));
    expect(sql('SELECT COUNT(*) FROM secrets', 'masked')).toBe('0');
    addCopy();
    for (const database of ['masked', 'unmasked']) sql(ERASING, database);
    expect(copying.content(driver, 'masked')).toBe(copying.content(driver, 'unmasked'));
    expect(JSON.parse(ran.stdout)).toMatchObject({
      without_rows: ['secrets'],
      anonymized: expect.arrayContaining(['people.email', 'people.born']),
      uncovered: driver === 'mariadb' ? ['people.card'] : ['people.card', 'people.ip'],
    });
  });

  /** A copy of the database of the site. */
  const addCopy = (): void => {
    const { servers } = copying;
    servers[driver].sql(`CREATE DATABASE unmasked${driver === 'pgsql' ? ' TEMPLATE people' : ''}`);
    if (driver === 'mariadb') servers.mariadb.sql(schema.mariadb, 'unmasked');
  };
});

/** Rules, what is wrong with them, and the exit code. */
const wrong: readonly (readonly [rule: string, message: string, code: number])[] = [
  ['people.mail: email', "people has no column people.mail. Did you mean 'people.email'?", 6],
  ['person: empty', 'people has no table person.', 6],
  ['people: hash', "The rule 'hash' is not for people.", 2],
  ['people.email: empty', "The rule 'empty' is not for people.email.", 2],
  ['people.id: hash', "The rule 'hash' does not fit people.id: it is not a text column.", 2],
  ['people.shout: text', "The rule 'text' does not fit people.shout: it is generated from other columns.", 2],
  ['people.email: null', "The rule 'null' does not fit people.email: it cannot be NULL.", 2],
  ['people.email: text', "The rule 'text' does not fit people.email: its values must be unique.", 2],
  ['people.card: text', "The rule 'text' does not fit people.card: its values must be unique.", 2],
  ['people.phone: email', "The rule 'email' does not fit people.phone: it holds only 20 characters, not 33.", 2],
  ['people.phone: telephone', 'anonymize.yml has no valid rule for people.phone.', 2],
  ['- people', 'anonymize.yml has no rules.', 2],
];

it.each(drivers)('rules of %s that fit nothing are refused before anything moves', { timeout: TIME }, async (driver) => {
  for (const [rule, message, code] of sampled(wrong, 3, driver === 'mariadb' ? 1 : 2)) {
    const ran = await copying.pull(siteOf(driver), driver, 'refused', ['--anonymize', rulesFile(`${rule}\n`)]);
    expect(ran, rule).toExit(code);
    expect(ran.stderr.replace(/\S+anonymize\.yml/, 'anonymize.yml')).toContain(`Error: ${message}`);
    expect(ran.stderr).not.toContain('Copying');
  }
  expect(copying.databases(driver, 'refused')).toEqual([]);
});

it('columns that may be personal and have no rule are named, whatever their type', { timeout: TIME }, async () => {
  const personal = [
    'E-Mail',
    'email2',
    'emailAddress',
    'phones',
    'last_ip',
    'IPAddress',
    'dob',
    'billing_address_1',
    'vat_id',
    'pm_last_four',
  ];
  const others = ['id', 'email_verified_at', 'address_id', 'token_type', 'shipping', 'description', 'tiptop'];
  const named = [...personal, 'api_token', 'Vorname', 'Straße', 'name'];
  const { mariadb } = copying.servers;
  const types = ['VARCHAR(60)', 'BIGINT', 'JSON', 'VARBINARY(16)', 'DATETIME'];
  const columns = [...named, ...others].map((name, at) => `\`${name}\` ${types[at % types.length]}`);
  mariadb.sql('CREATE DATABASE contacts');
  mariadb.sql(`CREATE TABLE contacts (${columns}, wants_email BOOLEAN, phone INT); CREATE TABLE things (name TEXT, x INT)`, 'contacts');
  const site = addDatabaseSite(copying, 'anonymize-contacts.example.com', variablesFor(mariadb, 'mariadb', 'contacts'));
  const words = ['--anonymize', rulesFile('contacts.phone: keep\n'), '-O', join(copying.folder(), 'dump.sql'), '--json'];
  const ran = await copying.run(['db', 'dump', site, ...words]);
  const uncovered = named.map((name) => `contacts.${name}`);
  expect(ran).toExit(0, { stderr: expect.stringContaining('! No rule for 14 columns that may be personal: contacts.E-Mail, ') });
  expect(JSON.parse(ran.stdout)).toMatchObject({ anonymized: [], uncovered });
});

it('values that a table refuses leave the local database unchanged, and another rule is suggested', { timeout: TIME }, async () => {
  const { pgsql } = copying.servers;
  pgsql.sql('CREATE DATABASE strict');
  pgsql.sql("CREATE TABLE staff (email TEXT CHECK (email LIKE '%@home.example')); INSERT INTO staff VALUES ('ada@home.example')", 'strict');
  const site = addDatabaseSite(copying, 'anonymize-strict.example.com', variablesFor(pgsql, 'pgsql', 'strict'));
  const ran = await copying.pull(site, 'pgsql', 'lenient', ['--anonymize', rulesFile('staff.email: email\n')]);
  expect(ran).toExit(1, { stderr: expect.stringContaining('lenient is unchanged. With --anonymize, use a rule') });
  expect(ran.stderr).not.toContain('ada@');
  expect(copying.databases('pgsql', 'lenient')).toEqual([]);
});

it('nobody can find out a value by hashing guesses: each pull has another secret', { timeout: TIME }, async () => {
  const words = ['db', 'dump', siteOf('pgsql'), '--anonymize', rulesFile('people.email: email\n'), '-O', '-'];
  const emails = async () => /user-\w{16}@example\.com/.exec((await copying.run(words)).stdout)?.[0];
  const first = await emails();
  expect(first).toBeDefined();
  expect(await emails()).not.toBe(first);
});

it('an account that may not read a table leaves no dump', { timeout: TIME }, async () => {
  const { pgsql } = copying.servers;
  pgsql.sql("CREATE ROLE partial LOGIN PASSWORD 'some'; GRANT CONNECT ON DATABASE people TO partial; ");
  pgsql.sql('GRANT USAGE ON SCHEMA public TO partial; GRANT SELECT ON people TO partial', 'people');
  const variables = { ...variablesFor(pgsql, 'pgsql', 'people'), DB_USERNAME: 'partial', DB_PASSWORD: 'some' };
  const site = addDatabaseSite(copying, 'anonymize-partial.example.com', variables);
  const file = join(copying.folder(), 'dump.sql');
  const ran = await copying.run(['db', 'dump', site, '--anonymize', rulesFile('people.email: email\n'), '-O', file]);
  expect(ran).toExit(1, { stderr: expect.stringMatching(/Error: Could not dump people on web-1: pg_dump: error: .*permission denied/) });
  expect(existsSync(file)).toBe(false);
});
