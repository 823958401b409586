import { hash as digest, randomBytes } from 'node:crypto';
import type { Ability } from '../base/abilities.ts';
import type { TokenRow, User } from './records.ts';
import { ApiRefusal, forbidden } from './response.ts';
import type { State } from './state.ts';
import { timestamp } from './time.ts';

interface Bearer {
  readonly me: User;
  readonly current: TokenRow;
}

/** The stored hash of a token's secret. */
export const hash = (secret: string): string => digest('sha256', secret);

/** Creates a token. Its plain text, `17|abc…`, is not stored. */
export function issue(
  state: State,
  user: User,
  name: string,
  abilities: readonly string[],
  now: number,
): { token: TokenRow; plain: string } {
  const secret = randomBytes(20).toString('hex');
  const token: TokenRow = {
    id: state.next_token_id++,
    user_id: user.id,
    name,
    abilities: [...abilities],
    hash: hash(secret),
    last_used_at: null,
    created_at: timestamp(now),
  };
  state.tokens.push(token);
  return { token, plain: `${token.id}|${secret}` };
}

/** The token in an Authorization header. As in Sanctum, the part before the pipe is its id. */
export function identify(state: State, authorization: string | null): Bearer | undefined {
  const plain = /^Bearer\s+(.+)$/i.exec(authorization ?? '')?.[1];
  if (plain === undefined) return undefined;
  const pipe = plain.indexOf('|');
  const secret = hash(plain.slice(pipe + 1));
  const current = state.tokens.find((token) => token.hash === secret && (pipe < 0 || String(token.id) === plain.slice(0, pipe)));
  const me = state.users.find((user) => user.id === current?.user_id);
  return current && me && { me, current };
}

/** The user and token of a request, or a 401. */
export function authenticate(state: State, authorization: string | null, now: number): Bearer {
  const bearer = identify(state, authorization);
  if (bearer === undefined) throw new ApiRefusal(401, 'Unauthenticated.');
  bearer.current.last_used_at = timestamp(now);
  return bearer;
}

/** Throws a 403 if the plan, the token or the user's role does not allow the operation. */
export function authorize(state: State, { me, current }: Bearer, ability: Ability | undefined): void {
  if (!state.plan.api_access) throw forbidden(`API access is not available on the ${state.plan.name} plan. Please upgrade your plan.`);
  if (ability === undefined) return;
  if (!current.abilities.includes('*') && !current.abilities.includes(ability)) throw forbidden('Invalid ability provided.');
  if (me.role === 'viewer' && !ability.endsWith(':read')) throw forbidden('This action is unauthorized.');
}
