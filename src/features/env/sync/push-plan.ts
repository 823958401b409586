import { type Base, type Changed, type Choice, chosenFor, type Side, UNKNOWN, type Value } from './merge.ts';
import type { Plan } from './plan.ts';
import { type Decision, keep, planOf } from './plan-of.ts';

/** What a push compares. */
export interface PushSides {
  /** The variables of the file, with references resolved. */
  readonly local: ReadonlyMap<string, string>;
  /** The variables at Deploynix. */
  readonly remote: Side;
  readonly base: Base;
  readonly choice: Choice;
  /** Also remove variables that were removed here. */
  readonly prune: boolean;
}

/** Decides what a push sends: what changed here only. Sends nothing. */
export const planPush = ({ choice, prune, ...sides }: PushSides): Plan =>
  planOf(sides, (key, changed, here, there) =>
    stepFor(changed, here, there, { prune, chosen: chosenFor(choice, key, isConflict(changed, here, prune)) }),
  );

/** A variable that was removed here does not need a decision, unless it is to be removed there. */
const isConflict = (changed: Changed, here: Value, prune: boolean): boolean =>
  changed === 'both' ? here !== undefined || prune : changed === 'unknown' && here !== undefined;

interface Wanted {
  readonly prune: boolean;
  readonly chosen: ReturnType<typeof chosenFor>;
}

function stepFor(changed: Changed, here: string | undefined, there: Value, { prune, chosen }: Wanted): Decision {
  if (chosen === 'theirs') return keep('chosen');
  if (chosen === 'ours' || changed === 'here') return send(here, there, prune);
  if (changed === 'there') return keep(here === undefined ? 'only there' : there === undefined ? 'removed there' : 'changed there');
  if (!isConflict(changed, here, prune)) return keep(there === UNKNOWN ? 'only there' : 'removed here');
  return { verb: 'conflict', reason: changed === 'unknown' ? 'hidden' : 'changed on both sides' };
}

function send(here: string | undefined, there: Value, prune: boolean): Decision {
  if (here === undefined) return prune ? { verb: 'remove', agreed: { value: undefined } } : keep('removed here');
  return { verb: there === undefined ? 'add' : 'change', value: here, agreed: { value: here } };
}
