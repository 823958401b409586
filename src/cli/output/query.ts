import { usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';

const library = () => import('@jmespath-community/jmespath');

/** Applies a JMESPath expression. */
export async function queried(data: unknown, query: string): Promise<unknown> {
  const { search } = await library();
  try {
    return search(data as Parameters<typeof search>[0], query);
  } catch (cause) {
    throw usage(`Cannot apply --query to the response: ${(cause as Error).message}`);
  }
}

/** Rejects invalid JMESPath before anything is sent. The library knows its functions only when it runs them. */
export async function checkQuery(query: string): Promise<void> {
  const { compile, search } = await library();
  try {
    for (const { name, children } of functionsIn(compile(query))) {
      try {
        search(null, `${name}(${children.map(() => '`null`').join(', ')})`);
      } catch (cause) {
        if (/^(Unknown function|Invalid arity)/.test((cause as Error).message)) throw cause;
      }
    }
  } catch (cause) {
    throw usage(`--query is not valid JMESPath: ${(cause as Error).message}`, 'See https://jmespath.org');
  }
}

function functionsIn(node: unknown): readonly { readonly name: string; readonly children: readonly unknown[] }[] {
  if (typeof node !== 'object' || node === null) return [];
  const inside = Object.values(node).flatMap(functionsIn);
  return 'type' in node && node.type === 'Function' ? [node as unknown as (typeof inside)[number], ...inside] : inside;
}

/** The ids in the result of a query: strings, numbers and the `id` of objects. Throws on anything else. */
export function queriedIds(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((each: unknown) => (each === null ? [] : [idOf(each)]));
}

function idOf(value: unknown): string {
  const id = isObject(value) ? value.id : value;
  const known = typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint';
  // Each line is one id.
  if (!known || /[\r\n]/.test(String(id)))
    throw usage('-o ids needs ids, but --query returns something else.', 'Return ids or objects with an id, such as --query "[].id".');
  return String(id);
}
