import { DnxError, isError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { TokenFile } from '../../machine/credentials/token-file.ts';
import type { HeldToken } from '../../machine/credentials/tokens.ts';
import { type Fresh, mayHaveActed, mint, undelivered } from './mint.ts';
import type { Token } from './token.ts';

type Needs = Pick<Context, 'api' | 'tokens'>;

/** A new token in place of an old one, and whose it is. */
export interface Replacement {
  readonly fresh: Fresh;
  readonly abilities: readonly string[];
  readonly user: string | undefined;
  readonly old: Token;
  /** Where the new token goes besides. */
  readonly file: TokenFile | undefined;
}

/** Creates and checks a token with the old one's name. */
export async function replacement(
  { api }: Pick<Needs, 'api'>,
  old: Token,
  { abilities, file }: Pick<Replacement, 'abilities' | 'file'>,
): Promise<Replacement> {
  // `*` is not in the vocabulary: without a list, the API grants everything.
  const body = { name: old.name, abilities: abilities.includes('*') ? undefined : abilities };
  const fresh = await mint(api, body).catch((error: unknown) => {
    file?.discard();
    const what = mayHaveActed(error) ? 'A new token may have been created' : 'No new token was created';
    throw prefixed(error, `${what}. ${stillWorks(old)}\n`);
  });
  try {
    const { data } = await api.as(fresh.plain).send('GET /user');
    const user = isObject(data) && typeof data.email === 'string' ? data.email : undefined;
    return { fresh, abilities, user, old, file };
  } catch (error) {
    file?.discard();
    throw await undelivered(api, fresh, 'The new token could not be checked', error, ` ${stillWorks(old)}`);
  }
}

/** Stores the new token where the old one is stored. */
export async function storeInstead(
  { tokens, api }: Needs,
  { fresh, abilities, user, old, file }: Replacement,
  { source }: HeldToken,
): Promise<void> {
  try {
    await tokens.store(fresh.plain, { ...(user && { user }), abilities }, { insecure: source === 'file' });
  } catch (error) {
    file?.discard();
    throw await undelivered(api, fresh, 'The new token could not be stored', error, ` ${stillWorks(old)}`);
  }
}

/** Revokes the old token, once the new one is where it is used. */
export async function revokeOld({ api }: Pick<Needs, 'api'>, { old, fresh }: Pick<Replacement, 'old' | 'fresh'>): Promise<void> {
  const id = wordOf(old.id);
  await api
    .as(fresh.plain)
    .send('DELETE /tokens/{token}', { token: id })
    .catch((error: unknown) => {
      if (!isError(error)) throw error;
      if (error.code === 'not_found') return;
      const state = mayHaveActed(error) ? 'may still work' : 'still works';
      throw prefixed(
        error.withHint(undefined, { command: ['token', 'revoke', id], why: 'Revoke it with' }),
        `The new token ${wordOf(old.name)} is in place, but the old one (id ${id}) ${state}: `,
      );
    });
}

/** Which token still works, as a sentence. */
export const stillWorks = ({ name, id }: Token): string => `The old token ${wordOf(name)} (id ${wordOf(id)}) still works.`;

/** The same failure, after a sentence about what exists now. */
function prefixed(error: unknown, sentence: string): unknown {
  if (!isError(error)) return error;
  const { code, message, hint, next, status, errors } = error;
  return new DnxError(code, `${sentence}${message}`, { hint, next, status, errors, cause: error });
}
