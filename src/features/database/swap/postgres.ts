import { randomBytes } from 'node:crypto';
import { DnxError } from '../../../base/errors.ts';
import { quotedName } from '../../../base/text.ts';
import { identifier, literal, Refused, type Sql } from '../local-server.ts';
import { type Engine, inTheWay, type PullNames, SettledSwap } from './engine.ts';

/** PostgreSQL renames two databases in one transaction, so the swap happens as a whole or not at all. */
export function postgresEngine(sql: Sql, names: PullNames, force: boolean): Engine {
  const { target, incoming, outgoing } = names;
  const role = importerOf(sql, names);
  return {
    async contents(which) {
      const name = names[which];
      if (!(await exists(sql, name))) return undefined;
      // Its own search path could lead to functions that a dump created.
      const counted = await sql.run(`SET search_path = pg_catalog;\n${COUNT}`, { database: name });
      const [tables = 0, size = 0] = counted.split('|').map(Number);
      return { tables, size };
    },
    async requireUnused() {
      const users = force ? 0 : Number(await sql.run(`SELECT count(*) ${connections(sql, target)};`));
      if (users > 0) throw inUse(target, users);
    },
    distrusts: async () => false,
    async recover() {
      let recovered: string | undefined;
      for (const name of [incoming, outgoing]) {
        const isMarked = await sql.run(
          `SELECT coalesce(shobj_description(oid, 'pg_database'), '') = '${MARK}' FROM pg_database WHERE ${named(sql, name)};`,
        );
        if (isMarked === 'f') throw inTheWay(name);
        if (isMarked === '') continue;
        await drop(sql, name);
        recovered = 'Removed what an interrupted pull had left.';
      }
      return recovered;
    },
    async prepare() {
      const database = identifier(incoming, sql.local);
      const like = await sql.run(`SELECT ${LIKE} FROM pg_database WHERE ${named(sql, target)};`);
      const create = `CREATE DATABASE ${database} TEMPLATE template0${like === '' ? '' : ` ${like}`};`;
      await sql.run(`${create}\nCOMMENT ON DATABASE ${database} IS '${MARK}';`);
    },
    restrict: async () => ((await sql.run(RISKY)) === 't' ? role.create() : undefined),
    seal: () => role.lock(),
    swap: () => swap(sql, names, force),
    async discard() {
      await drop(sql, incoming);
      await role.drop();
    },
  };
}

const named = ({ local }: Sql, name: string): string => `datname = ${literal(name, local)}`;
const exists = async (sql: Sql, name: string) => (await sql.run(`SELECT 1 FROM pg_database WHERE ${named(sql, name)};`)) === '1';
// PostgreSQL itself sends autovacuum away, which has no user, and whose process only a superuser may end.
const connections = (sql: Sql, name: string): string => `FROM pg_stat_activity WHERE ${named(sql, name)} AND usesysid IS NOT NULL`;
const disconnect = (sql: Sql, name: string): string => `SELECT count(pg_terminate_backend(pid)) ${connections(sql, name)};`;

async function drop(sql: Sql, name: string): Promise<void> {
  // On a full disk, even this may fail, but not the removal.
  await sql.run(disconnect(sql, name)).catch(() => {});
  await sql.run(`DROP DATABASE IF EXISTS ${identifier(name, sql.local)};`);
}

async function swap(sql: Sql, { target, incoming, outgoing }: PullNames, force: boolean): Promise<void> {
  const present = await exists(sql, target);
  const id = (name: string) => identifier(name, sql.local);
  const move = (from: string, to: string, comment: string) =>
    `ALTER DATABASE ${id(from)} RENAME TO ${id(to)};\nCOMMENT ON DATABASE ${id(to)} IS ${comment};\n`;
  const aside = present ? move(target, outgoing, `'${MARK}'`) : '';
  const rename = `BEGIN;\n${aside}${move(incoming, target, 'NULL')}COMMIT;`;
  await sql.run(`${disconnect(sql, incoming)}\n${force ? `${disconnect(sql, target)}\n` : ''}${rename}`).catch((error: unknown) => {
    throw error instanceof Refused && error.message.includes('being accessed') ? inUse(target) : error;
  });
  if (present)
    await drop(sql, outgoing).catch((error: unknown) => {
      throw new SettledSwap(error, target, outgoing);
    });
}

/** The role that imports: the new copy belongs to it meanwhile. */
function importerOf(sql: Sql, { incoming, importer }: PullNames) {
  const [database, role] = [identifier(incoming, sql.local), identifier(importer, sql.local)];
  const locking = `ALTER ROLE ${role} NOLOGIN PASSWORD NULL;`;
  // What takes away again what this pull has done.
  let undoing: string | undefined;
  return {
    async create() {
      const password = randomBytes(24).toString('hex');
      const isNew = (await sql.run(`SELECT 1 FROM pg_roles WHERE rolname = ${literal(importer, sql.local)};`)) === '';
      await sql.run(`${isNew ? 'CREATE' : 'ALTER'} ROLE ${role} ${NO_RIGHTS} LOGIN PASSWORD '${password}';`);
      undoing = isNew ? `DROP ROLE ${role};` : locking;
      await sql.run(`GRANT ${role} TO CURRENT_USER;\nALTER DATABASE ${database} OWNER TO ${role};`);
      return { username: importer, password };
    },
    /** Tables and code go on to belong to the role: code that runs on its own, such as that of an index, has no other rights. */
    async lock() {
      if (undoing !== undefined)
        await sql.run(`${locking}\nALTER DATABASE ${database} OWNER TO CURRENT_USER;\nALTER DATABASE ${database} RESET ALL;`);
    },
    async drop() {
      if (undoing !== undefined) await sql.run(undoing);
    },
  };
}

const MARK = 'dnx db pull';

const COUNT = `SELECT count(*), pg_database_size(current_database()) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p') AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%';`;

/** Whether the local role can run programs or write files, or become a role that can. */
const RISKY = `SELECT bool_or(rolsuper OR rolcreaterole OR rolname IN ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files'))
FROM pg_roles WHERE pg_has_role(oid, 'MEMBER');`;

const NO_RIGHTS = 'NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';

const LIKE = `format('ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), datcollate, datctype)`;

const inUse = (target: string, users?: number): DnxError =>
  new DnxError('failed', `${quotedName(target)} is in use${users ? ` by ${users} connection${users === 1 ? '' : 's'}` : ''}.`, {
    hint: 'Close its connections, or use --force to close them.',
  });
