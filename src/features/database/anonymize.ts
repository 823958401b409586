import { randomBytes } from 'node:crypto';
import { DnxError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import { counted, orList, quotedName } from '../../base/text.ts';
import { readPipelines } from '../../base/yaml.ts';
import type { Context } from '../../cli/language/command.ts';
import { readText } from '../../machine/files/text-file.ts';
import { pathOf } from '../../machine/world.ts';
import type { Credentials, DatabaseSource } from './credentials.ts';
import { identifier } from './local-server.ts';
import { askObjects } from './remote-client.ts';
import { MYSQL_TABLES, nameAndWord, type RowlessTables } from './tables.ts';

type Driver = Credentials['driver'];

/** What becomes of a column, as SQL for both kinds of databases. `hash` is that of its value, in 64 hexadecimal digits. */
interface Rule {
  /** How many characters the column must hold; undefined for a value of any type. */
  readonly least?: number;
  /** Equal values stay equal, and different ones different. */
  readonly distinct?: true;
  readonly sql: (value: string, hash: string, most: number) => string;
}

/** `password`: the hash of Laravel's own factories. */
const rules: Readonly<Record<string, Rule>> = {
  email: { least: 33, distinct: true, sql: (_, hash) => `CONCAT('user-', LEFT(${hash}, 16), '@example.com')` },
  name: { least: 19, distinct: true, sql: (_, hash) => `CONCAT('Person ', LEFT(${hash}, 12))` },
  phone: { least: 15, distinct: true, sql: (_, hash) => `CONCAT('+999', LEFT(${digits(hash)}, 11))` },
  hash: { least: 16, distinct: true, sql: (_, hash, most) => `LEFT(${hash}, ${most})` },
  text: { least: 1, sql: (value) => `REPEAT('x', CHAR_LENGTH(${value}))` },
  password: { least: 60, sql: () => `'$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi'` },
  null: { sql: () => 'NULL' },
};
/** The rule for a column that is not personal, and the one for a table without its rows. */
const [KEEP, EMPTY] = ['keep', 'empty'];

const digits = (hash: string): string => [...'abcdef'].reduce((sql, letter, at) => `REPLACE(${sql}, '${letter}', '${at}')`, hash);

/** Words in the names of columns that tell of people: in English, and the usual ones in German, French and Spanish. */
const PERSONAL = new RegExp(
  `(^|_)(${[
    'e_?mails?|phones?|telephone|tel|mobile|cell|fax|whatsapp|ip|ip_?addr(ess)?|user_?agent|lat|latitude|lng|lon|longitude|payload',
    '(first|last|middle|full|user|nick|display|maiden|family|given|customer|contact|recipient|owner|holder|billing|shipping)_?name|surname',
    'address(es)?|addr|street|zip(_?code)?|post(al)?_?code|birth(day|date|place)?|dob|gender|passport|ssn|tax_(id|number)|vat_(id|number)',
    'iban|bic|(bank_)?account_number|card|last_four|pass(word|wd|wort|phrase)|tokens?|secrets?|api_?key|recovery_codes|vorname|nachname',
    'telefon|handy|strasse|plz|adresse|anschrift|geburt(stag|sdatum|sort)?|courriel|nom|prenom|naissance|nombre|apellidos?|correo|movil|direccion',
  ].join('|')})(_|$)`,
);
/** What such a word is not about: `email_verified_at`, `address_id`. */
const IMPERSONAL = /_(at|id|type|count|status|template|subject|format)$/;

const isPersonalName = (name: string): boolean => {
  const plain = name.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('ß', 'ss');
  const words = plain
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z]+/g, '_');
  return PERSONAL.test(words) && (!IMPERSONAL.test(words) || /(^|_)(tax|vat)_id$/.test(words));
};

/** A column is personal by its name; a `name` is one of a person if the table has another such column. What is generated follows the others. */
const isPersonal = ({ name, generated, boolean }: Column, others: readonly Column[]): boolean =>
  !generated && !boolean && (isPersonalName(name) || (name.toLowerCase() === 'name' && others.some((other) => isPersonalName(other.name))));

