import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import { attempt, type DnxError, usage } from '../../base/errors.ts';
import { visible } from '../../base/text.ts';
import type { Position } from './model.ts';

/** A state file that was parsed. Every scalar is a string, as it was typed: `8.10` and `010` stay what they are. */
export interface Source {
  readonly name: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** A value of a file. */
export interface Value {
  readonly source: Source;
  /** Its key, or that of its list. */
  readonly key: string;
  /** What errors call it. */
  readonly name: string;
  /** What an alias stands for. Null without a value. */
  readonly node: Node | null;
  /** Where the value and its key start. An item of a list has no key of its own. */
  readonly start: number;
  readonly keyStart: number;
}

const MOST_ALIASES = 100;
const DEEPEST = 8;
const TOO_DEEP = `This is nested more than ${DEEPEST} levels deep`;
/** How deep a file may be nested before it is parsed: beyond, the parser runs out of memory. */
const DEEPEST_SYNTAX = 64;

/** Parses YAML or JSON of which nothing runs, repeats itself or is read in two ways. */
export function parseSource(text: string, name: string): Value {
  const damaged = text.search(/[\0\ufffd]/);
  const lines = new LineCounter();
  refuseDepth(text, name);
  // It throws only if it runs out of stack.
  const document = attempt(() => parseDocument(text, { schema: 'failsafe', uniqueKeys: false, logLevel: 'error', lineCounter: lines }));
  if (!document) throw usage(`${name}:1:1: ${TOO_DEEP}.`);
  const source = { name, document, lines };
  if (damaged >= 0) throw wrongIn(source, damaged, text[damaged] === '\0' ? 'A NUL character is not text.' : 'This is not text in UTF-8.');
  const [error] = document.errors;
  // What follows may quote a value.
  const said = error?.message.split(/ at line \d|\n|: "/)[0];
  const isDeep = said?.startsWith('Maximum call stack');
  const reason = error?.code === 'MULTIPLE_DOCS' ? 'A state file is one document' : isDeep ? TOO_DEEP : said;
  if (error) throw wrongIn(source, error.pos[0], `${visible(reason ?? 'This is not YAML')}.`);
  requirePlain(source);
  return { source, key: '', name: 'the file', ...nodeOf(source, document.contents), keyStart: 0 };
}

const startOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;

const nodeOf = (source: Source, node: unknown): Pick<Value, 'node' | 'start'> => ({
  node: (isAlias(node) ? node.resolve(source.document) : (node as Node | null)) ?? null,
  start: startOf(node),
});

/** Where something starts in a file. */
export function positionAt({ lines }: Source, start: number): Position {
  const { line, col } = lines.linePos(start);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** `deploynix.yml:12:5`, which editors open. */
export const positionIn = ({ name }: { readonly name: string }, { line, column }: Position): string => `${name}:${line}:${column}`;

const wrongIn = (source: Source, start: number, message: string, hint?: string): DnxError =>
  usage(`${positionIn(source, positionAt(source, start))}: ${message}`, hint);

/** The error for a value: `deploynix.yml:12:5: …`. */
export const wrongValue = ({ source, start }: Value, message: string, hint?: string): DnxError => wrongIn(source, start, message, hint);

/** The error for the key of a value. */
export const wrongKey = ({ source, keyStart }: Value, message: string, hint?: string): DnxError => wrongIn(source, keyStart, message, hint);

/** The members of a map. `wanted`: what else there may be. */
export function membersOf(value: Value, wanted = 'a map'): readonly Value[] {
  const { source, node } = value;
  if (!isMap(node)) throw wrongShape(value, wanted);
  return node.items.map((pair) => {
    const [key, { node }] = [textIn(pair.key), nodeOf(source, pair.value)];
    return { source, key, name: key, node, start: startOf(pair.value ?? pair.key), keyStart: startOf(pair.key) };
  });
}

/** The items of a list. */
export function itemsOf(value: Value, wanted = 'a list'): readonly Value[] {
  const { node, source } = value;
  if (!isSeq(node)) throw wrongShape(value, wanted);
  return node.items.map((item) => ({ ...value, ...nodeOf(source, item), keyStart: startOf(item) }));
}

/** The error for a value of another shape. */
export const wrongShape = (value: Value, wanted: string): DnxError =>
  wrongValue(value, `${visible(value.name)} must be ${wanted}, and is ${shapeOf(value)}.`);

const shapeOf = ({ node }: Value): string => (isMap(node) ? 'a map' : isSeq(node) ? 'a list' : isEmpty({ node }) ? 'empty' : 'a value');

const textIn = (node: unknown): string => (isScalar(node) ? String(node.value) : '');

/** True for nothing at all, and for a plain `null` or `~`. */
export const isEmpty = ({ node }: Pick<Value, 'node'>): boolean =>
  node === null || (isScalar(node) && node.type === 'PLAIN' && /^(|~|null|Null|NULL)$/.test(textIn(node)));

/** The text of a value without quotes. */
export const plainText = ({ node }: Value): string | undefined => (isScalar(node) && node.type === 'PLAIN' ? textIn(node) : undefined);

/** True for a value alone, and not `{ text: … }`. */
export const isBare = ({ node }: Value): boolean => isScalar(node);

/** True for `{ text: … }`, a value that is not read as a reference. */
export const isText = ({ node }: Value): boolean => isMap(node) && node.items.length === 1 && textIn(node.items[0]?.key) === 'text';

/** The text of a value, as it was typed. */
export function textOf(value: Value): string {
  const [inner = value] = isText(value) ? membersOf(value) : [value];
  if (!isScalar(inner.node)) throw wrongShape({ ...value, node: inner.node }, 'a value');
  if (plainText(inner) === '') throw wrongKey(value, `${visible(value.name)} has no value.`, "Write '' for an empty one.");
  return textIn(inner.node);
}

function refuseDepth(text: string, name: string): void {
  let [flow, row, line] = [0, 0, 1];
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') flow += 1;
    else if (token === ']' || token === '}') flow = Math.max(0, flow - 1);
    else if (token === '-' || token === '?') row += 1;
    else if (token.trim() !== '' || token.includes('\n')) row = 0;
    if (flow + row > DEEPEST_SYNTAX) throw usage(`${name}:${line}:1: ${TOO_DEEP}.`);
    for (let at = token.indexOf('\n'); at >= 0; at = token.indexOf('\n', at + 1)) line += 1;
  }
}

/** Refuses what YAML has and a state file does not need, wherever it stands. */
function requirePlain(source: Source): void {
  let aliases = 0;
  const wrong = (node: Node, message: string, hint?: string) => wrongIn(source, startOf(node), message, hint);
  visit(source.document, {
    Node(_, node, path) {
      if (isAlias(node) && ++aliases > MOST_ALIASES) throw wrong(node, `A state file has at most ${MOST_ALIASES} aliases.`);
      if (isAlias(node) && !node.resolve(source.document)) throw wrong(node, `There is no '&${visible(node.source)}' before this alias.`);
      if (!isAlias(node) && node.tag) throw wrong(node, `A state file has no tags (${visible(node.tag)}).`, 'Write the value without it.');
      if (isCollection(node) && path.filter(isCollection).length >= DEEPEST) throw wrong(node, `${TOO_DEEP}.`);
      if (isMap(node)) requireKeys(source, node.items);
    },
  });
}

function requireKeys(source: Source, items: readonly Pair[]): void {
  const seen = new Map<string, unknown>();
  for (const { key } of items) {
    const wrong = (message: string, hint?: string) => wrongIn(source, startOf(key), message, hint);
    if (!isScalar(key)) throw wrong('A key must be a word.');
    const text = textIn(key);
    if (text === '<<' && key.type === 'PLAIN')
      throw wrong("A state file has no merges ('<<').", 'Repeat the keys, or use an alias for a value.');
    const first = seen.get(text);
    if (first) throw wrong(`'${visible(text)}' is also in line ${positionAt(source, startOf(first)).line}.`, 'Remove one of them.');
    seen.set(text, key);
  }
}
