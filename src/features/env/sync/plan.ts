/** What happens to a variable. `keep` and `conflict` change nothing. */
export type Verb = 'add' | 'change' | 'remove' | 'keep' | 'conflict';

/** Why a variable is kept or in conflict. `here` is the file, `there` is Deploynix. */
export type Reason =
  | 'changed here'
  | 'changed there'
  | 'changed on both sides'
  | 'removed here'
  | 'removed there'
  | 'only here'
  | 'only there'
  | 'hidden'
  | 'reference'
  | 'chosen';

/** What happens to one variable. */
export interface Step {
  readonly key: string;
  readonly verb: Verb;
  /** Of `add` and `change`. */
  readonly value?: string;
  /** Of `keep` and `conflict`. */
  readonly reason?: Reason;
  /** What both sides agree on afterwards; without it, the base of the key stays as it is. */
  readonly agreed?: Agreed;
}

/** A value on which both sides agree; undefined if the variable is gone. */
export interface Agreed {
  readonly value: string | undefined;
}

/** What a pull or push does, as data: computed without a request, shown without values. */
export interface Plan {
  readonly steps: readonly Step[];
  /** The variables that are equal on both sides. They become the base. */
  readonly equal: ReadonlyMap<string, string | undefined>;
}

/** The steps that change something. */
export const changesOf = ({ steps }: Plan): readonly Step[] => steps.filter(({ verb }) => verb !== 'keep' && verb !== 'conflict');

/** The steps with this verb. */
export const stepsOf = ({ steps }: Pick<Plan, 'steps'>, verb: Verb): readonly Step[] => steps.filter((step) => step.verb === verb);

/** True if two plans change the same variables in the same way. */
export const samePlan = (one: Plan, other: Plan): boolean => {
  const told = (plan: Plan) => JSON.stringify(plan.steps.map(({ key, verb, value, reason }) => [key, verb, value, reason]).sort());
  return told(one) === told(other);
};
