/** What happens to a variable. `keep` and `conflict` change nothing. */
export type Verb = 'add' | 'change' | 'remove' | 'keep' | 'conflict';

/** Why a variable is kept or in conflict, as users read it. */
export type Reason =
  | `${'changed' | 'removed'} at Deploynix`
  | `only ${'here' | 'at Deploynix'}`
  | `changed ${'here' | 'on both sides'}`
  | 'removed here only'
  | 'hidden at Deploynix'
  | 'a reference'
  | 'as chosen';

/** What happens to one variable. */
export interface SyncStep {
  readonly key: string;
  readonly verb: Verb;
  /** Of `add` and `change`. */
  readonly value?: string;
  /** Of `keep` and `conflict`. */
  readonly reason?: Reason;
  /** What both sides agree on afterwards; without it, the base of the key stays as it is. */
  readonly agreed?: { readonly value: string | undefined };
}

/** What a pull or push does, as data: computed without a request, shown without values. */
export interface SyncSteps {
  readonly steps: readonly SyncStep[];
  /** The variables that are equal on both sides. They become the base. */
  readonly equal: ReadonlyMap<string, string | undefined>;
}

/** The steps that change something. */
export const changingSteps = ({ steps }: SyncSteps): readonly SyncStep[] =>
  steps.filter(({ verb }) => verb !== 'keep' && verb !== 'conflict');

/** The steps with this verb. */
export const stepsOf = ({ steps }: Pick<SyncSteps, 'steps'>, verb: Verb): readonly SyncStep[] => steps.filter((step) => step.verb === verb);

/** True if both change the same variables in the same way. */
export const sameSteps = (one: SyncSteps, other: SyncSteps): boolean => {
  const told = (sync: SyncSteps) => JSON.stringify(sync.steps.map(({ key, verb, value, reason }) => [key, verb, value, reason]).sort());
  return told(one) === told(other);
};

/** A value that dnx does not know: the API hides it, or it is a reference that was not resolved. */
export const UNKNOWN = Symbol('unknown');

type Value = string | typeof UNKNOWN | undefined;

/** The variables of one side, by key. */
export type Side = ReadonlyMap<string, string | typeof UNKNOWN>;

/** What both sides had in common after the last pull or push. */
export interface Base {
  /** True if the key had this value; undefined: if it was missing on both sides. */
  agrees(key: string, value: string | undefined): boolean;
  /** The keys that were on both sides. */
  readonly keys: readonly string[];
}

/** A base of plain values. Without them, nothing is known, and whatever differs is a conflict. */
export const baseOf = (values: ReadonlyMap<string, string> = new Map()): Base => ({
  agrees: (key, value) => values.get(key) === value,
  keys: [...values.keys()],
});

/** Where a variable changed since the base. `unknown`: it cannot be compared. */
type ChangeOrigin = 'nowhere' | 'here' | 'there' | 'both' | 'unknown';

/** Compares both sides of a variable with the base. Values that are equal count as unchanged, whatever the base says. */
export function changedSince(base: Base, key: string, here: Value, there: Value): ChangeOrigin {
  if (here === UNKNOWN) return 'unknown';
  if (there === UNKNOWN) return here !== undefined && base.agrees(key, here) ? 'nowhere' : 'unknown';
  if (here === there) return 'nowhere';
  const kept = base.agrees(key, here);
  return kept === base.agrees(key, there) ? 'both' : kept ? 'there' : 'here';
}

