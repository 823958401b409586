/** Every ability of the API reference, by resource. */
export const vocabulary = {
  server: ['read', 'create', 'update', 'delete'],
  site: ['read', 'create', 'update', 'delete', 'deploy'],
  database: ['read', 'create', 'update', 'delete'],
  crontab: ['read', 'create', 'update', 'delete'],
  daemon: ['read', 'create', 'update', 'delete'],
  'queue-worker': ['read', 'create', 'update', 'delete'],
  redirect: ['read', 'create', 'update', 'delete'],
  'network-rule': ['read', 'create', 'delete'],
  'ssh-key': ['read', 'create', 'delete'],
  certificate: ['read', 'create', 'delete'],
  provider: ['read', 'create', 'update', 'delete'],
} as const;

/** A resource with abilities: `daemon`, `queue-worker`, … */
export type AbilitySubject = keyof typeof vocabulary;

/** An ability, such as `site:deploy`. */
export type Ability = { [S in AbilitySubject]: `${S}:${(typeof vocabulary)[S][number]}` }[AbilitySubject];

/** Every ability, in the order of the API reference. */
export const abilities: readonly string[] = Object.entries(vocabulary).flatMap(([subject, actions]) =>
  actions.map((action) => `${subject}:${action}`),
);
