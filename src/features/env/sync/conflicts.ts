import { cancelled, usage } from '../../../base/errors.ts';
import { didYouMean } from '../../../base/nearest.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Choice, Side } from './plan.ts';
import { counted } from './show.ts';

/** The values of `--ours` and `--theirs`. */
export interface Chosen {
  readonly ours: readonly string[] | undefined;
  readonly theirs: readonly string[] | undefined;
}

/** The sides that the options choose. */
export function choiceOf({ ours = [], theirs = [] }: Chosen): Choice {
  const both = ours.find((key) => theirs.includes(key));
  if (both !== undefined) throw usage(`${both} is given with --ours and with --theirs.`, 'Use only one of them.');
  return { ours, theirs };
}

/** Fails for a chosen key that is on neither side. */
export function requireKnown({ ours, theirs }: Choice, local: ReadonlyMap<string, unknown>, remote: Side): void {
  const missing = [...ours, ...theirs].find((key) => key !== '*' && !local.has(key) && !remote.has(key));
  if (missing === undefined) return;
  throw usage(`Variable '${missing}' not found in the file or at Deploynix.${didYouMean(missing, [...local.keys(), ...remote.keys()])}`);
}

/** Without a record of the last pull, asks once which side all conflicts take. */
export async function askSide({ ask }: Pick<Context, 'ask'>, choice: Choice, count: number, file: string): Promise<Choice> {
  const side = await ask.select<keyof Choice | undefined>(
    `${counted(count)} ${count === 1 ? 'differs' : 'differ'}, and there is no record of the last pull. Use:`,
    [
      { name: `The values in ${file}`, value: 'ours' },
      { name: 'The values at Deploynix', value: 'theirs' },
      { name: 'Cancel', value: undefined },
    ],
  );
  if (side === undefined) throw cancelled();
  return { ...choice, [side]: [...choice[side], '*'] };
}
