import { DnxError, isError, type Next, reasonOf, systemCode, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { done, textView } from '../../cli/output/view.ts';
import { reserveFile, type TokenFile } from '../../machine/credentials/token-file.ts';
import { NetworkFault } from '../../machine/world.ts';
import type { Api, Reply } from '../../platform/api/api.ts';
import { idIn } from '../../platform/names/names.ts';
import { type AbilityChoice, chosenAbilities, pickForToken } from './choose.ts';
import { hasEverything, tokenAnswer, tokenId, tokenIn } from './token.ts';

/** A token that was just created and is not stored or printed yet. */
export interface MintedToken {
  readonly plain: string;
  /** Undefined if the API does not send it. */
  readonly id: string | undefined;
  readonly name: string;
  /** The API's response, for scripts. */
  readonly answer: { readonly name: unknown };
}

/** The command that shows tokens of which nobody knows. */
export const reviewTokens: Next = { command: ['token', 'list', '--audit'], why: 'To review your tokens' };

/** False if a failed POST certainly did nothing, because it was rejected or not sent. */
export function mayHaveActed(error: unknown): boolean {
  if (!isError(error) || error.code === 'usage') return false;
  if (error.cause instanceof NetworkFault) return error.cause.sent;
  return error.status === undefined ? error.code !== 'unauthenticated' : error.status >= 500;
}

/** Creates a token. The error says whether one may exist. */
export async function mint(api: Pick<Api, 'send'>, body: Readonly<Record<string, unknown>>): Promise<MintedToken> {
  const name = wordOf(body.name);
  let reply: Reply;
  try {
    reply = await api.send('POST /tokens', {}, { body });
  } catch (error) {
    if (!isError(error) || !mayHaveActed(error)) throw error;
    throw error.withHint(`Token ${name} may have been created, but its value is lost.`, reviewTokens);
  }
  const known = isObject(reply.data) ? idIn(reply.data.id) : undefined;
  try {
    const plain = tokenIn(reply);
    return { plain, id: known ?? tokenId(plain), name, answer: { name, ...tokenAnswer(reply) } };
  } catch (error) {
    throw await undelivered(api, { id: known, name }, 'Could not read the new token', error);
  }
}

/** Revokes a new token that could not be stored or printed. If that fails, the error says how to revoke it. */
export async function undelivered(
  api: Pick<Api, 'send'>,
  { id, name }: Pick<MintedToken, 'id' | 'name'>,
  what: string,
  cause: unknown,
  more = '',
): Promise<DnxError> {
  const gone = id !== undefined && (await isRevoked(api, id));
  const number = id === undefined ? '' : ` (id ${id})`;
  const sentence = gone ? 'The new token was revoked.' : `The new token ${name}${number} still exists.`;
  const next: Next = id === undefined ? reviewTokens : { command: ['token', 'revoke', id], why: 'Revoke it with' };
  const { code, hint, next: others } = isError(cause) ? cause : { code: 'failed' as const, hint: undefined, next: [] };
  return new DnxError(code, `${what}: ${reasonFor(cause)}. ${sentence}${more}`, { hint, next: gone ? others : [next, ...others], cause });
}

async function isRevoked(api: Pick<Api, 'send'>, id: string): Promise<boolean> {
  try {
    await api.send('DELETE /tokens/{token}', { token: id });
    return true;
  } catch (error) {
    return isError(error, 'not_found');
  }
}

function reasonFor(error: unknown): string {
  const code = (isError(error) ? undefined : systemCode(error)) ?? (error instanceof Error ? systemCode(error.cause) : undefined);
  if (code === 'EPIPE' || code === 'ECONNRESET') return 'the output was closed';
  const known = reasonOf(code);
  if (known) return known;
  if (isError(error)) return error.message.replace(/\.$/, '');
  if (code === undefined) throw error;
  return `it failed with ${code}`;
}

type CreateOptions = AbilityChoice & { readonly to_file: string | undefined };

/** Creates a token. It is printed once, alone on stdout, or written to a file and not shown. */
export async function createToken(ctx: Context, { to_file, ...wanted }: CreateOptions, fields: Readonly<Record<string, unknown>>) {
  const { api, ask, progress } = ctx;
  const chosen = 'abilities' in fields ? undefined : await chosenAbilities(ctx, wanted);
  const picked = 'abilities' in fields || chosen || !ask.allowed ? undefined : await pickForToken(ask);
  const abilities = chosen ?? picked;
  const body: Readonly<Record<string, unknown>> = { ...(abilities && { abilities }), ...fields };
  if (!('abilities' in body)) throw usage('No abilities given.', 'Use --for "deploy --wait", --preset ci-deploy or --ability site:deploy.');
  const file = tokenDestination(to_file, ctx);
  const fresh = await mint(api, body).catch((error: unknown) => {
    file?.discard();
    throw error;
  });
  const answers = picked ? { answers: { ability: picked } } : {};
  const able = [body.abilities].flat().map(wordOf);
  const can = hasEverything(able) ? 'do everything' : able.join(', ');
  if (file) {
    await writeNewToken(ctx, fresh, file);
    const view = done(`Created token ${wordOf(body.name)}`, { ...withoutToken(fresh.answer), file: file.path }, [
      ['can', can],
      ['file', `${to_file} (only you can read it)`],
    ]);
    return { view, ...answers };
  }
  progress.note(`Abilities of token ${wordOf(body.name)}: ${can}`);
  progress.note('Copy it now; it is shown only once:');
  return { ...shownOnce(ctx, fresh), ...answers };
}

/** Reserves the file for a new token. Undefined for stdout; fails if that would lose the token. */
export function tokenDestination(to_file: string | undefined, { settings, world }: Context): TokenFile | undefined {
  if (to_file !== undefined) return reserveFile(to_file, world);
  if (settings.format === 'ids') throw usage('-o ids would omit the new token.', 'Use another format, or --to-file FILE.');
  if (world.stdout.discards)
    throw usage(
      `Standard output is closed or ${world.platform === 'win32' ? 'NUL' : '/dev/null'}, so the new token would be lost.`,
      'Use --to-file FILE.',
    );
  return undefined;
}

/** Writes a new token to its file. Revokes it if that fails. */
export async function writeNewToken({ api }: Context, minted: MintedToken, file: TokenFile, more = ''): Promise<void> {
  try {
    file.write(minted.plain);
  } catch (error) {
    file.discard();
    throw await undelivered(api, minted, `The new token could not be written to ${file.path}`, error, more);
  }
}

/** Prints a new token on stdout. Revokes it if that fails. */
export function shownOnce({ api, ci }: Context, minted: MintedToken, more = '') {
  ci.mask(minted.plain);
  return {
    view: textView(minted.plain, minted.answer),
    secret: { name: 'token', value: minted.plain, hint: 'Use another format or query, or --to-file FILE.' },
    undelivered: (cause: unknown) => undelivered(api, minted, 'The new token could not be printed', cause, more),
  };
}

const withoutToken = (answer: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(answer).filter(([key]) => !/token$/i.test(key)));
