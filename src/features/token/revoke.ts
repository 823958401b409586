import { usage } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { done, type Result } from '../../cli/output/view.ts';
import { confirmName } from '../../cli/run/consent.ts';
import { unlessGone } from '../../cli/run/gone.ts';
import type { HeldToken } from '../../machine/credentials/tokens.ts';
import type { Target } from '../../platform/names/names.ts';
import { forgetRevoked, type Token, tokenId } from './token.ts';

/** The question before a revocation. Names tokens given by id, and marks the one in use. */
export async function revokeAction(ctx: Context, targets: readonly Target[]): Promise<string> {
  const held = await ctx.tokens.find();
  const inUse = held && tokenId(held.token);
  const shown = (await named(ctx, targets)).map(({ id, label }) => {
    const details = [label !== id && `id ${id}`, id === inUse && 'currently in use'].filter(Boolean);
    return details.length > 0 ? `${label} (${details.join(', ')})` : label;
  });
  return `Revoke ${shown.length === 1 ? 'token' : 'tokens'} ${shown.join(', ')}`;
}

/** Revokes tokens. The one in use must be confirmed by name; it is revoked last, and removed here. */
export async function revokeTokens(ctx: Context, wanted: readonly Target[], options: Given<{ confirm: string; if_exists: boolean }>) {
  const { confirm } = options;
  const held = await ctx.tokens.find();
  const id = held && tokenId(held.token);
  const targets = wanted.some((target) => target.id === id) ? await named(ctx, wanted) : wanted;
  const inUse = targets.find((target) => target.id === id);
  if (inUse) await agree(ctx, inUse, confirm);
  else if (confirm !== undefined) throw usage('--confirm is for the token in use. Nothing was revoked.', 'Use --yes.');
  const revoke = (token: Target) =>
    unlessGone(ctx, 'token', { token }, options, () => revokeOne(ctx, token, token === inUse ? held : undefined));
  const [only] = targets;
  if (only && targets.length === 1) return revoke(only);
  const result = await ctx.each(inUse ? [...targets.filter((target) => target !== inUse), inUse] : targets, revoke);
  return inOrder(result, targets);
}

async function named({ api }: Context, targets: readonly Target[]): Promise<readonly Target[]> {
  if (targets.every(({ id, label }) => label !== id)) return targets;
  const names = new Map((await api.list<Token>('GET /tokens')).map(({ id, name }) => [wordOf(id), wordOf(name)]));
  return targets.map((target) => ({ ...target, label: names.get(target.id) || target.label }));
}

/** Confirms the name of the token in use, before anything is revoked. */
async function agree({ ask, recorder, progress }: Context, { id, label }: Target, confirm: string | undefined): Promise<void> {
  recorder?.consent('severe', label);
  if (recorder && confirm === undefined) return;
  if (confirm === undefined && !ask.allowed) {
    throw usage(`You are currently using token ${label}.`, `To revoke it anyway: --confirm ${quoted(label)}.`, {
      command: ['logout'],
      why: 'Or sign out with',
    });
  }
  if (confirm === undefined) progress.warn(`You are currently using token ${label}. Revoking it signs you out.`);
  await confirmName({ ask }, confirm, { noun: 'token', id, label }, 'Nothing was revoked.');
}

async function revokeOne({ api, tokens, progress }: Context, { id, label }: Target, inUse: HeldToken | undefined) {
  await api.send('DELETE /tokens/{token}', { token: id });
  if (inUse?.source === 'variable') progress.note('DNX_TOKEN still has the revoked token. Unset it.');
  else if (inUse)
    await forgetRevoked(tokens, `Token ${label} was revoked, but is still stored here.`, { command: ['logout'], why: 'To remove it' });
  const signedOut = inUse && inUse.source !== 'variable' ? '; you are signed out' : '';
  return done(`Revoked token ${label}${signedOut}`, { id, deleted: true });
}

function inOrder<D>(result: Result<D>, targets: readonly Target[]): Result<D> {
  if (result.view.kind !== 'rows') return result;
  const place = ({ id }: Readonly<Record<string, unknown>>) => targets.findIndex((target) => target.id === (id ?? ''));
  return { ...result, view: { ...result.view, items: result.view.items.toSorted((one, other) => place(one) - place(other)) } };
}
