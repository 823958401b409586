import { randomBytes } from 'node:crypto';
import { DnxError } from '../../../base/errors.ts';
import { quotedName } from '../../../base/text.ts';
import { identifier, literal, Refused, type Sql } from '../local-server.ts';
import { type Engine, inTheWay, type PullNames, SettledSwap } from './engine.ts';
import { type Code, creatingCode, ownedBy, readCode, removing, tied } from './mysql-code.ts';

/**
 * MySQL and MariaDB rename no databases, but one statement moves all tables, as a whole or not at all: the old ones out of the target, the
 * new ones into it, and with them the journal, whose name tells whether this happened. Views and triggers do not move. They are removed
 * before, and created after, by scripts in the journal, which is beside the old copy, because a dump may write into the new one.
 */
export function mysqlEngine(sql: Sql, names: PullNames): Engine {
  const { target, incoming, outgoing } = names;
  const importer = importerOf(sql, names);
  const id = (name: string) => identifier(name, sql.local);
  const journal = journalOf(sql, outgoing);
  return {
    async contents(which) {
      // What a server knows of its tables may be hours old. Neither a table in use nor a missing right is a reason to fail.
      await sql.run(analyzing(literal(names[which], sql.local))).catch(() => {});
      const [found] = await sql.rows(countIn(literal(names[which], sql.local)));
      return found && { tables: Number(found[0]), size: Number(found[1]) };
    },
    // Moving a table waits for those who use it.
    requireUnused: async () => {},
    distrusts: async () => !(await isRisky(sql)) && (await sql.run(`SELECT ${DISTRUSTS};`)) === '1',
    recover: () => recover(sql, names, journal),
    async prepare() {
      const [[charset = '', collation = ''] = []] = await sql.rows(charsetOf(literal(target, sql.local)));
      const options = [charset, collation].every((word) => /^\w+$/.test(word)) ? ` CHARACTER SET ${charset} COLLATE ${collation}` : '';
      await sql.run(`${journal.creating}\nCREATE DATABASE ${id(incoming)}${options};`);
    },
    restrict: async () => ((await isRisky(sql)) ? importer.create() : undefined),
    seal: () => importer.lock(),
    async swap() {
      const isNew = (await sql.run(presentIn([literal(target, sql.local)]))) === '';
      try {
        const before = await readCode(sql, target);
        const after = await importer.disown(await readCode(sql, incoming));
        await journal.write({ undo: isNew ? '' : creatingCode(tied(before)), complete: creatingCode(after, before.pieces) });
        if (isNew) await sql.run(`CREATE DATABASE ${id(target)};`);
        const removed = [...removing(after, incoming), ...removing(before, target)];
        await sql.run(
          [`SET NAMES utf8mb4;`, `SET lock_wait_timeout = ${PATIENCE_S};`, ...removed, ...moving(names, before, after, id)].join('\n'),
        );
      } catch (error) {
        if (isNew) await dropEmpty(sql, target);
        throw error instanceof Refused && error.message.includes('Lock wait timeout') ? inUse(target) : error;
      }
      await complete(sql, names, journal);
      await importer.drop();
    },
    async discard() {
      await recover(sql, names, journal);
      await importer.drop();
    },
  };
}

/** What lets an account write files, run programs, or get such rights: all of it, or alone. */
const RISKY = /\b(ALL PRIVILEGES|FILE|SUPER|SYSTEM_VARIABLES_ADMIN|CREATE USER|INSERT|UPDATE)\b/;

/** Whether only SUPER may create a function or a trigger, as MySQL keeps a binary log by default. */
const DISTRUSTS = '@@GLOBAL.log_bin AND NOT @@GLOBAL.log_bin_trust_function_creators';

