import { isError } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Invocation } from '../../../cli/run/invocation.ts';
import { abilitiesFor, askedBy } from './arithmetic.ts';

type Needs = Pick<Context, 'settings' | 'tokens' | 'world'>;

/** Adds to a 403 the command that gets the abilities for the whole command line: `auth refresh`, or `token create` with DNX_TOKEN. */
export function withAbilities(error: unknown, invocation: Invocation, { settings: { server, site }, tokens, world }: Needs): unknown {
  if (!isError(error, 'forbidden') || error.lacks === undefined) return error;
  const { asked } = askedBy(invocation, { server, site });
  const needs = [...new Set([...abilitiesFor(asked).map(({ ability }) => ability), error.lacks])];
  const flags = (abilities: readonly string[]) => abilities.flatMap((ability) => ['--ability', ability]);
  if (world.env.DNX_TOKEN?.trim())
    return error.withHint(undefined, { command: ['token', 'create', 'NAME', ...flags(needs)], why: 'Create a token that can do this' });
  const known = tokens.known?.abilities ?? [];
  const missing = needs.filter((ability) => ability === error.lacks || !known.includes(ability));
  return error.withHint(undefined, { command: ['auth', 'refresh', ...flags(missing)], why: 'Add it to your token' });
}
