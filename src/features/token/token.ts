import { abilities as all } from '../../base/abilities.ts';
import { DnxError, isError, type Next, orError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { DAY, shownTime, timeOf } from '../../base/time.ts';
import type { Tokens } from '../../machine/credentials/tokens.ts';
import { leaseEnd } from '../../machine/lease.ts';
import type { Api, Reply } from '../../platform/api/api.ts';

/** A token as the API lists it, without its plain text. */
export interface Token {
  readonly id: number | string;
  readonly name: string;
  readonly abilities?: readonly string[];
  readonly last_used_at?: string | null;
  readonly created_at?: string;
}

/** The id of a plain-text token: stock tokens look like `17|abc…`. Undefined for any other kind. */
export const tokenId = (plain: string): string | undefined => /^(\w+)\|/.exec(plain)?.[1];

/** The fields that may hold the plain text of a new token. */
export const PLAIN_TOKEN = ['token', 'access_token', 'plain_text_token', 'plainTextToken'];

/** The plain-text token in the response to a login or a create. */
export function tokenIn(reply: Reply): string {
  for (const place of [reply.body, reply.data]) {
    if (!isObject(place)) continue;
    for (const field of PLAIN_TOKEN) {
      const value = place[field];
      if (typeof value === 'string' && value !== '') return value;
    }
  }
  throw new DnxError('failed', 'Deploynix returned no token.', {
    next: [{ command: ['login', '--with-token'], why: 'Create one in the dashboard, then run' }],
  });
}

/** Reads the details of a plain-text token, found by its id. Undefined if it is not listed. */
export async function listedToken(api: Pick<Api, 'list'>, plain: string): Promise<Token | undefined> {
  const id = tokenId(plain);
  return id === undefined ? undefined : (await api.list<Token>('GET /tokens')).find((token) => wordOf(token.id) === id);
}

/** Like `listedToken`, but undefined if the API refuses the list. */
export async function tokenDetails(api: Pick<Api, 'list'>, plain: string): Promise<Token | undefined> {
  const found = await orError(listedToken(api, plain));
  return isError(found) ? undefined : found;
}

/** The response to a create as one object. The token may be in `data` or next to it. */
export function tokenAnswer({ body, data }: Reply): object {
  const { data: _, ...beside } = isObject(body) ? body : {};
  return isObject(data) ? { ...data, ...(data === body ? {} : beside) } : beside;
}

/** The user of the token of this API, by email address or name. */
export async function userOf(api: Pick<Api, 'send'>): Promise<string | undefined> {
  const { data } = await api.send('GET /user');
  return isObject(data) ? wordOf(data.email ?? data.name) || undefined : undefined;
}

/** Revokes the token of this API with itself. Resolves to the error if it may still work. */
export async function revokeItself(api: Pick<Api, 'send'>): Promise<DnxError | undefined> {
  try {
    await api.send('POST /logout');
    return undefined;
  } catch (error) {
    if (!isError(error)) throw error;
    return error.code === 'unauthenticated' ? undefined : error;
  }
}

/** Forgets a token after its revocation. A keychain that refuses fails with what was done, as a sentence, and how to finish. */
export async function forgetRevoked(tokens: Pick<Tokens, 'forget'>, sentence: string, finish: Next): Promise<boolean> {
  try {
    return await tokens.forget();
  } catch (error) {
    throw isError(error) ? error.withHint([sentence, error.hint].filter(Boolean).join('\n'), finish, ...error.next) : error;
  }
}

const UNUSED_DAYS = 90;
type TokenAudit = Token & { readonly audit: readonly string[] };

/** Flags tokens that have every ability (except that with the id `inUse`), are unused for 90 days, were never used, or share a name; and leases. */
export const auditTokens = (tokens: readonly Token[], now: number, inUse: string | undefined): TokenAudit[] =>
  tokens.map((token) => ({ ...token, audit: [...flags(token, tokens, now, inUse)] }));

const LEASED = 'lease';
const OVERDUE = 'overdue lease';

/** True if a token needs attention: a lease that is not over does not. */
export const needsAttention = ({ audit }: TokenAudit): boolean => audit.some((flag) => !flag.startsWith(`${LEASED},`));

function* flags(token: Token, tokens: readonly Token[], now: number, inUse: string | undefined): Iterable<string> {
  const end = leaseEnd(wordOf(token.name));
  if (end !== undefined) return yield `${end < now ? OVERDUE : LEASED}, until ${shownTime(new Date(end).toISOString())}`;
  if (hasEverything(token.abilities) && wordOf(token.id) !== inUse) yield 'has every ability';
  if (token.last_used_at === null) yield 'never used';
  else if (token.last_used_at !== undefined) {
    const days = Math.floor((now - (timeOf(token.last_used_at) ?? now)) / DAY);
    if (days >= UNUSED_DAYS) yield `unused for ${days} days`;
  }
  const twins = tokens.filter((other) => other !== token && other.name === token.name).map(({ id }) => `#${wordOf(id)}`);
  if (twins.length > 0) yield `same name as ${twins.join(', ')}`;
}

/** True for `*`, and for a list of all abilities. */
export const hasEverything = (abilities: unknown): boolean =>
  Array.isArray(abilities) && (abilities.includes('*') || all.every((ability) => abilities.includes(ability)));
