import { abilities as all } from '../../base/abilities.ts';
import { cancelled, DnxError, isError, usage } from '../../base/errors.ts';
import { andList, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { done, message } from '../../cli/output/view.ts';
import type { TokenFile } from '../../machine/credentials/token-file.ts';
import type { HeldToken } from '../../machine/credentials/tokens.ts';
import { hostName } from '../../machine/settings/host.ts';
import type { Target } from '../../platform/names/names.ts';
import { type AbilityChoice, chosenAbilities, pickAbilities } from './choose.ts';
import { type MintedToken, mayHaveActed, mint, shownOnce, tokenDestination, undelivered, writeNewToken } from './mint.ts';
import { hasEverything, listedToken, type Token, tokenId, userOf } from './token.ts';

/** Replaces a token with a new one of the same name and abilities. The old one is revoked last, so one of them always works. */
export async function rotateToken(
  ctx: Context,
  id: string,
  { to_file, yes }: { readonly to_file: string | undefined; readonly yes: boolean },
) {
  const { tokens, progress } = ctx;
  const { abilities, ...old } = replaceable(await ctx.api.list<Token>('GET /tokens'), id);
  const held = await tokens.find();
  const inUse = held !== undefined && tokenId(held.token) === id ? held : undefined;
  const stored = inUse && inUse.source !== 'variable' ? inUse : undefined;
  if (ctx.recorder) await planReplacement(ctx, old, abilities);
  if (!yes) await agreeToRotate(ctx, [{ id, label: wordOf(old.name) }]);
  const file = to_file === undefined && stored ? undefined : tokenDestination(to_file, ctx);
  const made = await replacement(ctx, old, { abilities, file });
  const { fresh } = made;

  if (file) await writeNewToken(ctx, fresh, file, ` ${stillWorks(old)}`);
  if (stored) await storeInstead(ctx, made, stored);
  if (inUse && !stored) progress.note('DNX_TOKEN still has the old token. Set it to the new one.');
  if (!file && !stored) {
    progress.note(`Copy the new token now; it is shown only once. The old one (id ${id}) will be revoked:`);
    return { ...shownOnce(ctx, fresh, ` ${stillWorks(old)}`), afterwards: () => revokeOld(ctx, made) };
  }
  await revokeOld(ctx, made);
  return done(`Rotated token ${wordOf(old.name)}`, { ...replaced(made), ...(file && { file: file.path }) }, [
    ...(file ? [['file', `${to_file} (only you can read it)`] as const] : []),
    ...(stored ? [['stored', `in profile ${ctx.settings.profile}`] as const] : []),
  ]);
}

/** Asks before tokens are replaced, and names them. */
export async function agreeToRotate({ ask, progress }: Context, tokens: readonly Target[]): Promise<void> {
  const isOne = tokens.length === 1;
  progress.warn(`Anything that uses ${isOne ? 'the old token' : 'an old token'} stops working until it gets the new one.`);
  const names = andList(tokens.map(({ id, label }) => `${label} (id ${id})`));
  if (!(await ask.confirm(`Replace ${isOne ? 'token' : `${tokens.length} tokens`} ${names}?`))) throw cancelled();
}

/** The token with this id. Throws if it is not among those that are listed, or its abilities are unknown. */
export function replaceable(listed: readonly Token[], id: string): Token & { readonly abilities: readonly string[] } {
  const old = listed.find((token) => wordOf(token.id) === id);
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

type Replacement = Awaited<ReturnType<typeof replacement>>;

/** What a rotation prints for scripts. */
export const replaced = ({ fresh, old, abilities }: Replacement) => ({
  id: fresh.id ?? null,
  name: old.name,
  abilities,
  revoked: old.id,
});

/** Sends what a replacement sends in a dry run, and ends it. */
export async function planReplacement({ api }: Context, old: Token, abilities: readonly string[]): Promise<void> {
  await api.send('POST /tokens', {}, { body: tokenLike(old, abilities), assume: {} });
  await api.send('DELETE /tokens/{token}', { token: wordOf(old.id) });
}

/** The body for a token with these abilities. The API does not accept `*`; without a list, it grants every ability. */
const tokenLike = ({ name }: Token, abilities: readonly string[]) => ({ name, abilities: abilities.includes('*') ? undefined : abilities });

/** Creates a replacement, and checks that it works. */
export async function replacement(
  { api }: Context,
  old: Token,
  { abilities, file }: { readonly abilities: readonly string[]; readonly file: TokenFile | undefined },
) {
  const fresh = await mint(api, tokenLike(old, abilities)).catch((error: unknown) => {
    file?.discard();
    const what = mayHaveActed(error) ? 'A new token may have been created' : 'No new token was created';
    throw prefixed(error, `${what}. ${stillWorks(old)}\n`);
  });
  try {
    return { fresh, abilities, user: await userOf(api.as(fresh.plain)), old, file };
  } catch (error) {
    file?.discard();
    throw await undelivered(api, fresh, 'The new token could not be checked', error, ` ${stillWorks(old)}`);
  }
}

async function storeInstead({ tokens, api }: Context, { fresh, abilities, user, old, file }: Replacement, { source }: HeldToken) {
  try {
    await tokens.store(fresh.plain, { ...(user && { user }), abilities }, { insecure: source === 'file' });
  } catch (error) {
    file?.discard();
    throw await undelivered(api, fresh, 'The new token could not be stored', error, ` ${stillWorks(old)}`);
  }
}

/** Revokes the old token with the new one. */
export async function revokeOld(
  { api }: Context,
  { old, fresh }: { readonly old: Token; readonly fresh: Pick<MintedToken, 'plain'> },
): Promise<void> {
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

/** `The old token ci (id 4) still works.` */
export const stillWorks = ({ name, id }: Token): string => `The old token ${wordOf(name)} (id ${wordOf(id)}) still works.`;

function prefixed(error: unknown, sentence: string): unknown {
  if (!isError(error)) return error;
  const { code, message, hint, next, status, errors } = error;
  return new DnxError(code, `${sentence}${message}`, { hint, next, status, errors, cause: error });
}

/** Adds abilities to the stored token by replacing it. The old token is revoked last. */
export async function refreshToken(ctx: Context, choice: AbilityChoice) {
  const { ask, settings, tokens, world } = ctx;
  if (world.env.DNX_TOKEN?.trim())
    throw usage('DNX_TOKEN is set, and dnx auth refresh only updates a stored token.', 'Unset DNX_TOKEN, or create another token.', {
      command: ['token', 'create', 'NAME', '--ability', '…'],
      why: 'Create one with',
    });
  const chosen = await chosenAbilities(ctx, choice);
  if (!chosen && !ask.allowed) throw usage('No abilities given.', 'Use --ability, --for, --from-script or --preset.');
  const plain = await tokens.token();
  const held = await tokens.find();
  const old = await listedToken(ctx.api, plain).catch(advised);
  const before = old?.abilities;
  if (!held || !old || !Array.isArray(before)) throw unknown('Deploynix does not list the abilities of the stored token');
  if (before.length === 0) throw unknown('Deploynix lists no abilities for the stored token, which may mean all of them');
  const same = { id: old.id, name: old.name, abilities: before, added: [] };
  if (hasEverything(before)) return message(`Token ${wordOf(old.name)} can already do everything.`, same);
  const isNew = (ability: string) => !before.includes(ability);
  const lacking = (chosen ?? (await pickAbilities(ask, all.filter(isNew)))).filter(isNew);
  if (lacking.length === 0) return message(`Token ${wordOf(old.name)} can already do that.`, same);

  if (ctx.recorder) await planReplacement(ctx, old, [...before, ...lacking]);
  const made = await replacement(ctx, old, { abilities: [...before, ...lacking], file: undefined }).catch(advised);
  await storeInstead(ctx, made, held);
  await revokeOld(ctx, made);
  const sentence = `Added ${lacking.join(', ')} to the token for ${hostName(settings.host)} (profile ${settings.profile})`;
  return done(sentence, { id: made.fresh.id ?? null, name: old.name, abilities: made.abilities, added: lacking, revoked: old.id });
}

const signInAgain = { command: ['login'], why: 'To sign in with more abilities' };

/** A refresh cannot help a token that may not list or create tokens. */
const advised = (error: unknown): never => {
  throw isError(error, 'forbidden') ? error.with({ hint: undefined, next: [signInAgain], lacks: undefined }) : error;
};

const unknown = (why: string): DnxError =>
  new DnxError('failed', `${why}, so none can be added. Nothing was changed.`, { next: [signInAgain] });
