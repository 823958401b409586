/** What a token may be allowed to do, resource by resource, as the reference's table has it. */
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

/** A resource that has abilities of its own: `daemon`, `queue-worker`, … */
export type Subject = keyof Vocabulary;

/** An ability of the reference, such as `site:deploy`. Another spelling is a compile error. */
export type Ability = { [S in Subject]: `${S}:${Vocabulary[S][number]}` }[Subject];

/** Every ability of the reference, in its order. */
export const abilities: readonly Ability[] = Object.entries(vocabulary).flatMap(([subject, actions]) =>
  actions.map((action) => `${subject}:${action}` as Ability),
);
