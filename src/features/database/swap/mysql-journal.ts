import { identifier, literal, type Sql } from '../local/sql.ts';

/** The table of the journal. */
export const JOURNAL = '__dnx_db_pull';

/** Scripts of a swap: `undo` before the tables have moved, `complete` after. */
type Scripts = Readonly<Record<'undo' | 'complete', string>>;

/** The journal of a swap: a table that moves with the others. */
export interface Journal {
  write(database: string, scripts: Scripts): Promise<void>;
  isIn(database: string): Promise<boolean>;
  read(database: string, which: keyof Scripts): Promise<string>;
}

/** Keeps journals on a database server. */
export function journalOf(sql: Sql): Journal {
  const table = (database: string) => `${identifier(database, sql.local)}.${identifier(JOURNAL, sql.local)}`;
  const hex = (script: string) => (script === '' ? "''" : `0x${Buffer.from(script).toString('hex')}`);
  return {
    async write(database, { undo, complete }) {
      const create = `CREATE TABLE ${table(database)} (\`undo\` LONGBLOB NOT NULL, \`complete\` LONGBLOB NOT NULL) ENGINE=InnoDB;`;
      await sql.run(`${create}\nINSERT INTO ${table(database)} VALUES (${hex(undo)}, ${hex(complete)});`);
    },
    async isIn(database) {
      const [name, journal] = [database, JOURNAL].map((each) => literal(each, sql.local));
      const found = `SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${name} AND TABLE_NAME = ${journal};`;
      return (await sql.run(found)) === '1';
    },
    async read(database, which) {
      return Buffer.from(await sql.run(`SELECT HEX(\`${which}\`) FROM ${table(database)};`), 'hex').toString();
    },
  };
}
