import type { Context } from '../context.ts';
import { isError } from '../errors.ts';
import { message, type View } from '../output/view.ts';

/** Revokes the token at the API, then forgets it. A token that is dead already is fine; `keep` only forgets. */
export async function logout(
  { api, tokens, settings, progress }: Pick<Context, 'api' | 'tokens' | 'settings' | 'progress'>,
  { keep }: { readonly keep: boolean | undefined },
): Promise<View> {
  const found = await tokens.find();
  if (!found)
    return message(`Not signed in to ${settings.host}; nothing to do.`, { host: settings.host, revoked: false, forgotten: false });
  let revoked = false;
  if (!keep) {
    try {
      await api.send('POST /logout');
      revoked = true;
    } catch (error) {
      if (!isError(error, 'unauthenticated')) throw error;
    }
  }
  const forgotten = await tokens.forget();
  if (found.source === 'variable') progress.warn('The token came from DNX_TOKEN: unset that yourself.');
  return message(`Signed out of ${settings.host}${revoked ? '; the token is revoked' : ''}.`, { host: settings.host, revoked, forgotten });
}
