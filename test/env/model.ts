import fc from 'fast-check';

/** One thing that happens in a history. Two people, 0 and 1, have a file each. */
export type Event =
  | { readonly do: 'edit'; readonly who: number; readonly key: string; readonly value: string | undefined }
  | { readonly do: 'dashboard'; readonly key: string; readonly value: string | undefined }
  | {
      readonly do: 'pull';
      readonly who: number;
      readonly force: boolean;
      readonly ours: readonly string[];
      readonly theirs: readonly string[];
    }
  | {
      readonly do: 'push';
      readonly who: number;
      readonly prune: boolean;
      readonly ours: readonly string[];
      readonly theirs: readonly string[];
    }
  | { readonly do: 'lose base'; readonly who: number }
  | { readonly do: 'delete file'; readonly who: number };

export type PullEvent = Extract<Event, { readonly do: 'pull' }>;
export type PushEvent = Extract<Event, { readonly do: 'push' }>;

/** The variables of one place. */
export type Values = Readonly<Record<string, string>>;

/** A person: a file, and what it had in common with Deploynix after the last pull or push. */
export interface Person {
  readonly file: Values | undefined;
  readonly common: Values;
}

/** What is where. */
export interface World {
  readonly people: readonly Person[];
  readonly site: Values;
}

export const KEYS = ['A', 'B', 'C'] as const;
export const nothing: World = { people: [0, 1].map(() => ({ file: undefined, common: {} })), site: {} };

/** The values of a key that a person has to do with. */
interface Three {
  readonly mine: string | undefined;
  readonly common: string | undefined;
  readonly theirs: string | undefined;
}

/** Says who wins; `stop` if nobody may. */
type Winner = 'mine' | 'theirs' | 'neither' | 'stop';

/** The rules of a push, one key at a time. */
export function pushed(
  { mine, common, theirs }: Three,
  named: 'ours' | 'theirs' | undefined,
  any: 'ours' | 'theirs' | undefined,
  prune: boolean,
): Winner {
  if (mine === theirs) return 'neither';
  if (named === 'theirs') return 'neither';
  const removes = mine === undefined;
  if (named === 'ours') return removes && !prune ? 'neither' : 'mine';
  // Untouched here: nothing to send. Removed here: only with --prune.
  if (mine === common || (removes && !prune)) return 'neither';
  if (theirs === common) return 'mine';
  return any === 'ours' ? 'mine' : any === 'theirs' ? 'neither' : 'stop';
}

/** The rules of a pull, one key at a time. */
export function pulled(
  { mine, common, theirs }: Three,
  named: 'ours' | 'theirs' | undefined,
  any: 'ours' | 'theirs' | undefined,
  force: boolean,
): Winner {
  if (mine === theirs) return 'neither';
  if (named === 'theirs') return 'theirs';
  if (named === 'ours') return 'mine';
  // Never at Deploynix: local only.
  if (theirs === undefined && common === undefined) return 'neither';
  const conflict = mine !== common && theirs !== common;
  if (conflict && any === 'ours') return 'mine';
  if (force || mine === common || (conflict && any === 'theirs')) return 'theirs';
  return conflict ? 'stop' : 'neither';
}

const namedBy = ({ ours, theirs }: Pick<PullEvent, 'ours' | 'theirs'>, key: string) =>
  ours.includes(key) ? 'ours' : theirs.includes(key) ? 'theirs' : undefined;

/** The world after an event, and whether it was refused as a conflict. */
export function after(world: World, event: Event): { readonly world: World; readonly conflict: boolean } {
  switch (event.do) {
    case 'dashboard':
      return { world: { ...world, site: put(world.site, event.key, event.value) }, conflict: false };
    case 'edit':
      return person(world, event.who, ({ file = {}, common }) => ({ file: put(file, event.key, event.value), common }));
    case 'lose base':
      return person(world, event.who, ({ file }) => ({ file, common: {} }));
    case 'delete file':
      return person(world, event.who, ({ common }) => ({ file: undefined, common }));
    default:
      return merged(world, event);
  }
}

