import { randomBytes } from 'node:crypto';
import { DnxError } from '../../../base/errors.ts';
import { identifier, literal, type Sql } from '../local-server.ts';
import { withoutDatabase } from '../portable.ts';

const KINDS = ['routine', 'view', 'trigger', 'event'] as const;
type Kind = (typeof KINDS)[number];

interface Piece {
  readonly kind: Kind;
  readonly type: string;
  readonly name: string;
  /** A statement that creates it, and the settings it was created with. */
  readonly statement: string;
  readonly settings: string;
}

/** What a database contains apart from rows. */
export interface Code {
  readonly tables: readonly string[];
  /** In the order in which they can be created. */
  readonly pieces: readonly Piece[];
  /** Statements that create the views with their columns only, because a view may need another one. */
  readonly placeholders: readonly string[];
}

const DRIVER = { driver: 'mysql' } as const;
const id = (name: string): string => identifier(name, DRIVER);

/** Reads the names of all tables, and the definitions of everything else, as SQL. */
export async function readCode(sql: Sql, database: string): Promise<Code> {
  const listed = await sql.rows(listing(database));
  const named = listed.map(([kind = '', name = '', type = '']) => ({ kind, name, type }));
  const tables = named.filter(({ kind }) => kind === 'table').map(({ name }) => name);
  const found = KINDS.flatMap((kind) => named.filter((item) => item.kind === kind).map((item) => ({ ...item, kind })));
  if (found.length === 0) return { tables, pieces: [], placeholders: [] };
  // sql_mode decides how names are quoted.
  const shown = ["SET sql_mode='';", ...found.map(({ type, name }) => `SHOW CREATE ${type} ${id(name)};`)].join('\n');
  const definitions = await sql.rows(shown, { database });
  const pieces = found.map((item, at) => pieceOf(item, definitions[at] ?? [], database));
  return { tables, pieces, placeholders: placeholdersOf(named) };
}

/** A query for the kinds, names and types of everything in a database. */
export const listing = (database: string): string => {
  const name = literal(database, DRIVER);
  return `SELECT IF(TABLE_TYPE LIKE '%VIEW', 'view', 'table'), TABLE_NAME, 'VIEW' FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${name} ORDER BY TABLE_NAME;
SELECT 'routine', ROUTINE_NAME, ROUTINE_TYPE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${name} ORDER BY ROUTINE_TYPE, ROUTINE_NAME;
SELECT 'trigger', TRIGGER_NAME, 'TRIGGER' FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${name} ORDER BY ACTION_ORDER, TRIGGER_NAME;
SELECT 'event', EVENT_NAME, 'EVENT' FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${name} ORDER BY EVENT_NAME;
SELECT 'column', c.TABLE_NAME, c.COLUMN_NAME FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)
WHERE TABLE_SCHEMA = ${name} AND TABLE_TYPE LIKE '%VIEW' ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION;`;
};

/** Where SHOW CREATE has the statement, the mode, the collation and the time zone. */
const places = {
  view: { statement: 1, collation: 3 },
  trigger: { mode: 1, statement: 2, collation: 4 },
  routine: { mode: 1, statement: 2, collation: 4 },
  event: { mode: 1, zone: 2, statement: 3, collation: 5 },
} as const satisfies Record<Kind, object>;

function pieceOf({ kind, type, name }: Pick<Piece, 'kind' | 'type' | 'name'>, row: readonly string[], database: string): Piece {
  const place: { statement: number; collation: number; mode?: number; zone?: number } = places[kind];
  const statement = row[place.statement] ?? 'NULL';
  if (statement === 'NULL')
    throw new DnxError('failed', `The local account cannot read the definition of the ${type.toLowerCase()} '${name}' in ${database}.`, {
      hint: 'Use an account that can, such as root.',
    });
  const collation = /^\w+$/.exec(row[place.collation] ?? '')?.[0];
  const settings = [
    `sql_mode = ${quotedText(place.mode === undefined ? '' : (row[place.mode] ?? ''))}`,
    ...(collation ? [`collation_connection = ${collation}`] : []),
    ...(place.zone === undefined ? [] : [`time_zone = ${quotedText(row[place.zone] ?? 'SYSTEM')}`]),
  ];
  const definition = kind === 'view' ? withoutDatabase(statement, id(database)).replace(/^CREATE /, 'CREATE OR REPLACE ') : statement;
  return { kind, type, name, statement: definition, settings: `SET ${settings.join(', ')}` };
}

const quotedText = (value: string): string => `'${value.replaceAll("'", "''")}'`;

function placeholdersOf(named: readonly { readonly kind: string; readonly name: string; readonly type: string }[]): readonly string[] {
  const columns = new Map<string, string[]>();
  for (const { kind, name, type } of named) if (kind === 'column') columns.set(name, [...(columns.get(name) ?? []), `1 AS ${id(type)}`]);
  return [...columns].map(([view, list]) => `CREATE OR REPLACE VIEW ${id(view)} AS SELECT ${list.join(', ')}`);
}

/** A script for the client that creates the code of a database anew, after it removed what has the same names, and what is obsolete. */
export function creatingCode({ pieces, placeholders }: Code, obsolete: readonly Piece[] = []): string {
  const removed = [...obsolete, ...pieces].map(({ type, name }) => `DROP ${type} IF EXISTS ${id(name)}`);
  const [routines, others] = [pieces.filter(({ kind }) => kind === 'routine'), pieces.filter(({ kind }) => kind !== 'routine')];
  const created = (some: readonly Piece[]) => some.flatMap(({ settings, statement }) => [settings, statement]);
  return scriptOf(['SET NAMES utf8mb4', ...removed, ...created(routines), "SET sql_mode = ''", ...placeholders, ...created(others)]);
}

/** Statements that remove views and triggers, which do not move with tables. */
export const removing = ({ pieces }: Code, database: string): readonly string[] =>
  pieces.filter(isTied).map(({ type, name }) => `DROP ${type} IF EXISTS ${id(database)}.${id(name)};`);

const DEFINER = /^(CREATE (?:OR REPLACE )?(?:ALGORITHM=\w+ )?DEFINER=)`(?:[^`]|``)*`@`(?:[^`]|``)*`/;

/** The same code, which belongs to another account. */
export const ownedBy = (code: Code, account: string): Code => ({
  ...code,
  pieces: code.pieces.map((piece) => ({
    ...piece,
    statement: piece.statement.replace(DEFINER, (_, start: string) => `${start}${account}`),
  })),
});

/** Only the code that moving the tables takes away. */
export const tied = (code: Code): Code => ({ ...code, pieces: code.pieces.filter(isTied) });

const isTied = ({ kind }: Piece): boolean => kind === 'view' || kind === 'trigger';

/** Ends statements with a word that none contains, because those of routines have semicolons. The client allows 15 characters. */
function scriptOf(statements: readonly string[]): string {
  if (statements.length === 0) return '';
  const all = statements.join('\n');
  let end: string;
  do end = `~${randomBytes(6).toString('hex')}~`;
  while (all.includes(end));
  return `DELIMITER ${end}\n${statements.map((statement) => `${statement}\n${end}\n`).join('')}DELIMITER ;\n`;
}
