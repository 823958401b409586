import { DnxError, isError, type Next, reasonOf, systemCode } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { NetworkFault } from '../../machine/world.ts';
import type { Api, Reply } from '../../platform/api/api.ts';
import { idIn } from '../../platform/names/names.ts';
import { tokenAnswer, tokenId, tokenIn } from './token.ts';

/** A token that was just created and is not stored or printed yet. */
export interface Fresh {
  readonly plain: string;
  /** Undefined if the API does not send it. */
  readonly id: string | undefined;
  readonly name: string;
  /** The API's response, for scripts. */
  readonly answer: object;
}

const seeAll: Next = { command: ['token', 'list', '--audit'], why: 'To review your tokens' };

/** False if a failed POST certainly did nothing, because it was rejected or not sent. */
export function mayHaveActed(error: unknown): boolean {
  if (!isError(error) || error.code === 'usage') return false;
  if (error.cause instanceof NetworkFault) return error.cause.sent;
  return error.status === undefined ? error.code !== 'unauthenticated' : error.status >= 500;
}

/** Creates a token. The error says whether one may exist. */
export async function mint(api: Pick<Api, 'send'>, body: Readonly<Record<string, unknown>>): Promise<Fresh> {
  const name = wordOf(body.name);
  let reply: Reply;
  try {
    reply = await api.send('POST /tokens', {}, { body });
  } catch (error) {
    if (!isError(error) || !mayHaveActed(error)) throw error;
    throw error.withHint(`Token ${name} may have been created, but its value is lost.`, seeAll);
  }
  const known = isObject(reply.data) ? idIn(reply.data.id) : undefined;
  try {
    const plain = tokenIn(reply);
    return { plain, id: known ?? tokenId(plain), name, answer: tokenAnswer(reply) };
  } catch (error) {
    throw await undelivered(api, { id: known, name }, 'Could not read the new token', error);
  }
}

/** Revokes a new token that could not be stored or printed. If that fails, the error says how to revoke it. */
export async function undelivered(
  api: Pick<Api, 'send'>,
  { id, name }: Pick<Fresh, 'id' | 'name'>,
  what: string,
  cause: unknown,
  more = '',
): Promise<DnxError> {
  const gone = id !== undefined && (await isRevoked(api, id));
  const number = id === undefined ? '' : ` (id ${id})`;
  const sentence = gone ? 'The new token was revoked.' : `The new token ${name}${number} still exists.`;
  const next: Next = id === undefined ? seeAll : { command: ['token', 'revoke', id], why: 'Revoke it with' };
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

/** The reason for a failed delivery, as a clause. */
function reasonFor(error: unknown): string {
  const code = (isError(error) ? undefined : systemCode(error)) ?? (error instanceof Error ? systemCode(error.cause) : undefined);
  if (code === 'EPIPE' || code === 'ECONNRESET') return 'the output was closed';
  const known = reasonOf(code);
  if (known) return known;
  if (isError(error)) return error.message.replace(/\.$/, '');
  if (code === undefined) throw error;
  return `it failed with ${code}`;
}
