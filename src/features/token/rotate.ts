import { DnxError, isError, type Next } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type Result, text, type View } from '../../cli/output/view.ts';
import { reserveFile, type TokenFile } from '../../machine/credentials/token-file.ts';
import { idOf, type Token, tokenIn, unwrapped } from './token.ts';

type Needs = Pick<Context, 'api' | 'ci' | 'tokens' | 'progress' | 'settings' | 'world'>;

/** A token made to take another's place. */
interface Fresh {
  readonly plain: string;
  readonly id: string | undefined;
  /** What the API answered, for a script. */
  readonly answer: object;
}

/**
 * Makes a new token of the same name and abilities, checks it, puts it where the old one is used, and only then revokes the old one:
 * whatever fails, at least one of the two works, and the failure says which.
 */
export async function rotateToken(ctx: Needs, id: string, { to_file }: { readonly to_file: string | undefined }): Promise<View | Result> {
  const { tokens, api, progress } = ctx;
  const old = (await api.list<Token>('GET /tokens')).find((each) => String(each.id) === id);
  if (!old)
    throw new DnxError('not_found', `There is no token ${id}.`, {
      next: [{ command: ['token', 'list'], why: 'See which there are with' }],
    });
  if (!Array.isArray(old.abilities))
    throw new DnxError('failed', 'Deploynix does not tell what this token may do, so no other can be made like it. Nothing was done.', {
      next: [{ command: ['token', 'create', 'NAME', '--ability', '…'], why: 'Make one with' }],
    });
  const held = await tokens.find();
  const inUse = held !== undefined && idOf(held.token) === id;
  const file = to_file === undefined ? undefined : reserveFile(to_file, ctx.world);
  const fresh = await mint(ctx, old, file);
  const user = await check(ctx, fresh, old, file);
  const finish = () => revokeOld(ctx, old, fresh);

  if (file) {
    try {
      file.write(fresh.plain);
    } catch (error) {
      await discard(ctx, fresh);
      throw error;
    }
    await finish();
    return message(`Token ${old.name} is rotated. The new one is in ${to_file}, which only you can read.`, shown(old, fresh, file.path));
  }
  if (inUse && held.source !== 'variable') {
    const insecure = held.source === 'file';
    try {
      await tokens.store(fresh.plain, { ...(user && { user }), abilities: old.abilities }, { insecure });
    } catch (error) {
      throw stillOld(error, old, 'The new token could not be stored', await discard(ctx, fresh));
    }
    await finish();
    return message(`Token ${old.name} is rotated. The new one is stored for this profile.`, shown(old, fresh));
  }
  if (inUse) progress.note('DNX_TOKEN held the old token: set it to the new one.');
  progress.note(`The new token is shown this once; the old one (id ${id}) is revoked after that:`);
  ctx.ci.mask(fresh.plain);
  return { view: text(fresh.plain, fresh.answer), afterwards: finish };
}

async function mint({ api }: Needs, old: Token, file: TokenFile | undefined): Promise<Fresh> {
  try {
    // Left out, the abilities are all there are; `*` itself is not in the vocabulary.
    const abilities = old.abilities?.includes('*') ? undefined : old.abilities;
    const reply = await api.send('POST /tokens', {}, { body: { name: old.name, abilities } });
    const plain = tokenIn(reply);
    const id = isObject(reply.data) && reply.data.id !== undefined ? String(reply.data.id) : idOf(plain);
    return { plain, id, answer: unwrapped(reply) };
  } catch (error) {
    file?.discard();
    const maybe = isError(error, 'network', 'failed') ? ' If a second one was made all the same, dnx token list --audit shows it.' : '';
    throw stillOld(error, old, 'No new token could be made', maybe);
  }
}

/** Whose the new token is, which shows that it works. */
async function check(ctx: Needs, fresh: Fresh, old: Token, file: TokenFile | undefined): Promise<string | undefined> {
  try {
    const { data } = await ctx.api.as(fresh.plain).send('GET /user');
    return isObject(data) && typeof data.email === 'string' ? data.email : undefined;
  } catch (error) {
    file?.discard();
    throw stillOld(error, old, 'The new token could not be checked', await discard(ctx, fresh));
  }
}

/** Takes back a token that nobody has; what it says goes into the failure that led here. */
async function discard({ api }: Needs, { id }: Fresh): Promise<string> {
  if (id === undefined) return '';
  try {
    await api.send('DELETE /tokens/{token}', { token: id });
    return ' The new one is revoked again.';
  } catch {
    return ` The new one (id ${id}) was not stored anywhere; revoke it with: dnx token revoke ${id}`;
  }
}

async function revokeOld({ api }: Needs, old: Token, fresh: Fresh): Promise<void> {
  const id = String(old.id);
  await api
    .as(fresh.plain)
    .send('DELETE /tokens/{token}', { token: id })
    .catch((error: unknown) => {
      if (isError(error, 'not_found')) return;
      throw failed(error, `The new token ${old.name} works and is in place, but the old one (id ${id}) could not be revoked`, {
        next: [{ command: ['token', 'revoke', id], why: 'Both work. Revoke the old one with' }],
      });
    });
}

const stillOld = (error: unknown, old: Token, what: string, more: string): unknown =>
  failed(error, `${what}, so nothing has changed: the old token ${old.name} (id ${old.id}) still works.${more}\n`, {});

function failed(error: unknown, sentence: string, { next }: { readonly next?: readonly Next[] }): unknown {
  if (!(error instanceof DnxError)) return error;
  const joined = sentence.endsWith('\n') ? `${sentence}${error.message}` : `${sentence}: ${error.message}`;
  return new DnxError(error.code, joined, {
    hint: next ? undefined : error.hint,
    next: next ?? error.next,
    status: error.status,
    errors: error.errors,
    cause: error,
  });
}

const shown = (old: Token, fresh: Fresh, file?: string) => ({
  id: fresh.id ?? null,
  name: old.name,
  abilities: old.abilities,
  revoked: old.id,
  ...(file && { file }),
});
