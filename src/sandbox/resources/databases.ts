import { randomBytes } from 'node:crypto';
import { crud, showing } from '../crud.ts';
import type { SandboxOperation } from '../operation.ts';
import type { Database, DatabaseUser } from '../records.ts';
import { patternRule, textRule, unique } from '../rules.ts';
import { type State, scheduleChange } from '../state.ts';
import { touch } from '../time.ts';

const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** Databases of a server, and their users. */
export const databases: SandboxOperation[] = [
  ...crud({
    noun: 'database',
    path: '/servers/{server}/databases',
    ability: 'database',
    verbs: ['list', 'show', 'create', 'delete'],
    present: showing<Database>('id', 'name', 'status', 'size', 'created_at'),
    fields: { name: patternRule(IDENTIFIER, 64) },
    fresh: (_, { state }) => ({ status: state.unstated?.databaseCreates === undefined ? 'active' : 'creating', size: 0 }),
    afterCreate({ id }, { state, now }) {
      const ms = state.unstated?.databaseCreates;
      if (ms !== undefined) scheduleChange(state, now + ms, 'database.created', id);
    },
    deleted: 'database.deleted',
    check: ({ name }, { siblings }) => unique(siblings, 'name', name),
  }),
  ...crud({
    noun: 'user',
    path: '/servers/{server}/databases/{database}/users',
    ability: 'database',
    present: showing<DatabaseUser>('id', 'username', 'created_at'),
    fields: { username: patternRule(IDENTIFIER, 32), password: textRule().optional() },
    changeable: ['password'],
    check: ({ username }, { siblings }) => unique(siblings, 'username', username),
    // A generated password is shown only once (assumed).
    shownOnce: ({ password }) => (password === undefined ? { password: randomBytes(12).toString('hex') } : {}),
  }),
];

/** Finishes the creation of a database. */
export function databaseCreated(_: State, database: Database, at: number): void {
  touch(database, at, { status: 'active' });
}
