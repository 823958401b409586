import { randomBytes } from 'node:crypto';
import type { Credentials } from '../credentials.ts';
import { identifier } from '../local/sql.ts';
import { type Edit, editLines } from './lines.ts';

/** Changes what a dump of one server says that another may refuse. */
export function portable(dump: AsyncIterable<Buffer>, { driver, database }: Credentials): AsyncIterable<Buffer> {
  return driver === 'mysql' ? editLines(dump, forMysql(database)) : restricted(dump);
}

const startsWith = (first: string) => {
  const bytes = new Set(Buffer.from(first));
  return (byte: number) => bytes.has(byte);
};

const ACCOUNT = '`(?:[^`]|``)*`';
const definer = new RegExp(`DEFINER=${ACCOUNT}(?:@${ACCOUNT})? ?`);

/**
 * Views, triggers, routines and events belong to whoever imports them, because their account of the server rarely exists here. MySQL puts
 * the name of the database before functions in a view. Rows begin with other words.
 */
function forMysql(database: string): Edit {
  const own = Buffer.from(`${identifier(database, { driver: 'mysql' })}.`).toString('latin1');
  return {
    concerns: startsWith('/C'),
    line(line) {
      // A command of MariaDB's own client.
      if (line.startsWith('/*M!999999\\- ')) return undefined;
      if (line.startsWith('/*!50001 VIEW ')) return line.replaceAll(own, '');
      return /^(\/\*!50\d\d\d |CREATE )/.test(line) ? line.replace(definer, '') : line;
    },
  };
}

/** The commands of psql itself, such as `\!`, are refused in the whole dump. Its own restriction is left out, because they do not nest. */
async function* restricted(dump: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const key = randomBytes(24).toString('hex');
  yield Buffer.from(`\\restrict ${key}\n`);
  yield* editLines(dump, withoutRestriction());
  yield Buffer.from(`\\unrestrict ${key}\n`);
}

function withoutRestriction(): Edit {
  let own: string | undefined;
  return {
    concerns: startsWith('\\S'),
    line(line) {
      // It comes before all settings. In rows, `\r` is a carriage return.
      const [, key] = own === undefined ? (/^\\restrict (\w+)\s*$/.exec(line) ?? []) : [];
      if (own === undefined) own = key ?? '';
      if (key !== undefined) return undefined;
      // A setting of PostgreSQL 17.
      if (line === 'SET transaction_timeout = 0;') return undefined;
      return own && line.trimEnd() === `\\unrestrict ${own}` ? undefined : line;
    },
  };
}

/** Whether psql knows `\restrict`, by what it says about its version: it came with the security updates of August 2025. */
export function canRestrict(version: string): boolean {
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  return major >= 18 || minor >= (first[major] ?? Number.POSITIVE_INFINITY);
}

const first: Readonly<Record<number, number>> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 };