function merged(world: World, event: PullEvent | PushEvent): { readonly world: World; readonly conflict: boolean } {
  const { file, common } = world.people[event.who] as Person;
  // Nothing to push. A pull writes a new file, whatever was there before.
  if (event.do === 'push' && file === undefined) return { world, conflict: false };
  let [mine, known, site]: Values[] = [file ?? {}, file === undefined ? {} : common, world.site] as const;
  let [before, conflict]: [Values, boolean] = [{ ...known }, false];
  const any = event.ours.includes('*') ? 'ours' : event.theirs.includes('*') ? 'theirs' : undefined;
  for (const key of KEYS) {
    const three: Three = { mine: mine[key], common: known[key], theirs: site[key] };
    const named = namedBy(event, key);
    const winner = event.do === 'push' ? pushed(three, named, any, event.prune) : pulled(three, named, any, event.force);
    if (winner === 'stop') conflict = true;
    if (three.mine === three.theirs) before = put(before, key, three.mine);
    if (event.do === 'push' && winner === 'mine') [site, before] = [put(site, key, three.mine), put(before, key, three.mine)];
    if (event.do === 'pull' && winner === 'theirs') [mine, before] = [put(mine, key, three.theirs), put(before, key, three.theirs)];
    // The user saw the other value, and decided against it.
    if (event.do === 'pull' && winner === 'mine') before = put(before, key, three.theirs);
  }
  if (conflict) return { world, conflict };
  const created = file === undefined && Object.keys(mine).length === 0;
  const next = { ...world, site };
  return person(next, event.who, (old) => (created ? old : { file: mine, common: before }));
}

const person = (world: World, who: number, change: (person: Person) => Person) => ({
  world: { ...world, people: world.people.map((each, index) => (index === who ? change(each) : each)) },
  conflict: false,
});

function put(values: Values, key: string, value: string | undefined): Values {
  const { [key]: _, ...others } = values;
  return value === undefined ? others : { ...others, [key]: value };
}

const who = fc.integer({ min: 0, max: 1 });
const key = fc.constantFrom(...KEYS);
const some = fc.oneof(
  { arbitrary: fc.constant<readonly string[]>([]), weight: 4 },
  { arbitrary: fc.uniqueArray(fc.constantFrom(...KEYS, '*'), { maxLength: 2 }), weight: 1 },
);
const sides = fc
  .tuple(some, some)
  .map(([ours, theirs]) => ({ ours, theirs: theirs.filter((each) => !(ours as readonly string[]).includes(each)) }));
const rarely = fc.integer({ min: 0, max: 5 }).map((chance) => chance === 0);

/** A history. `fresh`: no value is ever used twice; otherwise only a few values exist, so that changes are undone. */
export const histories = (fresh: boolean): fc.Arbitrary<readonly Event[]> => {
  const value = fresh ? fc.constant('new') : fc.constantFrom('1', '2');
  const change = fc.oneof({ arbitrary: value, weight: 3 }, { arbitrary: fc.constant(undefined), weight: 1 });
  const event: fc.Arbitrary<Event> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('edit' as const), who, key, value: change }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('dashboard' as const), key, value: change }) },
    { weight: 4, arbitrary: fc.tuple(who, rarely, sides).map(([one, force, both]) => ({ do: 'pull' as const, who: one, force, ...both })) },
    {
      weight: 4,
      arbitrary: fc.tuple(who, fc.boolean(), sides).map(([one, prune, both]) => ({ do: 'push' as const, who: one, prune, ...both })),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('lose base' as const, 'delete file' as const), who }) },
  );
  return fc
    .array(event, { minLength: 3, maxLength: 25 })
    .map((events) => events.map((each, index) => ('value' in each && each.value === 'new' ? { ...each, value: `v${index}` } : each)));
};
