import { type Base, type Changed, changedSince, keysOf, type Side, UNKNOWN, type Value } from './merge.ts';
import type { Plan, Reason, Step } from './plan.ts';

/** What happens to a variable. */
export type Decision = Omit<Step, 'key'>;

/** What is compared. */
interface Sides<L> {
  readonly local: ReadonlyMap<string, L>;
  readonly remote: Side;
  readonly base: Base;
}

/** Decides about each variable that differs. Those that are equal become the base. */
export function planOf<L extends string | typeof UNKNOWN>(
  { local, remote, base }: Sides<L>,
  decide: (key: string, changed: Changed, here: L | undefined, there: Value) => Decision,
): Plan {
  const steps: Step[] = [];
  const equal = new Map<string, string | undefined>();
  for (const key of keysOf(local, remote, base)) {
    const here = local.get(key);
    const there = remote.get(key);
    const changed = changedSince(base, key, here, there);
    if (changed !== 'nowhere') steps.push({ key, ...decide(key, changed, here, there) });
    else if (here !== UNKNOWN) equal.set(key, here);
  }
  return { steps, equal };
}

/** A variable that stays as it is on both sides. */
export const keep = (reason: Reason): Decision => ({ verb: 'keep', reason });
