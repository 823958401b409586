import { DnxError, isError } from '../../base/errors.ts';
import type { TypedLine } from '../../cli/language/command.ts';
import type { BaseContext } from '../../cli/run/context.ts';
import { LEASE_OVER } from '../../machine/lease.ts';
import { hostName } from '../../machine/settings/host.ts';
import type { Env } from '../../machine/world.ts';
import { abilitiesFor, askedBy } from '../token/abilities/arithmetic.ts';

/** The advice for a rejected DNX_TOKEN. */
export const setAnother = 'Set another token, or unset it to use your stored sign-in.';

/** Replaces the advice for a rejected DNX_TOKEN: signing in would not help, because the variable overrides stored tokens. */
export function withVariable(error: DnxError, env: Env, { host, session }: BaseContext['settings']): DnxError {
  const { status, cause } = error;
  const advised = error.next.some(({ command }) => command[0] === 'login');
  if (!advised || !env.DNX_TOKEN?.trim()) return error;
  return new DnxError('unauthenticated', `DNX_TOKEN was rejected by ${hostName(host)}. ${session ? LEASE_OVER : setAnother}`, {
    status,
    reason: 'token_rejected',
    cause,
  });
}

/** Adds to a 403 the command that gets the abilities for the whole command line: `auth refresh`, or `token create` with DNX_TOKEN. */
export function withAbilities(error: unknown, line: TypedLine, { settings: { server, site, session }, tokens, world }: BaseContext) {
  if (!isError(error, 'forbidden') || error.lacks === undefined) return error;
  if (session) return error.withHint(`To allow it, start the session with: --ability ${error.lacks}`);
  const { asked } = askedBy({ ...line, defaults: { server, site } });
  const needs = [...new Set([...abilitiesFor(asked).map(({ ability }) => ability), error.lacks])];
  const flags = (abilities: readonly string[]) => abilities.flatMap((ability) => ['--ability', ability]);
  if (world.env.DNX_TOKEN?.trim())
    return error.withHint(undefined, { command: ['token', 'create', 'NAME', ...flags(needs)], why: 'Create a token that can do this' });
  const known = tokens.known?.abilities ?? [];
  const missing = needs.filter((ability) => ability === error.lacks || !known.includes(ability));
  return error.withHint(undefined, { command: ['auth', 'refresh', ...flags(missing)], why: 'Add it to your token' });
}
