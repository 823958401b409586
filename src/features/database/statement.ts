import { usage } from '../../base/errors.ts';
import type { Credentials } from './credentials.ts';

type Driver = Credentials['driver'];

/** A statement that only reads. */
export interface Read {
  /** Without the semicolon at its end, and comments around it. */
  readonly sql: string;
  /** The query in it, which is nothing else, such as that of EXPLAIN; undefined for SHOW and DESCRIBE. */
  readonly query: string | undefined;
}

/** Part of a statement: a bare word in capitals, a quoted name, a string, a number or a sign. */
interface Token {
  readonly kind: 'word' | 'name' | 'value' | 'sign';
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** How long a statement may be, in characters: patterns that read longer strings would exhaust the stack. */
const MOST = 4_000_000;

/**
 * Reads a statement as the database does, with the settings that query.ts makes, and returns it if it is of a kind that only reads. Throws
 * `refused` with the first word that may write, and usage errors for several statements and none.
 */
export function readIn(sql: string, driver: Driver, refused: (word: string) => Error): Read {
  if (sql.length > MOST) throw usage('The statement is longer than 4 MB.', 'For scripts, use: dnx db shell');
  const all = tokensOf(sql, driver, refused);
  while (all.at(-1)?.text === ';') all.pop();
  const [first] = all;
  const last = all.at(-1);
  if (!first || !last) throw usage('The statement is empty.');
  if (all.some(({ text }) => text === ';')) throw usage('It must be one statement.', 'For scripts, use: dnx db shell');
  const writing = all.find((token, at) => isWriting(token, all[at - 1], all[at + 1], driver));
  if (writing) throw refused(writing.text);
  const at = queryAt(all, driver);
  if (typeof at === 'object') throw refused(at.text);
  return { sql: sql.slice(first.from, last.to), query: at === undefined ? undefined : sql.slice(all[at]?.from, last.to) };
}

const NUMBER = String.raw`(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`;
const ESCAPING = String.raw`(?:[^'\\]|\\.|'')*`;
const oneOf = (...all: readonly string[]): RegExp => new RegExp(all.join('|'), 'isy');

/** How each database reads its parts. Backslashes escape in strings of MySQL, and in those of PostgreSQL that begin with E. */
const patterns = {
  mysql: {
    blank: /[ \t\n\v\f\r]+|#[^\n]*|--(?=[\0-\x20\x7f]|$)[^\n]*|\/\*(?!M?!).*?\*\//isy,
    value: oneOf(`'${ESCAPING}'`, String.raw`"(?:[^"\\]|\\.|"")*"`, NUMBER),
    name: /`(?:[^`]|``)*`/y,
    // What has no end, and a comment whose words MariaDB and MySQL run.
    unclear: /\/\*(?:M?!)?|['"`]/iy,
    word: /@{0,2}[\w$\u0080-\uffff]+/y,
  },
  pgsql: {
    blank: /[ \t\n\v\f\r]+|--[^\n\r]*/y,
    value: oneOf(
      // A string goes on after a line break.
      String.raw`e'${ESCAPING}'(?:(?:[ \t\f\v]*(?:--[^\n\r]*)?[\n\r])+[ \t\f\v]*'${ESCAPING}')*`,
      "(?:[bxn]|u&)?'(?:[^']|'')*'",
      '(\\$(?:[a-z_\\u0080-\\uffff][\\w\\u0080-\\uffff]*)?\\$).*?\\1',
      NUMBER,
    ),
    name: /"(?:[^"]|"")*"/y,
    // What has no end, and a name that is spelled with escapes.
    unclear: /u&"|\/\*|['"]|\$\w*\$/iy,
    word: /[a-z_\u0080-\uffff][\w$\u0080-\uffff]*/iy,
  },
} as const;

const kinds = ['value', 'name', 'unclear', 'word'] as const;

function tokensOf(sql: string, driver: Driver, refused: (word: string) => Error): Token[] {
  const found: Token[] = [];
  const at = (pattern: RegExp, from: number): string => {
    pattern.lastIndex = from;
    return pattern.exec(sql)?.[0] ?? '';
  };
  for (let from = 0; from < sql.length; ) {
    const blank = at(patterns[driver].blank, from) || (driver === 'pgsql' ? nestedComment(sql, from) : '');
    const kind = blank === '' ? kinds.find((kind) => at(patterns[driver][kind], from) !== '') : undefined;
    const text = blank || (kind === undefined ? (sql[from] ?? '') : at(patterns[driver][kind], from));
    if (kind === 'unclear') throw /^(\/\*.|u)/i.test(text) ? refused(text) : usage(`This has no end: ${sql.slice(from, from + 20)}`);
    const to = from + text.length;
    if (blank === '') found.push({ kind: kind ?? 'sign', text: kind === 'word' ? text.toUpperCase() : text, from, to });
    from = to;
  }
  return found;
}