/** Which side wins. A named key wins always, `*` in all conflicts. */
export interface ConflictChoice {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

function chosenFor({ ours, theirs }: ConflictChoice, key: string, conflict: boolean) {
  if (ours.includes(key)) return 'ours';
  if (theirs.includes(key)) return 'theirs';
  if (!conflict) return undefined;
  return ours.includes('*') ? 'ours' : theirs.includes('*') ? 'theirs' : undefined;
}

/** How each variable of two sides compares. `unknown`: both have it, and a value is hidden. */
export function comparedSides(here: Side, there: Side) {
  return [...new Set([...here.keys(), ...there.keys()])].map((key) => {
    const [ours, theirs] = [here.get(key), there.get(key)];
    const isHidden = ours === UNKNOWN || theirs === UNKNOWN;
    const both = isHidden ? 'unknown' : ours === theirs ? 'equal' : 'changed';
    return { key, change: ours === undefined ? 'only_there' : theirs === undefined ? 'only_here' : both } as const;
  });
}

type StepChoice = ReturnType<typeof chosenFor>;
type Decision = Omit<SyncStep, 'key'>;

interface Sides<L> {
  /** The variables of the file. A pull takes references for unknown values, and a push resolves them. */
  readonly local: ReadonlyMap<string, L>;
  readonly remote: Side;
  readonly base: Base;
  readonly choice: ConflictChoice;
}

/** Decides about each variable that differs. Those that are equal become the base. */
function planOf<L extends string | typeof UNKNOWN>(
  { local, remote, base }: Sides<L>,
  decide: (key: string, changed: ChangeOrigin, here: L | undefined, there: Value) => Decision,
): SyncSteps {
  const steps: SyncStep[] = [];
  const equal = new Map<string, string | undefined>();
  for (const key of new Set([...local.keys(), ...remote.keys(), ...base.keys])) {
    const here = local.get(key);
    const there = remote.get(key);
    const changed = changedSince(base, key, here, there);
    if (changed !== 'nowhere') steps.push({ key, ...decide(key, changed, here, there) });
    else if (here !== UNKNOWN) equal.set(key, here);
  }
  return { steps, equal };
}

const keep = (reason: Reason): Decision => ({ verb: 'keep', reason });

interface PullSides extends Sides<string | typeof UNKNOWN> {
  /** Overwrite what changed here. Variables that are only here stay. */
  readonly force: boolean;
}

/** Decides what a pull writes into the file: what changed at Deploynix only. Writes nothing. */
export const pullSteps = (sides: PullSides): SyncSteps =>
  planOf(sides, (key, changed, here, there) => {
    const { base, choice, force } = sides;
    const chosen = chosenFor(choice, key, changed === 'both') ?? (force ? 'theirs' : undefined);
    // A variable that Deploynix never had is removed only by name.
    const isLocalOnly = there === undefined && base.agrees(key, undefined) && !choice.theirs.includes(key);
    return pullStep(changed, here, there, isLocalOnly ? undefined : chosen);
  });

function pullStep(changed: ChangeOrigin, here: Value, there: Value, choice: StepChoice): Decision {
  if (there === UNKNOWN) return keep('hidden at Deploynix');
  if (choice === 'ours') return { ...keep('as chosen'), agreed: { value: there } };
  if (choice === 'theirs' || changed === 'there') return take(here, there);
  if (here === UNKNOWN) return keep('a reference');
  if (changed === 'both') return { verb: 'conflict', reason: 'changed on both sides' };
  return keep(here === undefined ? 'removed here only' : there === undefined ? 'only here' : 'changed here');
}

function take(here: Value, there: string | undefined): Decision {
  const agreed = { value: there };
  if (there === undefined) return { verb: 'remove', agreed };
  return { verb: here === undefined ? 'add' : 'change', value: there, agreed };
}

/** What a push compares. */
export interface PushSides extends Sides<string> {
  /** Also remove variables that were removed here. */
  readonly prune: boolean;
}

/** Decides what a push sends: what changed here only. Sends nothing. */
export const pushSteps = (sides: PushSides): SyncSteps =>
  planOf(sides, (key, changed, here, there) =>
    pushStep(changed, here, there, sides.prune, chosenFor(sides.choice, key, isConflict(changed, here, sides.prune))),
  );

/** A variable that was removed here does not need a decision, unless it is to be removed there. */
const isConflict = (changed: ChangeOrigin, here: Value, prune: boolean): boolean =>
  changed === 'both' ? here !== undefined || prune : changed === 'unknown' && here !== undefined;

function pushStep(changed: ChangeOrigin, here: string | undefined, there: Value, prune: boolean, choice: StepChoice): Decision {
  if (choice === 'theirs') return keep('as chosen');
  if (choice === 'ours' || changed === 'here') return send(here, there, prune);
  if (changed === 'there')
    return keep(here === undefined ? 'only at Deploynix' : there === undefined ? 'removed at Deploynix' : 'changed at Deploynix');
  if (!isConflict(changed, here, prune)) return keep(there === UNKNOWN ? 'only at Deploynix' : 'removed here only');
  return { verb: 'conflict', reason: changed === 'unknown' ? 'hidden at Deploynix' : 'changed on both sides' };
}

function send(here: string | undefined, there: Value, prune: boolean): Decision {
  if (here === undefined) return prune ? { verb: 'remove', agreed: { value: undefined } } : keep('removed here only');
  return { verb: there === undefined ? 'add' : 'change', value: here, agreed: { value: here } };
}
