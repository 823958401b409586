import {
  type Alias,
  type Document,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  visit,
  YAMLMap,
  YAMLSeq,
} from 'yaml';
import { writeNode, type YamlStyle } from './yaml.ts';

type Item = Node | Pair<Node, Node | null>;
type Items = YAMLMap<Node, Node | null> | YAMLSeq<Node>;

type Path = readonly (string | number)[];

/** What stands in a list for an item that was removed, so that the others keep their indexes. */
const REMOVED = new Scalar(null);

/** Removes a value from a document that is edited. */
export function removeIn(document: Document, path: Path): void {
  const parent = document.getIn(path.slice(0, -1), true);
  if (isSeq(parent)) parent.items[Number(path.at(-1))] = REMOVED;
  else document.deleteIn(path);
}

/** Sets a value in a document that is edited. A key on the way that has none becomes a map. */
export function setIn(document: Document, path: Path, value: unknown): void {
  for (let at = 1; at < path.length; at++) {
    const parent = path.slice(0, at);
    if (document.hasIn(parent) && !isCollection(document.getIn(parent, true))) document.setIn(parent, document.createNode({}));
  }
  // A scalar keeps its anchor.
  const isText = typeof value !== 'object' && isScalar(document.getIn(path, true));
  document.setIn(path, isText ? value : document.createNode(value));
}

/** Adds a value at the end of a list in a document that is edited. */
export function addIn(document: Document, path: Path, value: unknown): void {
  if (isSeq(document.getIn(path, true))) document.addIn(path, document.createNode(value));
  else setIn(document, path, [value]);
}

/**
 * Edits a YAML or JSON document that has no errors, by its nodes. What is not edited stays as it is in the text, to the byte. While it is
 * edited, every alias is a value of its own; it is an alias again if both are still the same.
 */
