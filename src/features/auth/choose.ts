import { usage } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import type { Context } from '../../cli/language/command.ts';
import { abilities as known } from '../../platform/abilities.ts';
import type { Needs, Wanted } from '../token/abilities/needs.ts';
import { type PresetName, presets } from '../token/presets.ts';

/** The options that choose abilities. They can be combined. */
export interface Choosing {
  readonly ability: readonly string[] | undefined;
  readonly for: readonly string[] | undefined;
  readonly from_script: readonly string[] | undefined;
  readonly preset: PresetName | undefined;
}

/** Computes the abilities that command lines and scripts need. */
export type NeedsOf = (wanted: Wanted) => Promise<Needs>;

/** True if any of the options was given. */
export const isChosen = ({ ability, for: lines, from_script: scripts, preset }: Choosing): boolean =>
  [ability, lines, scripts, preset].some((each) => each !== undefined);

/** The union of the abilities of all options; undefined if none was given. */
export async function chosenAbilities(
  progress: Context['progress'],
  choosing: Choosing,
  needsOf: NeedsOf,
): Promise<readonly string[] | undefined> {
  if (!isChosen(choosing)) return undefined;
  const { ability = [], for: lines = [], from_script: scripts = [], preset } = choosing;
  const chosen = new Set<string>([...(preset ? presets[preset].abilities : []), ...ability]);
  if (lines.length + scripts.length > 0) {
    const needs = await needsOf({ lines, scripts });
    printNotes(needs, progress);
    for (const { ability } of needs.abilities) chosen.add(ability);
  }
  // The API treats an empty list as every ability.
  if (chosen.size === 0) throw usage('No ability needed: any token can do that.', 'Add one with --ability.');
  for (const each of chosen) if (!known.includes(each)) progress.warn(unknownAbility(each));
  return [...chosen];
}

/** Only a warning: the API may know more than its reference. */
function unknownAbility(word: string): string {
  const meant = nearest(word, known);
  return `Unknown ability '${word}'. ${meant === undefined ? 'To see all abilities: dnx token abilities' : `Did you mean '${meant}'?`}`;
}

/** Prints assumptions as notes and skipped lines as warnings. */
export function printNotes({ notes, unclear }: Needs, progress: Context['progress']): void {
  for (const note of notes) progress.note(note);
  for (const each of unclear) progress.warn(each);
}
