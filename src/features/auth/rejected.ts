import { DnxError } from '../../base/errors.ts';
import { hostName } from '../../machine/settings/host.ts';
import type { Env } from '../../machine/world.ts';
import { TOKEN_REJECTED } from '../../platform/api/failure.ts';

/** The advice for a rejected DNX_TOKEN. */
export const setAnother = 'Set another token, or unset it to use your stored sign-in.';

/** Replaces the advice for a rejected DNX_TOKEN: signing in would not help, because the variable overrides stored tokens. */
export function withVariable(error: DnxError, env: Env, host: string): DnxError {
  const { message, status, cause } = error;
  const advised = error.next.some(({ command }) => command[0] === 'login');
  if (!advised || !env.DNX_TOKEN?.trim()) return error;
  // `The output is incomplete: ` stays.
  const before = message.slice(0, Math.max(0, message.indexOf(TOKEN_REJECTED)));
  return new DnxError('unauthenticated', `${before}DNX_TOKEN was rejected by ${hostName(host)}. ${setAnother}`, { status, cause });
}
