import { cancelled, isError } from '../../base/errors.ts';
import { capitalized, title } from '../../base/text.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import { onlyReads } from '../language/calls.ts';
import type { Context } from '../language/command.ts';
import { callsOf, type Invocation } from './invocation.ts';
import { verbOf } from './pick.ts';

/**
 * Asks what a word meant that names nothing, or several things: `Did you mean 'shop.example.com'?`. Returns the command line and the scope
 * that name it. For a command that changes something, just enter is no.
 */
export async function corrected<S extends Scope>(
  error: unknown,
  line: Invocation,
  scope: S,
  { ask, progress }: Pick<Context, 'ask' | 'progress'>,
) {
  if (!isError(error, 'not_found', 'ambiguous') || !error.meant) throw error;
  const { noun, word, choices } = error.meant;
  // The word may have come from the settings.
  const typed = line.destination?.parent ?? noun;
  const given = line.targets[typed] ?? [];
  const [near] = choices;
  if (!near || !given.includes(word)) throw error;
  const isAmbiguous = error.code === 'ambiguous';
  if (!isAmbiguous) {
    const [missing = '', question = ''] = error.message.split(/ (?=Did you mean )/);
    progress.warn(missing);
    if (!(await ask.confirm(question, onlyReads(callsOf(line, scope.settings))))) throw cancelled();
  }
  const chosen = isAmbiguous
    ? await ask.select(
        capitalized(`${verbOf(line)} which ${title(noun)}?`.trim()),
        choices.map((choice) => ({ name: choice.name, value: choice })),
        { filter: true },
      )
    : near;
  const { [typed]: _, ...others } = line.targets;
  return {
    typed: {
      ...line,
      targets: { ...others, [noun]: given.map((each) => (each === word ? chosen.word : each)) },
      ...(line.destination && { destination: { parent: noun as 'server' | 'site', certain: true } }),
    },
    // Of several, each is looked up by its word.
    scope: given.length === 1 && chosen.targets ? { ...scope, picked: { ...scope.picked, ...chosen.targets } } : scope,
  };
}
