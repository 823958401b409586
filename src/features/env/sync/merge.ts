/** A value that dnx does not know: the API hides it, or it is a reference that was not resolved. */
export const UNKNOWN = Symbol('unknown');

/** The value of a variable on one side; undefined if it is not there. */
export type Value = string | typeof UNKNOWN | undefined;

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
export type Changed = 'nowhere' | 'here' | 'there' | 'both' | 'unknown';

/** Compares both sides of a variable with the base. Values that are equal count as unchanged, whatever the base says. */
export function changedSince(base: Base, key: string, here: Value, there: Value): Changed {
  if (here === UNKNOWN) return 'unknown';
  if (there === UNKNOWN) return here !== undefined && base.agrees(key, here) ? 'nowhere' : 'unknown';
  if (here === there) return 'nowhere';
  const kept = base.agrees(key, here);
  return kept === base.agrees(key, there) ? 'both' : kept ? 'there' : 'here';
}

/** Which side wins. A named key wins always, `*` in all conflicts. */
export interface Choice {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

/** The side that the user chose for a key. */
export function chosenFor({ ours, theirs }: Choice, key: string, conflict: boolean): 'ours' | 'theirs' | undefined {
  if (ours.includes(key)) return 'ours';
  if (theirs.includes(key)) return 'theirs';
  if (!conflict) return undefined;
  return ours.includes('*') ? 'ours' : theirs.includes('*') ? 'theirs' : undefined;
}

/** Every key of both sides and the base, in the order of the first. */
export const keysOf = (here: Side, there: Side, base: Base): readonly string[] => [
  ...new Set([...here.keys(), ...there.keys(), ...base.keys]),
];