/** Reads the rules of `--anonymize`, if it is given: `users.email: email`, `sessions: empty`. */
export function readRules(ctx: Context, file: string | undefined): ReadonlyMap<string, string> | undefined {
  if (file === undefined) return undefined;
  const text = readText(pathOf(file, ctx.world), 1);
  if (text === undefined) throw usage(`Could not find ${file}.`);
  const [read, ...more] = readPipelines(text, file);
  if (!isObject(read) || more.length > 0) throw usage(`${file} has no rules.`, EXAMPLE);
  const known = [...Object.keys(rules), KEEP, EMPTY];
  for (const [name, rule] of Object.entries(read))
    if (!known.includes(String(rule))) throw usage(`${file} has no valid rule for ${name}.`, `Use ${orList(known)}. ${EXAMPLE}`);
  return new Map(Object.entries(read).map(([name, rule]) => [name, String(rule)]));
}

const EXAMPLE = 'For example: users.email: email';

/** A column of a site's database. */
interface Column {
  /** The names of its table, and of those that it is a part of. */
  readonly tables: readonly string[];
  /** What programs call its table. */
  readonly table: string;
  readonly name: string;
  /** The name of its rule. */
  readonly rule: string | undefined;
  /** How many characters it holds; null if it holds no text. */
  readonly most: number | null;
  readonly generated: Flag;
  readonly nullable: Flag;
  /** Whether `A` equals `a`. */
  readonly folded: Flag;
  readonly unique: Flag;
  readonly boolean: Flag;
  /** Of text in MySQL, which mixes none in a UNION. */
  readonly collation: string | null;
}

/** MySQL has numbers. */
type Flag = boolean | 0 | 1 | null;

const shown = ({ tables: [table], name }: Column): string => `${table}.${name}`;

/** What its rule makes of a column; undefined if it stays as it is. */
const changeOf = ({ rule = KEEP }: Column): Rule | undefined => rules[rule];

/** What a dump does instead of copying rows. Null without rules. */
export interface Masking {
  /** Words of the tables whose rows pg_dump or mysqldump leave out. */
  readonly rowless: readonly string[];
  /** How many tables have other rows, and what the script reads for them. */
  readonly masked: number;
  readonly input: string;
  /** What the rules left out or changed, and columns that look personal without a rule. */
  readonly emptied: readonly string[];
  readonly anonymized: readonly string[] | null;
  readonly uncovered: readonly string[] | null;
}

/**
 * Prepares a dump in which the rules are applied by the database of the site, so no original leaves its server. Hashes have a secret that
 * nobody keeps. `rowless`: tables without rows anyway. Throws for rules that fit no table or column.
 */
export async function maskingOf(
  ctx: Context,
  source: DatabaseSource,
  given: ReadonlyMap<string, string> | undefined,
  rowless: RowlessTables,
): Promise<Masking> {
  if (!given) return { rowless: rowless.words, masked: 0, input: '', emptied: rowless.names, anonymized: null, uncovered: null };
  const { driver, database } = source.credentials;
  const columns = await columnsOf(ctx, source, given);
  checkRules(given, columns, database);
  const tables = [...new Set(columns.map(({ table }) => table))].map(
    (word) => [word, columns.filter(({ table }) => table === word)] as const,
  );
  const isEmptied = ([word, [first]]: (typeof tables)[number]) =>
    rowless.words.includes(word) || first?.tables.some((name) => given.get(name) === EMPTY);
  const filled = tables.filter((table) => !isEmptied(table));
  const changed = filled.filter(([, all]) => all.some(changeOf));
  const secret = randomBytes(16).toString('hex');
  const parts = changed.map(([word, all]) => rowsOf[driver](word, all, (column) => maskedValue(column, driver, secret)));
  const emptied = tables.filter(isEmptied);
  const uncovered = filled.flatMap(([, all]) => all.filter((column) => !column.rule && isPersonal(column, all)).map(shown));
  if (uncovered.length > 0)
    ctx.progress.warn(`No rule for ${counted(uncovered.length, 'column')} that may be personal: ${uncovered.map(quotedName).join(', ')}`);
  return {
    rowless: [...emptied, ...(driver === 'pgsql' ? changed : [])].map(([word]) => word),
    masked: parts.length,
    input: driver === 'pgsql' ? inSnapshot(parts) : parts.join(''),
    emptied: emptied.flatMap(([, [first]]) => first?.tables[0] ?? []),
    anonymized: changed.flatMap(([, all]) => all.filter(changeOf).map(shown)),
    uncovered,
  };
}

