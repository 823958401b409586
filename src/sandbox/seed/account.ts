import { hash } from '../auth.ts';
import type { Token, User } from '../records.ts';
import type { State } from '../state.ts';
import { seedId } from './ids.ts';
import { type Calendar, calendar } from './stamp.ts';

/** The owner of the seed's organization. */
export const SEED_EMAIL = 'ada@example.com';

/** The password of every seed user. */
export const SEED_PASSWORD = 'correct horse battery staple';

/** A member with read-only access. */
export const VIEWER_EMAIL = 'grace@example.com';

/** The owner's token with every ability. It is valid whenever the sandbox starts. */
export const SEED_TOKEN = '1|0000000000sandbox0every0ability0000000000';

const OWNER_ID = seedId('VSER', 1);

/** The members of the organization. */
export const users = (): User[] => [
  { id: OWNER_ID, name: 'Ada Lovelace', email: SEED_EMAIL, password: SEED_PASSWORD, role: 'owner' },
  { id: seedId('VSER', 2), name: 'Grace Hopper', email: VIEWER_EMAIL, password: SEED_PASSWORD, role: 'viewer' },
];

/** The owner's tokens: the one in use, one unused for months, one never used, and two with the same name. */
export function tokens({ ago }: Calendar): Token[] {
  const token = (id: number, name: string, abilities: string[], created: number, used: number | null): Token => ({
    id,
    user_id: OWNER_ID,
    name,
    abilities,
    // No secret has this hash: these tokens can only be listed and deleted.
    hash: '',
    last_used_at: used === null ? null : ago(used),
    created_at: ago(created),
  });
  return [
    seedToken(ago(400)),
    token(2, 'GitHub Actions', ['site:deploy'], 210, 0.3),
    token(3, 'Old laptop', ['*'], 390, 127),
    token(4, 'Grafana', ['server:read', 'site:read', 'database:read'], 45, null),
    token(5, 'API Login', ['*'], 30, 12),
    token(6, 'API Login', ['*'], 3, 1.5),
  ];
}

/** Restores the owner and the seed token if they are missing in a saved state. */
export function ensureOwner(state: State, now: number): void {
  if (!state.users.some((user) => user.id === OWNER_ID)) state.users.unshift(...users().slice(0, 1));
  if (!state.tokens.some((token) => token.id === 1)) state.tokens.unshift(seedToken(calendar(now).ago(0)));
}

const seedToken = (created_at: string): Token => ({
  id: 1,
  user_id: OWNER_ID,
  name: 'Sandbox',
  abilities: ['*'],
  hash: hash(SEED_TOKEN.slice(SEED_TOKEN.indexOf('|') + 1)),
  last_used_at: null,
  created_at,
});
