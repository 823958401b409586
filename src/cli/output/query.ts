import { type DnxError, usage } from '../../base/errors.ts';

const library = () => import('@jmespath-community/jmespath');

/** What a JMESPath expression finds in the data. */
export async function queried(data: unknown, query: string | undefined): Promise<unknown> {
  if (query === undefined) return data;
  const { search } = await library();
  try {
    return search(data as Parameters<typeof search>[0], query);
  } catch (cause) {
    throw invalid(cause);
  }
}

/** Refuses an expression that is not JMESPath. */
export async function checkQuery(query: string): Promise<void> {
  const { compile } = await library();
  try {
    compile(query);
  } catch (cause) {
    throw invalid(cause);
  }
}

const invalid = (cause: unknown): DnxError =>
  usage(`--query is not valid JMESPath: ${(cause as Error).message}`, 'See https://jmespath.org for the language.');
