import { usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type View } from '../../cli/output/view.ts';
import type { Target } from '../../platform/names/names.ts';
import { idOf } from './token.ts';

/** Revokes a token. The one that dnx itself is using here takes its name typed, and is forgotten afterwards. */
export async function revokeToken(
  { api, ask, tokens, progress }: Pick<Context, 'api' | 'ask' | 'tokens' | 'progress'>,
  { id, label }: Target,
  confirm: string | undefined,
): Promise<View> {
  const held = await tokens.find();
  const inUse = held !== undefined && idOf(held.token) === id;
  if (inUse) {
    if (confirm === undefined && !ask.allowed) {
      throw usage(`Token ${label} is the one that dnx is using here.`, `To revoke it all the same: --confirm '${label}'.`, {
        command: ['logout'],
        why: 'Or',
      });
    }
    if (confirm === undefined) progress.warn(`Token ${label} is the one that dnx is using here: you will be signed out.`);
    const typed = confirm ?? (await ask.input(`Type ${label} to go on:`));
    if (typed !== label && typed !== id)
      throw usage(`“${typed}” is not the name of this token. Nothing was done.`, `Its name is ${label}.`);
  }
  await api.send('DELETE /tokens/{token}', { token: id });
  if (inUse && held.source !== 'variable') await tokens.forget();
  const rest = inUse ? (held.source === 'variable' ? ' Unset DNX_TOKEN, which held it.' : ' You are signed out.') : '';
  return message(`Revoked token ${label}.${rest}`, { id, deleted: true });
}
