import { type DnxError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';

/** A node of a compiled JMESPath expression. */
export interface Node {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly children?: readonly Node[];
  readonly left?: Node;
  readonly right?: Node;
}

/** The ids in the result of a query: strings, numbers and the `id` of objects. Throws on anything else. */
export function idsIn(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((each: unknown) => (each === null ? [] : [idOf(each)]));
}

function idOf(value: unknown): string {
  const id = isObject(value) ? value.id : value;
  const known = typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint';
  // Each line is one id.
  if (!known || /[\r\n]/.test(String(id))) throw noIds();
  return String(id);
}

/** The error for a query result without ids. */
export const noIds = (): DnxError =>
  usage('-o ids needs ids, but --query returns something else.', 'Return ids or objects with an id, such as --query "[].id".');

/** False if an expression can never return ids. */
export function canBeIds(node: Node): boolean {
  if (node.type === 'MultiSelectList') return node.children?.every(canBeId) ?? true;
  if (projections.includes(node.type)) return canBeIn(node.right, canBeId);
  if (node.type === 'Literal') return isIds(node.value);
  return through(node, canBeIds) ?? canBeId(node);
}

/** The same for a single element. */
function canBeId(node: Node): boolean {
  switch (node.type) {
    case 'MultiSelectHash':
      return node.children?.some(({ name }) => name === 'id') ?? true;
    case 'Literal':
      return !Array.isArray(node.value) && isIds(node.value);
    case 'MultiSelectList':
    case 'Comparator':
    case 'NotExpression':
      return false;
    default:
      return through(node, canBeId) ?? !projections.includes(node.type);
  }
}

const projections = ['Projection', 'FilterProjection', 'ValueProjection'];

/** The result for an expression that returns the value of another one; undefined for any other. */
function through(node: Node, can: (node: Node) => boolean): boolean | undefined {
  const { type, left, right } = node;
  if (type === 'Subexpression' || type === 'Pipe') return canBeIn(right, can, left);
  return type === 'AndExpression' || type === 'OrExpression' ? canBeIn(left, can) || canBeIn(right, can) : undefined;
}

/** `given`: what the expression is applied to, and returns if it selects nothing. */
function canBeIn(node: Node | undefined, can: (node: Node) => boolean, given?: Node): boolean {
  if (node === undefined) return true;
  const same = node.type === 'Identity' || node.type === 'Current';
  return same && given ? can(given) : can(node);
}

function isIds(value: unknown): boolean {
  try {
    idsIn(value);
    return true;
  } catch {
    return false;
  }
}
