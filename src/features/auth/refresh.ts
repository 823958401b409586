import { DnxError, isError, usage } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { done, message, type View } from '../../cli/output/view.ts';
import { hostName } from '../../machine/settings/host.ts';
import { abilities as all } from '../../platform/abilities.ts';
import { type Choosing, chosenAbilities, pickAbilities } from '../token/choose.ts';
import { planReplacement, replacement, revokeOld, storeInstead } from '../token/rotate.ts';
import { hasEverything, listedToken } from '../token/token.ts';

type Needs = Pick<Context, 'api' | 'ask' | 'plan' | 'progress' | 'settings' | 'tokens' | 'tree' | 'world'>;

/** Adds abilities to the stored token by replacing it. The old token is revoked last. */
export async function refreshToken(ctx: Needs, choosing: Choosing): Promise<View> {
  const { ask, settings, tokens, world } = ctx;
  if (world.env.DNX_TOKEN?.trim())
    throw usage('DNX_TOKEN is set, and dnx auth refresh only updates a stored token.', 'Unset DNX_TOKEN, or create another token.', {
      command: ['token', 'create', 'NAME', '--ability', '…'],
      why: 'Create one with',
    });
  const given = await chosenAbilities(ctx, choosing);
  if (!given && !ask.allowed) throw usage('No abilities given.', 'Use --ability, --for, --from-script or --preset.');
  const plain = await tokens.token();
  const held = await tokens.find();
  const old = await listedToken(ctx.api, plain).catch(advised);
  const before = old?.abilities;
  if (!held || !old || !Array.isArray(before)) throw unknown('Deploynix does not list the abilities of the stored token');
  if (before.length === 0) throw unknown('Deploynix lists no abilities for the stored token, which may mean all of them');
  const same = { id: old.id, name: old.name, abilities: before, added: [] };
  if (hasEverything(before)) return message(`Token ${wordOf(old.name)} can already do everything.`, same);
  const lacking = (
    given ??
    (await pickAbilities(
      ask,
      all.filter((each) => !before.includes(each)),
    ))
  ).filter((each) => !before.includes(each));
  if (lacking.length === 0) return message(`Token ${wordOf(old.name)} can already do that.`, same);

  if (ctx.plan) await planReplacement(ctx, old, [...before, ...lacking]);
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
