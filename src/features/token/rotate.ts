import { DnxError } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { done, type Result, type View } from '../../cli/output/view.ts';
import { shownOnce, tokenDestination, written } from './create.ts';
import { replacement, revokeOld, stillWorks, storeInstead } from './replace.ts';
import { idOf, type Token } from './token.ts';

type Needs = Pick<Context, 'api' | 'ci' | 'tokens' | 'progress' | 'settings' | 'world'>;

/** Replaces a token with a new one of the same name and abilities. The old one is revoked last, so one of them always works. */
export async function rotateToken(ctx: Needs, id: string, { to_file }: { readonly to_file: string | undefined }): Promise<View | Result> {
  const { tokens, progress } = ctx;
  const { abilities, ...old } = await tokenOf(ctx, id);
  const held = await tokens.find();
  const inUse = held !== undefined && idOf(held.token) === id ? held : undefined;
  const stored = inUse && inUse.source !== 'variable' ? inUse : undefined;
  const file = to_file === undefined && stored ? undefined : tokenDestination(to_file, ctx);
  const made = await replacement(ctx, old, { abilities, file });
  const { fresh } = made;

  if (file) await written(ctx, fresh, file, ` ${stillWorks(old)}`);
  if (stored) await storeInstead(ctx, made, stored);
  if (inUse && !stored) progress.note('DNX_TOKEN still has the old token. Set it to the new one.');
  if (!file && !stored) {
    progress.note(`Copy the new token now; it is shown only once. The old one (id ${id}) will be revoked:`);
    return { ...shownOnce(ctx, fresh, ` ${stillWorks(old)}`), afterwards: () => revokeOld(ctx, made) };
  }
  await revokeOld(ctx, made);
  const data = { id: fresh.id ?? null, name: old.name, abilities, revoked: old.id, ...(file && { file: file.path }) };
  return done(`Rotated token ${wordOf(old.name)}`, data, [
    ...(file ? [['file', `${to_file} (only you can read it)`] as const] : []),
    ...(stored ? [['stored', `in profile ${ctx.settings.profile}`] as const] : []),
  ]);
}

/** Reads the token to replace. */
async function tokenOf({ api }: Pick<Needs, 'api'>, id: string): Promise<Token & { readonly abilities: readonly string[] }> {
  const old = (await api.list<Token>('GET /tokens')).find((each) => wordOf(each.id) === id);
  if (!old)
    throw new DnxError('not_found', `Token '${id}' not found.`, {
      next: [{ command: ['token', 'list'], why: 'See' }],
    });
  const { abilities } = old;
  // An empty list would request every ability.
  if (!Array.isArray(abilities) || abilities.length === 0)
    throw new DnxError('failed', 'Deploynix does not list the abilities of this token, so it cannot be rotated. Nothing was changed.', {
      next: [{ command: ['token', 'create', 'NAME', '--ability', '…'], why: 'Create one with' }],
    });
  return { ...old, abilities };
}
