import { isError, isStop } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import type { Context } from '../../cli/language/command.ts';
import { done, message } from '../../cli/output/view.ts';
import { DEFAULT_PROFILE } from '../../machine/settings/config.ts';
import { hostName, profileNote } from '../../machine/settings/host.ts';
import { forgetRevoked } from '../token/token.ts';

const finish = { command: ['logout'], why: 'To finish signing out' };

/** Revokes the token and removes it. `keep` does not revoke. */
export async function logout(ctx: Context, { keep = false }: { readonly keep: boolean | undefined }) {
  const { tokens, settings, progress } = ctx;
  const { host, profile } = settings;
  const place = hostName(host);
  const data = (revoked: boolean, forgotten: boolean) => ({ host, profile, revoked, forgotten });
  const found = await tokens.find();
  if (!found) {
    const forgotten = await tokens.forget();
    const sentence = forgotten ? `The token for ${place} was already gone; signed out.` : `Not signed in to ${place}.`;
    return message(sentence, data(false, forgotten));
  }
  const revoked = !keep && (await revoke(ctx));
  const state = revoked ? 'token revoked' : keep ? 'the token still works' : 'the token was already revoked';
  const sentence = `Signed out of ${place}${profileNote(profile)}; ${state}`;
  if (found.source === 'variable') {
    progress.warn(`The token came from DNX_TOKEN. Unset it.${tokens.known ? ' The stored token was kept.' : ''}`);
    return done(sentence, data(revoked, false));
  }
  const forgotten = revoked
    ? await forgetRevoked(tokens, 'The token was revoked, but is still stored here.', finish)
    : await tokens.forget();
  const view = done(sentence, data(revoked, forgotten));
  if (profile === DEFAULT_PROFILE) return view;
  return { view, note: `Profile ${profile} keeps its settings. To delete it: dnx config delete-profile ${quoted(profile)}` };
}

async function revoke({ api }: Context): Promise<boolean> {
  try {
    await api.send('POST /logout');
    return true;
  } catch (error) {
    if (isError(error, 'network', 'failed', 'forbidden'))
      throw error.withHint('The token is still stored here.', { command: ['logout', '--keep'], why: 'To remove it without revoking it' });
    if (isError(error) && isStop(error)) throw error.withHint('The token is still stored here, and may be revoked already.', finish);
    if (!isError(error, 'unauthenticated')) throw error;
    return false;
  }
}
