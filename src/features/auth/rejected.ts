import type { DnxError } from '../../base/errors.ts';
import type { Env } from '../../machine/world.ts';

/** Where DNX_TOKEN was rejected, signing in again would change nothing. */
export function withVariable(error: DnxError, env: Env): DnxError {
  const advised = error.next.some(({ command }) => command[0] === 'login');
  if (!advised || !env.DNX_TOKEN?.trim()) return error;
  return error.withHint('It is the token in DNX_TOKEN. Set DNX_TOKEN to a token that works, or unset it to use the stored one.');
}