function checkRules(given: ReadonlyMap<string, string>, columns: readonly Column[], database: string): void {
  const tables = new Set(columns.flatMap((column) => column.tables));
  const known = new Set([...tables, ...columns.flatMap((column) => column.tables.map((table) => `${table}.${column.name}`))]);
  for (const [name, rule] of given) {
    const noun = name.includes('.') ? 'column' : 'table';
    if (!known.has(name))
      throw new DnxError('not_found', `${quotedName(database)} has no ${noun} ${quotedName(name)}.${didYouMean(name, [...known])}`);
    if (tables.has(name) !== (rule === EMPTY))
      throw usage(`The rule '${rule}' is not for ${quotedName(name)}.`, `'${EMPTY}' is for tables.`);
  }
  for (const column of columns) {
    const reason = unfit(column);
    if (reason) throw usage(`The rule '${column.rule}' does not fit ${shown(column)}: ${reason}.`);
  }
}

/** Why the rule of a column does not fit it. */
function unfit(column: Column): string | undefined {
  const rule = changeOf(column);
  if (!rule) return undefined;
  if (column.generated) return 'it is generated from other columns';
  if (rule.least === undefined) return column.nullable ? undefined : 'it cannot be NULL';
  if (column.most === null) return 'it is not a text column';
  if (column.most < rule.least) return `it holds only ${counted(column.most, 'character')}, not ${rule.least}`;
  return column.unique && !rule.distinct ? 'its values must be unique' : undefined;
}

/** The SQL of a column. NULL stays NULL. What a column takes for the same text gets the same hash. */
function maskedValue(column: Column, driver: Driver, secret: string): string {
  const value = identifier(column.name, { driver });
  const rule = changeOf(column);
  if (!rule) return value;
  const folded = column.folded ? `LOWER(${value})` : value;
  const hash =
    driver === 'mysql'
      ? `SHA2(CONCAT('${secret}', CONVERT(${folded} USING utf8mb4)), 256)`
      : `encode(sha256(convert_to('${secret}' || ${folded}::text, 'UTF8')), 'hex')`;
  const sql = `CASE WHEN ${value} IS NOT NULL THEN ${rule.sql(value, hash, Math.min(column.most ?? 0, 64))} END`;
  const [, charset] = /^([a-z\d]+)_\w+$/.exec(column.collation ?? '') ?? [];
  return charset === undefined ? sql : `CONVERT(${sql} USING ${charset}) COLLATE ${column.collation}`;
}

type Rows = (table: string, columns: readonly Column[], sql: (column: Column) => string) => string;

const rowsOf: Readonly<Record<Driver, Rows>> = {
  /**
   * The name of a table, and a condition for mysqldump's own SELECT, which yields no row, and then those of another. It may read generated
   * columns, whose values no server takes.
   */
  mysql(table, columns, sql) {
    const values = columns.map((column) => (column.generated ? 'NULL' : sql(column)));
    const lines = [table, `0 UNION ALL SELECT ${values.join(', ')} FROM ${identifier(table, { driver: 'mysql' })}`];
    if (lines.some((line) => line.includes('\n'))) throw usage(`${quotedName(table)} has a name with a line break, so it has no rules.`);
    return `${lines.join('\n')}\n`;
  },
  /** What pg_dump prints for a table. */
  pgsql(table, columns, sql) {
    const stored = columns.filter((column) => !column.generated);
    const names = stored.map(({ name }) => identifier(name, { driver: 'pgsql' })).join(', ');
    const header = `COPY ${table} (${names}) FROM stdin;`.replaceAll("'", "''");
    return `SELECT '${header}';\nCOPY (SELECT ${stored.map(sql).join(', ')} FROM ONLY ${table}) TO STDOUT;\nSELECT E'\\\\.\\n';\n`;
  },
};

