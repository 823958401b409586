import { DnxError, isError, type Next, reasonOf, systemCode } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { NetworkFault } from '../../machine/world.ts';
import type { Api } from '../../platform/api/api.ts';
import type { Reply } from '../../platform/api/reply.ts';
import { idIn } from '../../platform/names/names.ts';
import { idOf, tokenIn, unwrapped } from './token.ts';

/** A token that the API has just made, and that nobody has yet. */
export interface Fresh {
  readonly plain: string;
  /** Undefined where the API does not tell it. */
  readonly id: string | undefined;
  readonly name: string;
  /** What the API answered, for a script. */
  readonly answer: object;
}

const seeAll: Next = { command: ['token', 'list', '--audit'], why: 'To see your tokens' };

/** False where a POST that failed has certainly done nothing: it was refused, or never sent. */
export function mayHaveActed(error: unknown): boolean {
  if (!isError(error) || error.code === 'usage') return false;
  if (error.cause instanceof NetworkFault) return error.cause.sent;
  return error.status === undefined ? error.code !== 'unauthenticated' : error.status >= 500;
}

/** Makes a token. The failure says what may exist now. */
export async function mint(api: Pick<Api, 'send'>, body: Readonly<Record<string, unknown>>): Promise<Fresh> {
  const name = wordOf(body.name);
  let reply: Reply;
  try {
    reply = await api.send('POST /tokens', {}, { body });
  } catch (error) {
    if (!isError(error) || !mayHaveActed(error)) throw error;
    throw error.withHint(`A new token ${name} may have been created, and nobody has it.`, seeAll);
  }
  const known = isObject(reply.data) ? idIn(reply.data.id) : undefined;
  try {
    const plain = tokenIn(reply);
    return { plain, id: known ?? idOf(plain), name, answer: unwrapped(reply) };
  } catch (error) {
    throw await undelivered(api, { id: known, name }, 'The new token is not known', error);
  }
}

/** Revokes a new token that did not get to where it should, and says so; or which one exists now, and how to revoke it. */
export async function undelivered(
  api: Pick<Api, 'send'>,
  { id, name }: Pick<Fresh, 'id' | 'name'>,
  what: string,
  cause: unknown,
  more = '',
): Promise<DnxError> {
  const gone = id !== undefined && (await isRevoked(api, id));
  const number = id === undefined ? '' : ` (id ${id})`;
  const sentence = gone ? 'The new token is revoked again.' : `The new token ${name}${number} exists, and nobody has it.`;
  const next: Next = id === undefined ? seeAll : { command: ['token', 'revoke', id], why: 'Revoke it with' };
  const { code, hint } = isError(cause) ? cause : { code: 'failed' as const, hint: undefined };
  return new DnxError(code, `${what}: ${reasonFor(cause)}. ${sentence}${more}`, { hint, next: gone ? [] : [next], cause });
}

async function isRevoked(api: Pick<Api, 'send'>, id: string): Promise<boolean> {
  try {
    await api.send('DELETE /tokens/{token}', { token: id });
    return true;
  } catch (error) {
    return isError(error, 'not_found');
  }
}

/** Why a token did not get to its reader. */
function reasonFor(error: unknown): string {
  const code = (isError(error) ? undefined : systemCode(error)) ?? (error instanceof Error ? systemCode(error.cause) : undefined);
  if (code === 'EPIPE' || code === 'ECONNRESET') return 'nobody reads the output';
  const known = reasonOf(code);
  if (known) return known;
  if (isError(error)) return error.message.replace(/\.$/, '');
  if (code === undefined) throw error;
  return `it failed with ${code}`;
}
