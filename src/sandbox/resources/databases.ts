import { randomBytes } from 'node:crypto';
import { ulid } from 'ulid';
import { crud, showing } from '../crud.ts';
import { operation, type SandboxOperation } from '../operation.ts';
import type { Database, DatabaseUser } from '../records.ts';
import { createdResponse, okResponse } from '../response.ts';
import { patternRule, textRule, unique } from '../rules.ts';
import { stampsAt, touch } from '../time.ts';

const IDENTIFIER = /^[A-Za-z_]\w*$/;
const users = '/servers/{server}/databases/{database}/users';
const presentUser = showing<DatabaseUser>('id', 'username', 'created_at');
const password = textRule().optional();

/** Databases of a server, and their users. */
export const databases: SandboxOperation[] = [
  ...crud({
    noun: 'database',
    path: '/servers/{server}/databases',
    ability: 'database',
    verbs: ['list', 'show', 'create', 'delete'],
    present: showing<Database>('id', 'name', 'status', 'size', 'created_at'),
    fields: { name: patternRule(IDENTIFIER, 64) },
    fresh: () => ({ status: 'active', size: 0 }),
    check: ({ name }, { siblings }) => unique(siblings, 'name', name),
  }),
  ...crud({
    noun: 'user',
    path: users,
    ability: 'database',
    verbs: ['list', 'show', 'delete'],
    present: presentUser,
  }),
  operation(
    `POST ${users}`,
    'database:create',
    ({ state, now, input }, { database }) => {
      unique(
        state.database_users.filter((user) => user.database_id === database.id),
        'username',
        input.username,
      );
      const user: DatabaseUser = { id: ulid(now), database_id: database.id, username: input.username, ...stampsAt(now) };
      state.database_users.push(user);
      // A generated password is shown only here (assumed).
      return createdResponse(
        input.password === undefined ? { ...presentUser(user), password: randomBytes(12).toString('hex') } : presentUser(user),
      );
    },
    { body: { username: patternRule(IDENTIFIER, 32), password } },
  ),
  operation(`PUT ${users}/{user}`, 'database:update', ({ now }, { user }) => okResponse(presentUser(touch(user, now))), {
    body: { password },
  }),
];