/** Prints tables between the two parts of pg_dump. A copy without rows makes psql write what it holds back. */
const inSnapshot = (tables: readonly string[]): string => `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL standard_conforming_strings = on; SET LOCAL row_security = off; SET LOCAL search_path = pg_catalog;
SET LOCAL datestyle = ISO; SET LOCAL intervalstyle = postgres; SET LOCAL extra_float_digits = 3;
SELECT pg_export_snapshot() AS snapshot \\gset
\\setenv SNAPSHOT :snapshot
${dumping('pre-data --section=data')}
${tables.join('')}COPY (SELECT 1 WHERE false) TO STDOUT;
${dumping('post-data')}
`;

const dumping = (
  section: string,
): string => `\\set failed \`eval "$PG_DUMP --snapshot=$SNAPSHOT --section=${section}" >&3 </dev/null && echo off || echo on\`
\\if :failed
DO $$ BEGIN RAISE EXCEPTION 'pg_dump failed'; END $$;
\\endif`;

/** A column as the database tells of it: schemas and names of tables. */
type Described = Omit<Column, 'tables' | 'table' | 'rule'> & { readonly tables: readonly (readonly [schema: string, name: string])[] };

async function columnsOf(ctx: Context, source: DatabaseSource, given: ReadonlyMap<string, string>): Promise<readonly Column[]> {
  const { driver } = source.credentials;
  return (await askObjects<Described>(ctx, source, queries[driver])).map((column) => {
    const all = column.tables.map(([schema, name]) => nameAndWord(schema, name, driver));
    const tables = all.map(({ name }) => name);
    const rule = tables.map((table) => given.get(`${table}.${column.name}`)).find(Boolean);
    return { ...column, tables, table: all[0]?.word ?? '', rule };
  });
}

/** Columns in their order; in PostgreSQL, `tables` has those that the table is a part of, too. */
const queries = {
  mysql: `SELECT JSON_OBJECT('tables', JSON_ARRAY(JSON_ARRAY(TABLE_SCHEMA, TABLE_NAME)), 'name', COLUMN_NAME,
'most', IF(COLLATION_NAME IS NULL OR DATA_TYPE IN ('enum', 'set'), NULL, CHARACTER_MAXIMUM_LENGTH), 'collation', COLLATION_NAME,
'generated', COALESCE(GENERATION_EXPRESSION, '') <> '', 'nullable', IS_NULLABLE = 'YES', 'folded', COLLATION_NAME LIKE '%\\_ci',
'unique', (TABLE_NAME, COLUMN_NAME) IN (SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND NON_UNIQUE = 0),
'boolean', COLUMN_TYPE = 'tinyint(1)')
FROM information_schema.COLUMNS JOIN information_schema.TABLES USING (TABLE_SCHEMA, TABLE_NAME)
WHERE TABLE_SCHEMA = DATABASE() AND ${MYSQL_TABLES} ORDER BY TABLE_NAME, ORDINAL_POSITION;`,
  pgsql: `WITH RECURSIVE parts(oid, above, depth) AS (SELECT oid, oid, 0 FROM pg_class WHERE relkind IN ('r', 'p')
UNION ALL SELECT parts.oid, inhparent, depth + 1 FROM parts JOIN pg_inherits ON inhrelid = above)
SELECT json_build_object('tables', (SELECT json_agg(json_build_array(nspname, relname) ORDER BY depth)
FROM parts JOIN pg_class a ON a.oid = above JOIN pg_namespace n ON n.oid = relnamespace WHERE parts.oid = c.oid), 'name', attname,
'most', CASE WHEN typcategory = 'S' THEN CASE WHEN atttypmod > 4 THEN atttypmod - 4 ELSE 1000000 END END,
'generated', attgenerated <> '', 'nullable', NOT attnotnull, 'folded', typname = 'citext',
'unique', EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisunique AND attnum = ANY (indkey)), 'boolean', typname = 'bool')
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_type t ON t.oid = atttypid
WHERE relkind = 'r' AND attnum > 0 AND NOT attisdropped AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
ORDER BY nspname, relname, attnum;`,
} as const;