/** Whether the local account has such rights everywhere or in the server's own database, or a role that may have them. */
async function isRisky(sql: Sql): Promise<boolean> {
  const grants = (await sql.rows('SHOW GRANTS;')).map(([grant = '']) => /^GRANT (?:(.*?) ON (\S+)|`)/.exec(grant));
  return grants.some(
    (grant) => grant && (grant[2] === undefined || (['*.*', '`mysql`.*'].includes(grant[2]) && RISKY.test(grant[1] ?? ''))),
  );
}

function importerOf(sql: Sql, { target, incoming, importer, owner }: PullNames) {
  const id = (name: string) => identifier(name, sql.local);
  const grant = (database: string) => `GRANT ALL PRIVILEGES ON ${id(database.replace(/[_%\\]/g, '\\$&'))}.* TO`;
  // Simple rules for passwords want every kind of character.
  const newPassword = () => `A1!${randomBytes(24).toString('hex')}`;
  let account: string | undefined;
  let distrusting = false;
  const distrust = () => {
    const statement = distrusting ? 'SET GLOBAL log_bin_trust_function_creators = 0;\n' : '';
    distrusting = false;
    return statement;
  };
  return {
    async create() {
      const [[host = '', distrusts] = []] = await sql.rows(`SELECT SUBSTRING_INDEX(USER(), '@', -1), ${DISTRUSTS};`);
      const [name, password] = [`${id(importer)}@${id(host)}`, newPassword()];
      account = name;
      await sql.run(`DROP USER IF EXISTS ${name};\nCREATE USER ${name} IDENTIFIED BY '${password}';\n${grant(incoming)} ${name};`);
      distrusting = distrusts === '1';
      if (distrusting) await sql.run('SET GLOBAL log_bin_trust_function_creators = 1;');
      return { username: importer, password };
    },
    /** The dump may have changed its password. */
    async lock() {
      if (account !== undefined) await sql.run(`${distrust()}ALTER USER ${account} IDENTIFIED BY '${newPassword()}';`);
    },
    /** The same code, of an account that nobody can sign in to: with the rights of the local one, an event would run on its own. */
    async disown(code: Code): Promise<Code> {
      if (account === undefined || code.pieces.length === 0) return code;
      const definer = `${id(owner)}@\`localhost\``;
      await sql.run(`CREATE USER IF NOT EXISTS ${definer} IDENTIFIED BY '${newPassword()}';\n${grant(target)} ${definer};`);
      return ownedBy(code, definer);
    },
    /** If this fails, the next pull does it. */
    async drop() {
      if (account !== undefined) await sql.run(`${distrust()}DROP USER IF EXISTS ${account};`).catch(() => {});
    },
  };
}

async function dropEmpty(sql: Sql, database: string): Promise<boolean> {
  const { tables } = await readCode(sql, database);
  if (tables.length === 0) await sql.run(dropping(sql, [database])).catch(() => {});
  return tables.length === 0;
}

const PATIENCE_S = 5;

/**
 * Moves all tables by one statement, which is prepared from a string: if dnx is killed while it writes, the client runs what it has got
 * by then, but not half of a string.
 */
function moving(names: PullNames, before: Code, after: Code, id: (name: string) => string): readonly string[] {
  const move = (from: string, to: string) => (table: string) => `${id(from)}.${id(table)} TO ${id(to)}.${id(table)}`;
  const { target, incoming, outgoing } = names;
  const moves = [
    ...before.tables.map(move(target, outgoing)),
    ...after.tables.map(move(incoming, target)),
    `${id(outgoing)}.${id(JOURNAL)} TO ${id(outgoing)}.${id(JOURNAL_AFTER)}`,
  ];
  const statement = Buffer.from(`RENAME TABLE ${moves.join(', ')}`).toString('hex');
  return [`SET @dnx = CONVERT(0x${statement} USING utf8mb4);`, 'PREPARE dnx FROM @dnx;', 'EXECUTE dnx;'];
}

async function recover(sql: Sql, names: PullNames, journal: Journal): Promise<string | undefined> {
  const { incoming, outgoing } = names;
  const databases = presentIn([incoming, outgoing].map((name) => literal(name, sql.local)));
  const found = (await sql.run(`${databases}\n${journal.finding}`)).split('\n');
  if (found.includes(JOURNAL_AFTER)) {
    await complete(sql, names, journal);
    return 'Completed a pull that was interrupted.';
  }
  if (found.includes(JOURNAL)) {
    await undo(sql, names, journal);
    await sql.run(dropping(sql, [incoming, outgoing]));
    return 'Removed what an interrupted pull had left.';
  }
  if (found.includes('0')) throw inTheWay(incoming);
  // There was no room for the journal.
  if (found.includes('1') && !(await dropEmpty(sql, outgoing))) throw inTheWay(outgoing);
  return undefined;
}

