import { isError, isStop } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type View } from '../../cli/output/view.ts';

/** Revokes the token at the API, then forgets it. A token that is dead already is fine; `keep` only forgets. */
export async function logout(
  { api, tokens, settings, progress }: Pick<Context, 'api' | 'tokens' | 'settings' | 'progress'>,
  { keep }: { readonly keep: boolean | undefined },
): Promise<View> {
  const { host, profile } = settings;
  const found = await tokens.find();
  const outcome = (sentence: string, revoked: boolean, forgotten: boolean) => message(sentence, { host, profile, revoked, forgotten });
  if (!found) {
    const forgotten = await tokens.forget();
    return outcome(
      forgotten ? `The token for ${host} was gone already; now it is forgotten.` : `Not signed in to ${host}.`,
      false,
      forgotten,
    );
  }
  let revoked = false;
  if (!keep) {
    try {
      await api.send('POST /logout');
      revoked = true;
    } catch (error) {
      if (isError(error, 'network', 'failed', 'forbidden'))
        throw error.withHint('The token is still stored here.', {
          command: ['logout', '--keep'],
          why: 'To forget it all the same',
        });
      if (isError(error) && isStop(error))
        throw error.withHint('The token is still stored here, and may be revoked already.', {
          command: ['logout'],
          why: 'To finish',
        });
      if (!isError(error, 'unauthenticated')) throw error;
    }
  }
  const state = revoked ? 'the token is revoked' : keep ? 'the token still works at Deploynix' : 'the token was dead already';
  if (found.source === 'variable') {
    progress.warn(`The token came from DNX_TOKEN: unset that yourself.${tokens.known ? ' The stored one was left alone.' : ''}`);
    return outcome(`Signed out of ${host}; ${state}.`, revoked, false);
  }
  const forgotten = await tokens.forget();
  return outcome(`Signed out of ${host}; ${state}.`, revoked, forgotten);
}
