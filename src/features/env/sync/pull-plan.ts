import { type Base, type Changed, type Choice, chosenFor, type Side, UNKNOWN, type Value } from './merge.ts';
import type { Plan } from './plan.ts';
import { type Decision, keep, planOf } from './plan-of.ts';

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
export const planPull = ({ base, choice, force, ...sides }: PullSides): Plan =>
  planOf({ ...sides, base }, (key, changed, here, there) => {
    const chosen = chosenFor(choice, key, changed === 'both') ?? (force ? 'theirs' : undefined);
    // A variable that Deploynix never had is removed only by name.
    const own = there === undefined && base.agrees(key, undefined) && !choice.theirs.includes(key);
    return stepFor(changed, here, there, own ? undefined : chosen);
  });

function stepFor(changed: Changed, here: Value, there: Value, chosen: ReturnType<typeof chosenFor>): Decision {
  if (there === UNKNOWN) return keep('hidden');
  if (chosen === 'ours') return { ...keep('chosen'), agreed: { value: there } };
  if (chosen === 'theirs' || changed === 'there') return take(here, there);
  if (here === UNKNOWN) return keep('reference');
  if (changed === 'both') return { verb: 'conflict', reason: 'changed on both sides' };
  return keep(here === undefined ? 'removed here' : there === undefined ? 'only here' : 'changed here');
}

function take(here: Value, there: string | undefined): Decision {
  const agreed = { value: there };
  if (there === undefined) return { verb: 'remove', agreed };
  return { verb: here === undefined ? 'add' : 'change', value: there, agreed };
}
