import { type Base, type Changed, type Choice, changedSince, chosenFor, keysOf, type Side, UNKNOWN, type Value } from './merge.ts';
import type { Plan, Reason, Step } from './plan.ts';

/** What a pull compares. */
export interface PullSides {
  /** The variables of the file. References are unknown values. */
  readonly local: Side;
  readonly remote: Side;
  readonly base: Base;
  readonly choice: Choice;
  /** Overwrite what changed here. Variables that are only here stay. */
  readonly force: boolean;
}

/** Decides what a pull writes into the file: what changed at Deploynix only. Writes nothing. */
export function planPull({ local, remote, base, choice, force }: PullSides): Plan {
  const steps: Step[] = [];
  const equal = new Map<string, string | undefined>();
  for (const key of keysOf(local, remote, base)) {
    const here = local.get(key);
    const there = remote.get(key);
    const changed = changedSince(base, key, here, there);
    if (changed === 'nowhere') {
      if (here !== UNKNOWN) equal.set(key, here);
      continue;
    }
    const chosen = chosenFor(choice, key, changed === 'both') ?? (force ? 'theirs' : undefined);
    // A variable that Deploynix never had is removed only by name.
    const own = there === undefined && base.agrees(key, undefined) && !choice.theirs.includes(key);
    steps.push({ key, ...stepFor(changed, here, there, own ? undefined : chosen) });
  }
  return { steps, equal };
}

function stepFor(changed: Changed, here: Value, there: Value, chosen: ReturnType<typeof chosenFor>): Omit<Step, 'key'> {
  if (there === UNKNOWN) return keep('hidden');
  if (chosen === 'ours') return { ...keep('chosen'), agreed: { value: there } };
  if (chosen === 'theirs' || changed === 'there') return take(here, there);
  if (here === UNKNOWN) return keep('reference');
  if (changed === 'both') return { verb: 'conflict', reason: 'changed on both sides' };
  return keep(here === undefined ? 'removed here' : there === undefined ? 'only here' : 'changed here');
}

function take(here: Value, there: string | undefined): Omit<Step, 'key'> {
  const agreed = { value: there };
  if (there === undefined) return { verb: 'remove', agreed };
  return { verb: here === undefined ? 'add' : 'change', value: there, agreed };
}

const keep = (reason: Reason): Omit<Step, 'key'> => ({ verb: 'keep', reason });
