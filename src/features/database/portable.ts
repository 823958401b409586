import { randomBytes } from 'node:crypto';
import type { Credentials } from './credentials.ts';
import { identifier } from './local-server.ts';

/** Changes what a dump of one server says that another may refuse. */
export function portable(dump: AsyncIterable<Buffer>, { driver, database }: Pick<Credentials, 'driver' | 'database'>) {
  return driver === 'mysql' ? editLines(dump, forMysql(database)) : restricted(dump);
}

const ACCOUNT = '`(?:[^`]|``)*`';
/** Where a dump names the account of a routine; of a trigger or an event; of a view, whose statement has three lines. */
const definer = new RegExp(`^(CREATE |/\\*!\\d+ (?:CREATE\\*/ /\\*!\\d+ )?)DEFINER=${ACCOUNT}(?:@${ACCOUNT})? ?`);

/** Text in quotes and comments, in which no statement ends. The last group is empty if they go on in the next line. */
const HIDDEN = /'(?:[^'\\]|\\.?)*('|$)|"(?:[^"\\]|\\.?)*("|$)|`[^`]*(`|$)|\/\*(?!M?!).*?(\*\/|$)|(?:--(?=\s|$)|#).*/gs;

/** Rows: `INSERT INTO` and its lines. A newline in a value is escaped. */
const ROWS: ReadonlySet<number> = new Set(Buffer.from('I('));

/**
 * Views, triggers, routines and events belong to whoever imports them, because their account of the server rarely exists here. Follows the
 * statements, because a body may contain lines that look like the beginning of one.
 */
function forMysql(database: string): Edit {
  const databaseName = Buffer.from(identifier(database, { driver: 'mysql' })).toString('latin1');
  let delimiter = ';';
  // The first line of the statement, and what begins a text that the last line left open.
  let first: string | undefined;
  let open = '';
  return {
    concerns: (byte) => first !== undefined || !ROWS.has(byte),
    line(line) {
      const begins = first === undefined;
      const [, changed] = (begins && /^DELIMITER (\S+)/.exec(line)) || [];
      if (changed !== undefined) {
        delimiter = changed;
        return line;
      }
      const text = `${open}${line}`;
      open = '';
      const shown = text.replace(HIDDEN, (hidden, ...groups) => {
        if (groups.slice(0, 4).includes('')) open = hidden.startsWith('/*') ? '/* ' : hidden.charAt(0);
        return '';
      });
      const isView = first?.startsWith('/*!50001 CREATE ALGORITHM=');
      if (open === '' && shown.trimEnd().endsWith(delimiter)) first = undefined;
      else if (begins && (open !== '' || shown.trim() !== '')) first = line;
      // A command of MariaDB's own client.
      if (begins && line.startsWith('/*M!999999\\- ')) return undefined;
      if (isView && line.startsWith('/*!50001 VIEW ')) return withoutDatabase(line, databaseName);
      return begins || isView ? line.replace(definer, '$1') : line;
    },
  };
}

/** The definition of a view without this name of its own database, which MySQL puts before functions. */
export const withoutDatabase = (view: string, databaseName: string): string =>
  view.replace(/'(?:[^'\\]|\\.)*'|(`(?:[^`]|``)*`)\.(?=`(?:[^`]|``)*`\()|`(?:[^`]|``)*`/gs, (piece, name) =>
    name === databaseName ? '' : piece,
  );

/** The commands of psql itself, such as `\!`, are refused in the whole dump. Its own restriction is left out, because they do not nest. */
async function* restricted(dump: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const key = randomBytes(24).toString('hex');
  yield Buffer.from(`\\restrict ${key}\n`);
  yield* editLines(dump, withoutRestriction());
  yield Buffer.from(`\\unrestrict ${key}\n`);
}

const BACKSLASH = 0x5c;

function withoutRestriction(): Edit {
  // Comments and settings come before everything else.
  let isHeader = true;
  let key: string | undefined;
  // An anonymized dump has two parts, each with a restriction of its own.
  let isBetween = false;
  return {
    concerns: (byte) => isHeader || byte === BACKSLASH,
    line(line) {
      const [, begun] = ((isHeader || isBetween) && /^\\restrict (\w+)\s*$/.exec(line)) || [];
      if (begun !== undefined) {
        key = begun;
        isBetween = false;
        return undefined;
      }
      isHeader &&= /^(--|SET |SELECT pg_catalog\.set_config\(|$)/.test(line);
      // A setting of PostgreSQL 17.
      if (isHeader && line === 'SET transaction_timeout = 0;') return undefined;
      if (!key || line.trimEnd() !== `\\unrestrict ${key}`) return line;
      isBetween = true;
      return undefined;
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