async function undo(sql: Sql, { target, incoming, outgoing }: PullNames, journal: Journal): Promise<void> {
  try {
    const script = await journal.read(JOURNAL, 'undo');
    if (script !== '') await sql.run(script, { database: target });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const lost = `${quotedName(target)} has all rows, but not all of its views and triggers: ${JOURNAL} in ${quotedName(outgoing)} has them.`;
    throw error.withHint(`${lost} Drop it and ${quotedName(incoming)} to pull without them.`);
  }
}

/** Creates the code of the new copy, and removes the old copy, with the journal last. */
async function complete(sql: Sql, { target, incoming, outgoing }: PullNames, journal: Journal): Promise<void> {
  try {
    await sql.run(await journal.read(JOURNAL_AFTER, 'complete'), { database: target });
  } catch (error) {
    throw new SettledSwap(error, target, outgoing, ', but without some views, triggers, routines or events');
  }
  await sql.run(dropping(sql, [incoming, outgoing]));
}

const dropping = ({ local }: Sql, names: readonly string[]): string =>
  names.map((name) => `DROP DATABASE IF EXISTS ${identifier(name, local)};`).join('\n');

/** Yields `0` if there is a database of the first name, and `1` if there is one of the second. */
const presentIn = (names: readonly string[]): string =>
  names.map((name, at) => `SELECT ${at} FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${name};`).join('\n');

/** Has the server look at the sizes of all tables, without waiting for those in use. */
const analyzing = (name: string): string => `SET lock_wait_timeout = 0, group_concat_max_len = 1048576;
SELECT CONCAT('ANALYZE LOCAL TABLE ', GROUP_CONCAT('\`', REPLACE(TABLE_SCHEMA, '\`', '\`\`'), '\`.\`', REPLACE(TABLE_NAME, '\`', '\`\`'), '\`')) INTO @dnx
FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${name} AND TABLE_TYPE = 'BASE TABLE' HAVING COUNT(*) > 0;
PREPARE dnx FROM @dnx;
EXECUTE dnx;`;

const countIn = (name: string): string =>
  `SELECT COUNT(t.TABLE_NAME), COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) FROM information_schema.SCHEMATA
LEFT JOIN information_schema.TABLES t ON TABLE_SCHEMA = SCHEMA_NAME AND TABLE_TYPE = 'BASE TABLE' WHERE SCHEMA_NAME = ${name} GROUP BY SCHEMA_NAME;`;

const charsetOf = (name: string): string =>
  `SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${name};`;

const inUse = (target: string): DnxError =>
  new DnxError('failed', `A table of ${quotedName(target)} is in use. Nothing was changed.`, {
    hint: 'Close its transactions, then pull again.',
  });

/** The table of the journal, until the tables have moved and after. */
const JOURNAL = '__dnx_db_pull';
const JOURNAL_AFTER = '__dnx_db_pulled';
type JournalTable = typeof JOURNAL | typeof JOURNAL_AFTER;

type Journal = ReturnType<typeof journalOf>;

function journalOf(sql: Sql, database: string) {
  const id = (name: string) => identifier(name, sql.local);
  const at = (table: JournalTable) => `${id(database)}.${id(table)}`;
  const hex = (script: string) => (script === '' ? "''" : `0x${Buffer.from(script).toString('hex')}`);
  return {
    creating: `CREATE DATABASE ${id(database)};
CREATE TABLE ${at(JOURNAL)} (\`undo\` LONGBLOB NOT NULL, \`complete\` LONGBLOB NOT NULL) ENGINE=InnoDB;
INSERT INTO ${at(JOURNAL)} VALUES ('', '');`,
    finding: `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${literal(database, sql.local)} AND TABLE_NAME IN ('${JOURNAL}', '${JOURNAL_AFTER}');`,
    async write({ undo, complete }: { readonly undo: string; readonly complete: string }) {
      await sql.run(`UPDATE ${at(JOURNAL)} SET \`undo\` = ${hex(undo)}, \`complete\` = ${hex(complete)};`);
    },
    async read(table: JournalTable, which: 'undo' | 'complete') {
      return Buffer.from(await sql.run(`SELECT HEX(\`${which}\`) FROM ${at(table)};`), 'hex').toString();
    },
  };
}
