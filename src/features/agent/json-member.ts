import { findNodeAtLocation, getNodeValue, type Node, type ParseError, parseTree } from 'jsonc-parser';
import { usage } from '../../base/errors.ts';

/** A member of an object in a JSON file: `deploynix` in `mcpServers`. */
export interface JsonMember {
  readonly key: string;
  readonly name: string;
  readonly value: unknown;
}

/** The text with this member, which it does not have, in front of the others: no line of the user's changes, comments included. */
export function withMember(text: string, { key, name, value }: JsonMember, file: string): string {
  const { root, object } = parsed(text, key, file);
  // An object that dnx adds is written over several lines, and a member in an empty one on the same line: so `withoutMember` knows which it was.
  return object ? inserted(text, root, object, name, value, false) : inserted(text, root, root, key, { [name]: value }, true);
}

/** A new file with only this member. */
export const fileWithMember = ({ key, name, value }: JsonMember): string => `${pretty({ [key]: { [name]: value } }, '  ')}\n`;

/** The text without what `withMember` added; undefined if nothing would be left of what `fileWithMember` wrote. */
export function withoutMember(text: string, { key, name }: JsonMember, file: string): string | undefined {
  const { root, object } = parsed(text, key, file);
  const member = object && findNodeAtLocation(object, [name])?.parent;
  if (!member) return text;
  if (!isAdded(text, object)) return removed(text, object, member);
  return isAdded(text, root) ? undefined : removed(text, root, object.parent as Node);
}

/** The value of the member; undefined if it is not there. */
export function memberIn(text: string, { key, name }: JsonMember, file: string): unknown {
  const { object } = parsed(text, key, file);
  const node = object && findNodeAtLocation(object, [name]);
  return node && getNodeValue(node);
}

/** The object of a file, and the one in it, if it is there. Refuses what is not an object, and a file that a client could not read. */
function parsed(text: string, key: string, file: string): { readonly root: Node; readonly object: Node | undefined } {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const place = (offset = 0) => `${file}:${text.slice(0, offset).split('\n').length}`;
  if (errors.length > 0 || !root)
    throw usage(`${place(errors[0]?.offset)} is not valid JSON. Nothing was changed.`, 'Fix or remove the file.');
  const object = findNodeAtLocation(root, [key]);
  for (const [node, what] of [
    [root, 'the file'],
    [object, key],
  ] as const)
    if (node && node.type !== 'object')
      throw usage(`${place(node.offset)}: ${what} is not an object. Nothing was changed.`, 'Fix or remove it.');
  return { root, object };
}

/** JSON over several lines, with an array on one line, as people write it. */
const pretty = (value: unknown, indent: string): string =>
  JSON.stringify(value, null, indent).replaceAll(/\[\s+([^\]{]*?)\s+\]/g, (_, items: string) => `[${items.replaceAll(/\s+/g, ' ')}]`);

/** Adds a member right after the `{` of an object. */
function inserted(text: string, root: Node, object: Node, name: string, value: unknown, whole: boolean): string {
  const start = object.offset + 1;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const before = text.slice(start, object.children?.[0]?.offset ?? start);
  const indent = /\n([ \t]*)$/.exec(before)?.[1];
  const unit = indentOf(text, root) ?? '  ';
  const lines = pretty({ [name]: value }, unit)
    .split('\n')
    .slice(1, -1);
  const added =
    indent !== undefined
      ? eol + lines.map((line) => indent + line.slice(unit.length)).join(eol)
      : (/^\s*$/.exec(before)?.[0] ?? ' ') +
        (whole ? lines.map((line) => line.slice(unit.length)).join(eol) : `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `${text.slice(0, start)}${added}${object.children?.length ? ',' : ''}${text.slice(start)}`;
}

/** The indentation of the first member, if it has a line of its own. */
const indentOf = (text: string, { offset, children }: Node): string | undefined =>
  /\n([ \t]+)$/.exec(text.slice(offset + 1, children?.[0]?.offset))?.[1];

/** True for an object with one member, no comment, and a line break after its `{`. */
function isAdded(text: string, { offset, length, children = [] }: Node): boolean {
  const [only, ...others] = children;
  if (!only || others.length > 0) return false;
  const [before, after] = [text.slice(offset + 1, only.offset), text.slice(only.offset + only.length, offset + length - 1)];
  return /^\s*\n\s*$/.test(before) && after.trim() === '';
}

function removed(text: string, { offset, children = [] }: Node, member: Node): string {
  const cut = (from: number, to: number) => text.slice(0, from) + text.slice(to);
  const at = children.indexOf(member);
  const [previous, next] = [children[at - 1], children[at + 1]];
  const [start, end] = [offset + 1, member.offset + member.length];
  const comma = /^\s*,/.exec(text.slice(end))?.[0].length;
  if (previous) return next ? cut(member.offset, next.offset) : cut(previous.offset + previous.length, end);
  if (next && comma === undefined) return cut(member.offset, next.offset);
  return cut(text.slice(start, member.offset).trim() === '' ? start : member.offset, end + (comma ?? 0));
}