export function editYaml(text: string, edit: (document: Document) => void): string {
  const document = parseDocument(text, { schema: 'failsafe', keepSourceTokens: true, logLevel: 'silent' }) as Document;
  const root = document.contents;
  const [from = text.length, to = from] = root?.range ?? [];
  const before = new Map<unknown, readonly Slot[]>();
  visit(document, {
    Collection(_, node, ancestors) {
      before.set(node, (node.items as Item[]).map(slotOf));
      // Brackets with nothing in them are no style.
      const isInFlow = ancestors.some((ancestor) => isCollection(ancestor) && ancestor.flow);
      if (node.items.length === 0 && !isInFlow) Object.assign(node, { range: undefined, flow: false });
    },
  });
  const splices: Splice[] = [];
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const editor: Editor = {
    text,
    before,
    style: { isJson: /^\s*[{[]\s*"/.test(text), indent: indentOf(text, root) },
    splice: (from, to, part) => void splices.push([from, to, part.replaceAll('\n', eol)]),
  };
  const restoreAliases = openAliases(document);
  if (!isCollection(root)) document.contents = document.createNode({}) as never;
  edit(document);
  restoreAliases();
  const contents = document.contents as unknown as Items;
  if (hasKept(editor, contents)) editItems(editor, contents);
  else if (root !== document.contents || !isUntouched(editor, contents)) replaceRoot(editor, [from, to], contents);
  return spliced(text, splices);
}

/** An item as it was before the edits. */
interface Slot {
  readonly item: Item;
  readonly value: Node | null;
  /** Of the value: the offsets of its first character, and after its last one. */
  readonly range: readonly [from: number, to: number];
}

function slotOf(item: Item): Slot {
  const value = isPair(item) ? item.value : item;
  const [from, to] = value?.range ?? [0, 0];
  return { item, value, range: [from, to] };
}

type Splice = readonly [from: number, to: number, part: string];

interface Editor {
  readonly text: string;
  readonly before: ReadonlyMap<unknown, readonly Slot[]>;
  readonly style: YamlStyle;
  /** Replaces the text between two offsets. */
  readonly splice: (...splice: Splice) => void;
}

function spliced(text: string, splices: readonly Splice[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const [from, to, part] of splices.toSorted(([one], [other]) => one - other)) {
    parts.push(text.slice(at, from), part);
    at = Math.max(at, to);
  }
  return [...parts, text.slice(at)].join('');
}

const PLAIN = { anchor: undefined, comment: undefined, commentBefore: undefined, spaceBefore: undefined };

/** Puts a copy of its value in the place of every alias. What it returns puts back each alias whose copy is still like its value. */
function openAliases(document: Document): () => void {
  const copies = new Map<unknown, { readonly alias: Alias; readonly source: Node }>();
  visit(document, {
    Alias(_, alias) {
      const source = alias.resolve(document) as Node;
      const copy = source.clone() as Node;
      visit(copy, { Value: (_key, node) => void Object.assign(node, PLAIN) });
      copies.set(copy, { alias, source });
      return copy;
    },
  });
  return () => {
    const texts = new Map([...copies].flatMap(([copy, { source }]) => [copy, source].map((node) => [node, JSON.stringify(node)])));
    const holders = new Map<unknown, unknown>();
    visit(document, {
      Value(_, node) {
        const { alias, source } = copies.get(node) ?? {};
        const holder = holders.get(source ?? node);
        if (alias && holder && texts.get(holder) === texts.get(node)) return alias;
        if (holder === undefined) holders.set(source ?? node, node);
        // The value itself was removed.
        if (alias && holder === undefined) (node as Scalar).anchor = alias.source;
        return undefined;
      },
    });
  };
}

const startOf = (item: Item): number => (isPair(item) ? item.key : item).range?.[0] ?? 0;

const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;
const nextLine = (text: string, at: number): number => text.indexOf('\n', at) + 1 || text.length;
const columnOf = (text: string, at: number): number => at - lineStart(text, at);

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : text[end - 1] === '\r' ? end - 1 : end;
}

/** The indent of the line of an item. */
const indentAt = (text: string, item: Item): string => /^[ \t]*/.exec(text.slice(lineStart(text, startOf(item))))?.[0] ?? '';

/** By how many spaces a file indents. */
function indentOf(text: string, contents: unknown): number {
  const inner = isMap<Node, Node>(contents)
    ? contents.items.map(({ value }) => value).find((member) => isMap(member) && !member.flow)
    : undefined;
  const [first] = isMap<Node, Node>(inner) ? inner.items : [];
  return first ? Math.max(columnOf(text, startOf(first)), 1) : 2;
}

/** Before the edits: after the last character of an item that is neither a comment nor a blank. */
function endOf(editor: Editor, { item, value, range: [from, to] }: Slot): number {
  const { text, before } = editor;
  const last = isCollection(value) && !value.flow ? before.get(value)?.at(-1) : undefined;
  if (last) return endOf(editor, last);
  if (from === to && isPair(item)) return headOf(item).end;
  // The blank lines after `|+` are text.
  return /^[|>]\d?\+/.test(text.slice(from, to)) ? to - 1 : text.slice(0, to).trimEnd().length;
}

/** Where the colon of a key ends, if it has one, and the anchor of its value. */
function headOf({ key, srcToken }: Pair<Node, unknown>) {
  const tokenEnd = (wanted: string) =>
    srcToken?.sep?.flatMap(({ type, offset, source }) => (type === wanted ? [offset + source.length] : []))[0];
  const colon = tokenEnd('map-value-ind');
  const start = colon ?? key.range?.[1] ?? 0;
  return { hasColon: colon !== undefined, start, end: tokenEnd('anchor') ?? start };
}

/** What became of the items of a collection. */
function itemsOf({ before }: Editor, collection: Items) {
  const slots = before.get(collection) ?? [];
  const items = collection.items as readonly Item[];
  const present = new Set(items);
  const isKept = ({ item }: Slot, at: number) => (isPair(item) ? present.has(item) : items[at] !== REMOVED);
  const known = new Set(slots.map(({ item }) => item));
  const added = isMap(collection) ? items.filter((item) => !known.has(item)) : items.slice(slots.length);
  return { slots, kept: new Set(slots.filter(isKept)), added };
}

const hasKept = (editor: Editor, collection: Items): boolean => itemsOf(editor, collection).kept.size > 0;

/** True for a value that is as it was. Items may have been edited. */
const isUntouched = ({ before }: Editor, value: Node | null): boolean =>
  isCollection(value) ? value.items.length + (before.get(value)?.length ?? 0) === 0 : !isScalar(value) || value.value === value.source;

function editItems(editor: Editor, collection: Items): void {
  const { text, splice } = editor;
  const { slots, kept, added } = itemsOf(editor, collection);
  const isFlow = collection.flow === true;
  for (const [at, slot] of slots.entries()) {
    const value = isPair(slot.item) ? slot.item.value : (collection.items[at] as Node);
    if (!kept.has(slot)) removeItem(editor, slots, at, { kept, isFlow });
    else if (value === slot.value && isCollection(value) && hasKept(editor, value as Items)) editItems(editor, value as Items);
    else if (value !== slot.value || !isUntouched(editor, value)) setValue(editor, slot, bare(value), isFlow);
  }
  const last = slots.findLast((slot) => kept.has(slot));
  if (!last || added.length === 0) return;
  const end = lineEnd(text, endOf(editor, last));
  if (isFlow) addInline(editor, slots, last, added);
  else splice(end, end, `\n${indented(write(editor, ofItems(added)), columnOf(text, collection.range?.[0] ?? 0))}`);
}

/** Gives an item another value. */
function setValue(editor: Editor, slot: Slot, value: Node, isFlow: boolean): void {
  const { text, style, splice } = editor;
  const { item, value: before, range } = slot;
  const [from, to] = range;
  const end = endOf(editor, slot);
  const isBlock = isCollection(value) && !value.flow && !isFlow && !style.isJson && value.items.some((member) => member !== REMOVED);
  if (!isPair(item) || (isScalar(value) && isScalar(before) && from < to)) {
    splice(from, end, isBlock ? indented(write(editor, value), columnOf(text, from)).trimStart() : inline(editor, value));
    return;
  }
  const { hasColon, start, end: anchorEnd } = headOf(item);
  const anchor = isCollection(value) && value.anchor ? ` &${value.anchor}` : '';
  const isBelow = !isFlow && from < to && text.slice(anchorEnd, from).includes('\n');
  splice(start, isBelow ? anchorEnd : end, `${hasColon ? '' : ':'}${isBlock ? anchor : ` ${inline(editor, value)}`}`);
  if (isBelow) splice(lineStart(text, from), nextLine(text, end), '');
  if (!isBlock) return;
  const at = lineEnd(text, isBelow ? anchorEnd : end);
  splice(at, at, `\n${indented(write(editor, Object.assign(value, { anchor: undefined })), columnOf(text, startOf(item)) + style.indent)}`);
}

interface Removal {
  readonly kept: ReadonlySet<Slot>;
  readonly isFlow: boolean;
}

function removeItem(editor: Editor, slots: readonly Slot[], at: number, { kept, isFlow }: Removal): void {
  const { text, splice } = editor;
  const slot = slots[at] as Slot;
  const [start, end] = [startOf(slot.item), endOf(editor, slot)];
  const [before, after] = [text.slice(lineStart(text, start), start), text.slice(end, lineEnd(text, end))];
  const isAlone = isFlow ? /^\s*(,\s*)?(#.*)?$/.test(after) : isPair(slot.item) || /^ *-/.test(before);
  const isOnLine = isAlone && (isPair(slot.item) || isFlow ? /^[ \t]*$/ : /^ *- *(&\S+ +)?$/).test(before);
  const previous = slots[at - 1];
  const next = slots.slice(at).find((other) => kept.has(other));
  const isFirst = !slots.slice(0, at).some((other) => kept.has(other));
  if (isOnLine) splice(lineStart(text, start), nextLine(text, end), '');
  else if (next && isFirst) splice(start, startOf(next.item), '');
  else if (previous) splice(endOf(editor, previous), end, '');
  if (!isOnLine || !isFlow || next || !previous) return;
  const comma = endOf(editor, previous);
  splice(comma, comma + (/^\s*,/.exec(text.slice(comma))?.[0].length ?? 0), '');
}

function addInline(editor: Editor, slots: readonly Slot[], last: Slot, added: readonly Item[]): void {
  const { text, splice } = editor;
  const at = endOf(editor, last);
  const first = slots[0]?.item as Item;
  const isOnLines = text.slice(lineStart(text, startOf(first)), startOf(first)).trim() === '';
  const [rest = '', comma, comment] = /^(\s*,)?[ \t]*(#.*)?/.exec(text.slice(at)) ?? [];
  const hasComma = comma !== undefined && last === slots.at(-1);
  const end = hasComma || comment ? at + rest.length : at;
  if (!hasComma) splice(at, at, ',');
  const gap = isOnLines ? `\n${indentAt(text, first)}` : ' ';
  splice(end, end, `${gap}${added.map((item) => inline(editor, item)).join(`,${gap}`)}${hasComma ? ',' : ''}`);
}

/** Replaces a document that has nothing in it, or nothing else than what is added. */
function replaceRoot(editor: Editor, [from, to]: Slot['range'], contents: Items): void {
  const { text, splice } = editor;
  const part = write(editor, ofItems(contents.items));
  const end = text.slice(from, to).trimEnd().length + from;
  if (from !== end) splice(from, end, part);
  else if (columnOf(text, from) === 0) splice(from, from, `${part}\n`);
  else splice(lineEnd(text, from), lineEnd(text, from), `\n${part}${lineEnd(text, from) === text.length ? '\n' : ''}`);
}

/** An item as it stands between brackets. */
const inline = (editor: Editor, item: Item): string =>
  write(editor, Object.assign(ofItems([item]), { flow: true }))
    .slice(1, -1)
    .trim();

const ofItems = (items: readonly Item[]): Items =>
  Object.assign(isPair(items[0]) || items.length === 0 ? new YAMLMap() : new YAMLSeq(), { items: [...items] }) as Items;

/** A value without its comments, which stay where they are. */
function bare(value: Node | null): Node {
  if (!isCollection(value)) return Object.assign(new Scalar(isScalar(value) ? value.value : ''), isScalar(value) && { type: value.type });
  const { items, flow, anchor } = value;
  return Object.assign(isMap(value) ? new YAMLMap() : new YAMLSeq(), { items, flow, anchor });
}

function write({ style }: Editor, node: Node): string {
  visit(node, { Seq: (_, { items }) => void items.splice(0, items.length, ...items.filter((item) => item !== REMOVED)) });
  if (style.isJson && isCollection(node)) node.flow = true;
  return writeNode(node, style);
}

const indented = (lines: string, column: number): string => lines.replaceAll(/^(?=.)/gm, ' '.repeat(column));
