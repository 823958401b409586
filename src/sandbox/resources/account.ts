import { z } from 'zod';
import { abilities } from '../abilities.ts';
import { issue } from '../auth.ts';
import { showing } from '../crud.ts';
import { listed } from '../http/paging.ts';
import { invalid, notFound } from '../http/refusal.ts';
import { created, gone, ok } from '../http/response.ts';
import { remove } from '../models.ts';
import { type Operation, openOperation, operation } from '../operation.ts';
import type { Token, User } from '../records.ts';
import { text, verbatim } from '../rules.ts';

const present = showing<Token>('id', 'name', 'abilities', 'last_used_at', 'created_at');
const presentUser = showing<User>('id', 'name', 'email');
const chosen = { abilities: z.array(z.enum(abilities)).optional() };
const EVERY_ABILITY = ['*'];

/** The user and their tokens. The plain text of a token is sent once, as `token` next to `user` or `data`. */
export const account: Operation[] = [
  openOperation(
    'POST /login',
    ({ state, now, input }) => {
      const user = state.users.find(({ email, password }) => email === input.email && password === input.password);
      if (user === undefined) throw invalid({ email: ['These credentials do not match our records.'] });
      const { plain } = issue(state, user, 'API Login', input.abilities ?? EVERY_ABILITY, now);
      return { status: 200, headers: {}, body: { token: plain, user: presentUser(user) } };
    },
    { body: { email: text(), password: verbatim(), ...chosen }, limit: 'login' },
  ),
  operation('POST /logout', undefined, ({ state, current }) => {
    remove(state, 'token', current);
    return { status: 200, headers: {}, body: { message: 'Logged out.' } };
  }),
  operation('GET /user', undefined, ({ me }) => ok(presentUser(me))),
  operation(
    'GET /tokens',
    undefined,
    (request) => {
      const mine = request.state.tokens.filter((token) => token.user_id === request.me.id);
      return listed(request, mine, present);
    },
    { paged: true },
  ),
  operation(
    'POST /tokens',
    undefined,
    ({ state, now, me, input }) => {
      const { token, plain } = issue(state, me, input.name, input.abilities ?? EVERY_ABILITY, now);
      return created(present(token), { token: plain });
    },
    { body: { name: text(), ...chosen }, limit: 'token-creation' },
  ),
  operation('DELETE /tokens/{token}', undefined, ({ state, me }, { token }) => {
    if (token.user_id !== me.id) throw notFound('PersonalAccessToken', String(token.id));
    remove(state, 'token', token);
    return gone();
  }),
];
