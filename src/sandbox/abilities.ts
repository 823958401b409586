/** The abilities of a token by resource, as in the API reference. */
const vocabulary = {
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

type Vocabulary = typeof vocabulary;

/** A resource with abilities: `daemon`, `queue-worker`, … */
export type Subject = keyof Vocabulary;

/** An ability of the API reference, such as `site:deploy`. */
export type Ability = { [S in Subject]: `${S}:${Vocabulary[S][number]}` }[Subject];

/** Every ability, in the order of the API reference. */
export const abilities: readonly Ability[] = Object.entries(vocabulary).flatMap(([subject, actions]) =>
  actions.map((action) => `${subject}:${action}` as Ability),
);