/** A comment of PostgreSQL, which may contain others; empty if there is none, or it has no end. */
function nestedComment(sql: string, from: number): string {
  if (!sql.startsWith('/*', from)) return '';
  const marks = /\/\*|\*\//g;
  marks.lastIndex = from;
  for (let depth = 0, mark = marks.exec(sql); mark; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return sql.slice(from, marks.lastIndex);
  }
  return '';
}

/** True for a word that writes wherever it is: into a file, a table or a variable, in a WITH query, or outside of the transaction. */
function isWriting({ kind, text }: Token, before: Token | undefined, after: Token | undefined, driver: Driver): boolean {
  if (kind === 'word' && (text === 'INTO' || (/^(DELETE|UPDATE)$/.test(text) && before?.text === '('))) return true;
  const name = kind === 'word' ? text.toLowerCase() : kind === 'name' ? text.slice(1, -1) : '';
  return driver === 'pgsql' && after?.text === '(' && OUTSIDE.test(name);
}

/** Functions of PostgreSQL and its extensions that write files or pages, change the server or another session, or run a text as SQL, in a read-only transaction, too. */
const OUTSIDE = new RegExp(
  `^(?:${[
    'lo_(?!get$|open$|close$|tell|lseek)\\w*|lowrite|pg_file_\\w*|dblink\\w*',
    'pg_(?:terminate|cancel)_backend|pg_(?:reload_conf|promote|switch_wal|import_system_collations|nextoid)|pg_rotate_logfile\\w*',
    'pg_(?:create|drop|copy|sync)_\\w*|pg_(?:backup_)?(?:start|stop)(?:_backup)?|pg_wal_replay_(?:pause|resume)|pg_log\\w*_(?:contexts|snapshot)',
    'pg_logical_(?:emit_message|slot_get\\w*)|pg_replication_(?:slot_advance|origin_\\w*)|pg_stat_(?:\\w+_)?reset\\w*|binary_upgrade_\\w*',
    'heap_force_\\w+|brin_(?:de)?summarize_\\w+|gin_clean_pending_list|pg_truncate_visibility_map|autoprewarm_\\w+',
    'pg_(?:restore|clear)_\\w+_stats|pg_stop_making_pinned_objects',
    'set_config|query_to_xml\\w*|ts_stat|ts_rewrite|crosstab\\w*|connectby|xpath_table',
  ].join('|')})$`,
);

const QUERIES = /^(SELECT|VALUES|TABLE)$/;
const AFTER_WITH = /^(SELECT|VALUES|TABLE|INSERT|UPDATE|DELETE|REPLACE|MERGE)$/;

/** Where the query of a statement begins: undefined if it has none, but only reads; the word if it may write. */
function queryAt(all: readonly Token[], driver: Driver): number | undefined | Token {
  const start = startOf(all, 0);
  const [first, second] = [all[0] as Token, all[1]];
  if (isQuery(all, start)) return 0;
  if (first.text === 'SHOW') return undefined;
  const explains = driver === 'mysql' ? /^(EXPLAIN|DESCRIBE|DESC|ANALYZE)$/ : /^EXPLAIN$/;
  if (!explains.test(first.text)) return all[start] ?? first;
  // ANALYZE TABLE writes.
  if (first.text === 'ANALYZE' && second?.text === 'TABLE') return first;
  const at = afterOptions(all, driver);
  if (isQuery(all, startOf(all, at))) return at;
  const shape = all.slice(at).map(({ kind, text }) => (kind === 'word' || kind === 'name' ? 'n' : kind === 'value' ? 'v' : text));
  if (driver === 'mysql' && first.text !== 'ANALYZE' && /^(n(\.n)?[nv]?|nnv)$/.test(shape.join(''))) return undefined;
  return all[at] ?? first;
}

const startOf = (all: readonly Token[], at: number): number => {
  const found = all.findIndex(({ text }, index) => index >= at && text !== '(');
  return found < 0 ? all.length : found;
};

function isQuery(all: readonly Token[], at: number): boolean {
  const word = all[at];
  if (word?.kind !== 'word') return false;
  if (word.text !== 'WITH') return QUERIES.test(word.text);
  let depth = 0;
  const verb = all.slice(at).find(({ kind, text }) => {
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    return depth === 0 && kind === 'word' && AFTER_WITH.test(text);
  });
  return !verb || QUERIES.test(verb.text);
}

function afterOptions(all: readonly Token[], driver: Driver): number {
  let at = 1;
  if (driver === 'pgsql' && all[at]?.text === '(' && !isQuery(all, startOf(all, at)))
    return all.findIndex(({ text }) => text === ')') + 1 || all.length;
  for (;;) {
    const text = all[at]?.text ?? '';
    if (text === 'FORMAT' && all[at + 1]?.text === '=') at += 3;
    else if (/^(ANALYZE|ANALYSE|VERBOSE|EXTENDED|PARTITIONS)$/.test(text)) at += 1;
    else return at;
  }
}
