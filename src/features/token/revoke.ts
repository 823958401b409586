import { usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type Result, type View } from '../../cli/output/view.ts';
import type { HeldToken } from '../../machine/credentials/tokens.ts';
import type { Target } from '../../platform/names/names.ts';
import { idOf } from './token.ts';

type Needs = Pick<Context, 'api' | 'ask' | 'tokens' | 'progress' | 'each'>;

/** Revokes tokens. The one that dnx is using here takes its name typed; it is revoked last, and forgotten. */
export async function revokeTokens(ctx: Needs, targets: readonly Target[], confirm: string | undefined): Promise<View | Result> {
  const held = await ctx.tokens.find();
  const own = targets.find(({ id }) => held !== undefined && idOf(held.token) === id);
  if (own) await agree(ctx, own, confirm);
  const revoke = (target: Target) => revokeOne(ctx, target, target === own ? held : undefined);
  const [only] = targets;
  if (only && targets.length === 1) return revoke(only);
  const result = await ctx.each(own ? [...targets.filter((each) => each !== own), own] : targets, revoke);
  return inOrder(result, targets);
}

/** Gets the name of the token in use typed, before anything is revoked. */
async function agree({ ask, progress }: Needs, { id, label }: Target, confirm: string | undefined): Promise<void> {
  if (confirm === undefined && !ask.allowed) {
    throw usage(`Token ${label} is the one that dnx is using here.`, `To revoke it all the same: --confirm '${label}'.`, {
      command: ['logout'],
      why: 'Or',
    });
  }
  if (confirm === undefined) progress.warn(`Token ${label} is the one that dnx is using here: you will be signed out.`);
  const typed = confirm ?? (await ask.input(`Type ${label} to go on:`));
  if (typed !== label && typed !== id) throw usage(`'${typed}' is not the name of this token. Nothing was done.`, `Its name is ${label}.`);
}

/** `inUse`: it is the token that dnx is using here. */
async function revokeOne({ api, tokens }: Needs, { id, label }: Target, inUse: HeldToken | undefined): Promise<View> {
  await api.send('DELETE /tokens/{token}', { token: id });
  if (inUse && inUse.source !== 'variable') await tokens.forget();
  const rest = inUse ? (inUse.source === 'variable' ? ' Unset DNX_TOKEN, which held it.' : ' You are signed out.') : '';
  return message(`Revoked token ${label}.${rest}`, { id, deleted: true });
}

/** The rows in the order in which the tokens were given. */
function inOrder(result: Result, targets: readonly Target[]): Result {
  if (result.view.kind !== 'rows') return result;
  const place = ({ id }: Readonly<Record<string, unknown>>) => targets.findIndex((each) => each.id === id);
  return { ...result, view: { ...result.view, items: result.view.items.toSorted((one, other) => place(one) - place(other)) } };
}
