import { DnxError, isError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type Result, type View } from '../../cli/output/view.ts';
import type { TokenFile } from '../../machine/credentials/token-file.ts';
import type { HeldToken } from '../../machine/credentials/tokens.ts';
import { placeFor, shownOnce, written } from './create.ts';
import { type Fresh, mayHaveActed, mint, undelivered } from './mint.ts';
import { idOf, type Token } from './token.ts';

type Needs = Pick<Context, 'api' | 'ci' | 'tokens' | 'progress' | 'settings' | 'world'>;

/**
 * Makes a new token of the same name and abilities, checks it, puts it where the old one is used, and only then revokes the old one:
 * whatever fails, at least one of the two works, and the failure says which.
 */
export async function rotateToken(ctx: Needs, id: string, { to_file }: { readonly to_file: string | undefined }): Promise<View | Result> {
  const { tokens, progress } = ctx;
  const old = await tokenOf(ctx, id);
  const held = await tokens.find();
  const inUse = held !== undefined && idOf(held.token) === id ? held : undefined;
  const stored = inUse && inUse.source !== 'variable' ? inUse : undefined;
  const file = to_file === undefined && stored ? undefined : placeFor(to_file, ctx);
  const { fresh, user } = await replacement(ctx, old, file);

  if (file) await written(ctx, fresh, file, ` ${stillWorks(old)}`);
  if (stored) await kept(ctx, { fresh, user, old, file }, stored);
  if (inUse && !stored) progress.note('DNX_TOKEN held the old token: set it to the new one.');
  if (!file && !stored) {
    progress.note(`The new token is shown this once; the old one (id ${id}) is revoked after that:`);
    return { ...shownOnce(ctx, fresh, ` ${stillWorks(old)}`), afterwards: () => revokeOld(ctx, old, fresh) };
  }
  await revokeOld(ctx, old, fresh);
  const places = [file && `in ${to_file}, which only you can read`, stored && 'stored for this profile'].filter(Boolean);
  return message(`Token ${wordOf(old.name)} is rotated. The new one is ${places.join(', and ')}.`, {
    id: fresh.id ?? null,
    name: old.name,
    abilities: old.abilities,
    revoked: old.id,
    ...(file && { file: file.path }),
  });
}

/** The token to replace; it is of no use where the API does not tell what it may do. */
async function tokenOf({ api }: Needs, id: string): Promise<Token> {
  const old = (await api.list<Token>('GET /tokens')).find((each) => wordOf(each.id) === id);
  if (!old)
    throw new DnxError('not_found', `There is no token ${id}.`, {
      next: [{ command: ['token', 'list'], why: 'See which there are with' }],
    });
  if (!Array.isArray(old.abilities))
    throw new DnxError('failed', 'Deploynix does not tell what this token may do, so no other can be made like it. Nothing was done.', {
      next: [{ command: ['token', 'create', 'NAME', '--ability', '…'], why: 'Make one with' }],
    });
  return old;
}

/** A new token like the old one, and whose it is, which shows that it works. */
async function replacement({ api }: Needs, old: Token, file: TokenFile | undefined) {
  // Left out, the abilities are all there are; `*` itself is not in the vocabulary.
  const abilities = old.abilities?.includes('*') ? undefined : old.abilities;
  const fresh = await mint(api, { name: old.name, abilities }).catch((error: unknown) => {
    file?.discard();
    const what = mayHaveActed(error) ? 'It is not known whether a new token was made' : 'No new token was made';
    throw prefixed(error, `${what}. ${stillWorks(old)}\n`);
  });
  try {
    const { data } = await api.as(fresh.plain).send('GET /user');
    return { fresh, user: isObject(data) && typeof data.email === 'string' ? data.email : undefined };
  } catch (error) {
    file?.discard();
    throw await undelivered(api, fresh, 'The new token could not be checked', error, ` ${stillWorks(old)}`);
  }
}

interface Replaced {
  readonly fresh: Fresh;
  readonly user: string | undefined;
  readonly old: Token;
  readonly file: TokenFile | undefined;
}

/** Stores the new token where the old one is stored, for dnx itself. */
async function kept({ tokens, api }: Needs, { fresh, user, old, file }: Replaced, { source }: HeldToken): Promise<void> {
  try {
    await tokens.store(fresh.plain, { ...(user && { user }), abilities: old.abilities ?? [] }, { insecure: source === 'file' });
  } catch (error) {
    file?.discard();
    throw await undelivered(api, fresh, 'The new token could not be stored', error, ` ${stillWorks(old)}`);
  }
}

async function revokeOld({ api }: Needs, old: Token, fresh: Fresh): Promise<void> {
  const id = wordOf(old.id);
  await api
    .as(fresh.plain)
    .send('DELETE /tokens/{token}', { token: id })
    .catch((error: unknown) => {
      if (!isError(error)) throw error;
      if (error.code === 'not_found') return;
      const state = mayHaveActed(error) ? 'may still work' : 'still works';
      throw prefixed(
        error.withHint(undefined, { command: ['token', 'revoke', id], why: 'Make sure with' }),
        `The new token ${wordOf(old.name)} works and is in place, but the old one (id ${id}) ${state}: `,
      );
    });
}

const stillWorks = ({ name, id }: Token): string => `The old token ${wordOf(name)} (id ${wordOf(id)}) still works.`;

/** The same failure, after a sentence on what exists now. */
function prefixed(error: unknown, sentence: string): unknown {
  if (!isError(error)) return error;
  const { code, message, hint, next, status, errors } = error;
  return new DnxError(code, `${sentence}${message}`, { hint, next, status, errors, cause: error });
}
