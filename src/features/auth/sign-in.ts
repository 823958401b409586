import { isError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';

/** The context of a sign-in. `tokens` are those of `host`. */
export interface SignIn extends Pick<Context, 'api' | 'ask' | 'progress' | 'tokens' | 'tree' | 'world'> {
  readonly host: string;
  readonly insecure: boolean;
  /** The words after `dnx` that sign in the same way. */
  readonly command: readonly string[];
}

/** A token to store. `abilities` is undefined if they are unknown, or all of them. */
interface ToStore {
  readonly token: string;
  readonly user: string | undefined;
  readonly abilities: readonly string[] | undefined;
}

/** The hint if the plan has no API access. */
export const PLAN = 'API access requires the Professional or Enterprise plan. An owner can upgrade in the dashboard.';

/** What to do without a password. */
export const WITHOUT_PASSWORD = 'With GitHub, SSO or 2FA, use a token of the dashboard: dnx login --with-token';

/** Checks a token before it is stored. Resolves to its user. */
export async function checkToken({ api, host }: Pick<SignIn, 'api' | 'host'>, token: string): Promise<string | undefined> {
  const { data } = await api
    .as(token, host)
    .send('GET /user')
    .catch((error: unknown) => {
      if (isError(error, 'forbidden')) throw error.withHint(`Nothing was stored. ${PLAN}`);
      throw isError(error, 'unauthenticated') ? error.withHint('Nothing was stored.') : error;
    });
  return isObject(data) ? wordOf(data.email ?? data.name) || undefined : undefined;
}

/** Stores the token of a sign-in. */
export async function storeSignIn(at: SignIn, { token, user, abilities }: ToStore): Promise<void> {
  const { tokens, insecure } = at;
  await tokens.store(token, { ...(user && { user }), ...(abilities && { abilities }) }, { insecure }).catch((error: unknown) => {
    throw withAlternatives(error, at);
  });
}

/** Adds to a keychain error how to do without a keychain. */
export function withAlternatives(error: unknown, { insecure, command }: Pick<SignIn, 'insecure' | 'command'>): unknown {
  if (!isError(error, 'failed') || insecure) return error;
  return error.withHint('Nothing was stored. Set DNX_TOKEN, or store the token in a file that only you can read.', {
    command: [...command, '--insecure-storage'],
    why: 'Run',
  });
}
