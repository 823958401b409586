import { z } from 'zod';
import { allAbilities, issue } from '../auth.ts';
import { listResponse, showing } from '../crud.ts';
import { openOperation, operation, type SandboxOperation } from '../operation.ts';
import type { TokenRow, User } from '../records.ts';
import { createdResponse, gone, invalid, notFoundRefusal, okResponse } from '../response.ts';
import { textRule, verbatim } from '../rules.ts';
import { removeRow } from '../state.ts';

const present = showing<TokenRow>('id', 'name', 'abilities', 'last_used_at', 'created_at');
const presentUser = showing<User>('id', 'name', 'email');
const chosen = { abilities: z.array(z.enum(allAbilities)).optional() };
const EVERY_ABILITY = ['*'];

/** The user and their tokens. The plain text of a token is sent once, as `token` next to `user` or `data`. */
export const account: SandboxOperation[] = [
  openOperation(
    'POST /login',
    ({ state, now, input }) => {
      const user = state.users.find(({ email, password }) => email === input.email && password === input.password);
      if (user === undefined) throw invalid({ email: ['These credentials do not match our records.'] });
      const { plain } = issue(state, user, 'API Login', input.abilities ?? EVERY_ABILITY, now);
      return { status: 200, headers: {}, body: { token: plain, user: presentUser(user) } };
    },
    { body: { email: textRule(), password: verbatim(), ...chosen }, limit: 'login' },
  ),
  operation('POST /logout', undefined, ({ state, current }) => {
    removeRow(state, 'token', current);
    return { status: 200, headers: {}, body: { message: 'Logged out.' } };
  }),
  operation('GET /user', undefined, ({ me }) => okResponse(presentUser(me))),
  operation(
    'GET /tokens',
    undefined,
    (request) => {
      const mine = request.state.tokens.filter((token) => token.user_id === request.me.id);
      return listResponse(request, mine, present);
    },
    { paged: true },
  ),
  operation(
    'POST /tokens',
    undefined,
    ({ state, now, me, input }) => {
      const { token, plain } = issue(state, me, input.name, input.abilities ?? EVERY_ABILITY, now);
      return createdResponse(present(token), { token: plain });
    },
    { body: { name: textRule(), ...chosen }, limit: 'token-creation' },
  ),
  operation('DELETE /tokens/{token}', undefined, ({ state, me }, { token }) => {
    if (token.user_id !== me.id) throw notFoundRefusal('PersonalAccessToken', String(token.id));
    removeRow(state, 'token', token);
    return gone();
  }),
];
