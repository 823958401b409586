import { type DnxError, usage } from '../../base/errors.ts';
import type { Format } from '../../machine/settings/format.ts';
import { canBeIds, type Node, noIds } from './ids.ts';

const library = () => import('@jmespath-community/jmespath');

/** Applies a JMESPath expression. */
export async function queried(data: unknown, query: string | undefined): Promise<unknown> {
  if (query === undefined) return data;
  const { search } = await library();
  try {
    return search(data as Parameters<typeof search>[0], query);
  } catch (cause) {
    throw usage(`Cannot apply --query to the response: ${(cause as Error).message}`);
  }
}

/** Rejects invalid JMESPath, and expressions whose result the format can never print. */
export async function checkQuery(query: string, format: Format): Promise<void> {
  const { compile, search } = await library();
  let root: Node;
  try {
    root = compile(query) as unknown as Node;
  } catch (cause) {
    throw invalid(cause);
  }
  // The library validates functions only when it runs them.
  for (const { name, children = [] } of functionsIn(root)) {
    try {
      search(null, `${name}(${children.map(() => '`null`').join(', ')})`);
    } catch (cause) {
      if (/^(Unknown function|Invalid arity)/.test((cause as Error).message)) throw invalid(cause);
    }
  }
  if (format === 'ids' && !canBeIds(root)) throw noIds();
}

const functionsIn = (node: unknown): readonly Node[] => {
  if (typeof node !== 'object' || node === null) return [];
  const inside = Object.values(node).flatMap(functionsIn);
  return (node as Node).type === 'Function' ? [node as Node, ...inside] : inside;
};

const invalid = (cause: unknown): DnxError =>
  usage(`--query is not valid JMESPath: ${(cause as Error).message}`, 'See https://jmespath.org');
