import { isError, type Next } from '../../base/errors.ts';
import type { Tokens } from '../../machine/credentials/tokens.ts';

/** Forgets a token after its revocation. A keychain that refuses fails with what was done, as a sentence, and how to finish. */
export async function forgetRevoked(tokens: Pick<Tokens, 'forget'>, sentence: string, finish: Next): Promise<boolean> {
  try {
    return await tokens.forget();
  } catch (error) {
    throw isError(error) ? error.withHint([sentence, error.hint].filter(Boolean).join('\n'), finish, ...error.next) : error;
  }
}
