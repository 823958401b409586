import { type DnxError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';

/** What an expression of JMESPath is compiled to. */
export interface Node {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly children?: readonly Node[];
  readonly left?: Node;
  readonly right?: Node;
}

/** The ids in what an expression yielded: text, whole numbers, and the `id` of objects. Anything else is refused. */
export function idsIn(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((each: unknown) => (each === null ? [] : [idOf(each)]));
}

function idOf(value: unknown): string {
  const id = isObject(value) ? value.id : value;
  const known = typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint';
  // Each line is one id to whatever reads them.
  if (!known || /[\r\n]/.test(String(id))) throw noIds();
  return String(id);
}

/** The refusal of a yield without ids. */
export const noIds = (): DnxError =>
  usage('-o ids needs ids, and --query yields something else.', 'Yield ids or objects with an id, as in --query "[].id".');

/** False for an expression that yields no ids, whatever the data. */
export function canBeIds(node: Node): boolean {
  if (node.type === 'MultiSelectList') return node.children?.every(canBeId) ?? true;
  if (projections.includes(node.type)) return canBeIn(node.right, canBeId);
  if (node.type === 'Literal') return isIds(node.value);
  return through(node, canBeIds) ?? canBeId(node);
}

/** The same for one of several. */
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

/** What an expression that passes on the value of another comes to; undefined for any other. */
function through(node: Node, can: (node: Node) => boolean): boolean | undefined {
  const { type, left, right } = node;
  if (type === 'Subexpression' || type === 'Pipe') return canBeIn(right, can, left);
  return type === 'AndExpression' || type === 'OrExpression' ? canBeIn(left, can) || canBeIn(right, can) : undefined;
}

/** `given`: what the expression itself is applied to, and is where it selects nothing. */
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
