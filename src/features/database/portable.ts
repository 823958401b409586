import { randomBytes } from 'node:crypto';
import type { Credentials } from './credentials.ts';
import { identifier } from './local-server.ts';

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

/** The longest line that is changed. Longer ones are rows. */
const LONGEST = 65_536;
const NEWLINE = 0x0a;

/** How to change lines of a dump. */
interface Edit {
  /** Whether to look at a line, by its first byte. All others pass untouched. */
  readonly concerns: (first: number) => boolean;
  /** The line to write instead, without its newline; undefined to leave it out. */
  readonly line: (line: string) => string | undefined;
}

/** Changes lines of a dump as it passes, without holding back its rows. */
async function* editLines(dump: AsyncIterable<Buffer>, { concerns, line }: Edit): AsyncGenerator<Buffer> {
  // The beginning of a line that concerns; undefined in the middle of one that does not.
  let held: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of dump) {
    const out: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      const end = chunk.indexOf(NEWLINE, at);
      const part = chunk.subarray(at, end < 0 ? chunk.length : end + 1);
      at += part.length;
      if (held && held.length === 0 && !concerns(part[0] ?? 0)) held = undefined;
      if (!held) {
        out.push(part);
        if (end >= 0) held = Buffer.alloc(0);
        continue;
      }
      held = Buffer.concat([held, part]);
      if (end >= 0) {
        const changed = edited(held, line);
        if (changed) out.push(changed);
        held = Buffer.alloc(0);
      } else if (held.length > LONGEST) {
        out.push(held);
        held = undefined;
      }
    }
    if (out.length > 0) yield Buffer.concat(out);
  }
  if (held && held.length > 0) yield held;
}

/** Latin-1 keeps every byte. */
function edited(held: Buffer, line: Edit['line']): Buffer | undefined {
  const before = held.subarray(0, -1).toString('latin1');
  const after = line(before);
  if (after === before) return held;
  return after === undefined ? undefined : Buffer.from(`${after}\n`, 'latin1');
}
