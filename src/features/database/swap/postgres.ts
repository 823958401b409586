import { DnxError } from '../../../base/errors.ts';
import { plural, quotedName } from '../../../base/text.ts';
import { identifier, literal, Refused, type Sql } from '../local/sql.ts';
import { type Engine, identityQueries, Settled } from './engine.ts';
import type { Names } from './names.ts';

/** PostgreSQL renames two databases in one transaction, so the swap happens as a whole or not at all. */
export function postgresEngine(sql: Sql, names: Names, force: boolean): Engine {
  const { target, incoming, outgoing } = names;
  const id = (name: string) => identifier(name, sql.local);
  const text = (name: string) => literal(name, sql.local);
  const exists = async (name: string) => (await sql.run(`SELECT 1 FROM pg_database WHERE datname = ${text(name)};`)) === '1';
  const disconnect = (name: string) =>
    `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = ${text(name)} AND pid <> pg_backend_pid();`;
  const drop = async (name: string) => {
    // On a full disk, even this may fail, but not the removal.
    await sql.run(disconnect(name)).catch(() => {});
    await sql.run(`DROP DATABASE IF EXISTS ${id(name)};`);
  };
  return {
    identity: () => sql.run(`${identityQueries.pgsql};`),
    async contents(which) {
      const name = names[which];
      if (!(await exists(name))) return undefined;
      const counted = await sql.run(COUNT, { database: name });
      const [tables = 0, size = 0] = counted.split('|').map(Number);
      return { tables, size };
    },
    async requireUnused() {
      if (force) return;
      const users = Number(
        await sql.run(`SELECT count(*) FROM pg_stat_activity WHERE datname = ${text(target)} AND backend_type = 'client backend';`),
      );
      if (users > 0) throw inUse(target, users);
    },
    async recover() {
      const left = { incoming: await exists(incoming), outgoing: await exists(outgoing) };
      if (left.outgoing && !(await exists(target))) {
        await sql.run(`ALTER DATABASE ${id(outgoing)} RENAME TO ${id(target)};`);
        left.outgoing = false;
      }
      if (left.incoming) await drop(incoming);
      if (left.outgoing) await drop(outgoing);
      return left.incoming || left.outgoing ? 'Removed what an interrupted pull had left.' : undefined;
    },
    async prepare() {
      const like = await sql.run(`SELECT ${LIKE} FROM pg_database WHERE datname = ${text(target)};`);
      await sql.run(`CREATE DATABASE ${id(incoming)} TEMPLATE template0${like === '' ? '' : ` ${like}`};`);
    },
    async swap() {
      const present = await exists(target);
      const aside = present ? `ALTER DATABASE ${id(target)} RENAME TO ${id(outgoing)};\n` : '';
      const rename = `BEGIN;\n${aside}ALTER DATABASE ${id(incoming)} RENAME TO ${id(target)};\nCOMMIT;`;
      await sql.run(`${disconnect(incoming)}\n${force ? `${disconnect(target)}\n` : ''}${rename}`).catch((error: unknown) => {
        throw error instanceof Refused && error.message.includes('being accessed') ? inUse(target) : error;
      });
      if (present)
        await drop(outgoing).catch((error: unknown) => {
          throw new Settled(error, target, outgoing);
        });
    },
    discard: () => drop(incoming),
  };
}

const COUNT = `SELECT count(*), pg_database_size(current_database()) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p') AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%';`;

/** The encoding and locale of the old copy, as options for a new one. */
const LIKE = `format('ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), datcollate, datctype)`;

const inUse = (target: string, users?: number): DnxError =>
  new DnxError(
    'failed',
    `${quotedName(target)} is in use${users ? ` by ${users} ${users === 1 ? 'connection' : plural('connection')}` : ''}.`,
    {
      hint: 'Close its connections, or use --force to close them.',
    },
  );
