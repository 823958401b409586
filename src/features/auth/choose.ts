import { usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { abilities as known } from '../../platform/abilities.ts';
import type { Needs, Wanted } from '../token/abilities/needs.ts';
import { pickAbilities } from '../token/pick.ts';
import { type PresetName, presets } from '../token/presets.ts';

/** The ways to say what a token may do; all that are given are added up. */
export interface Choosing {
  readonly ability: readonly string[] | undefined;
  readonly for: readonly string[] | undefined;
  readonly from_script: readonly string[] | undefined;
  readonly preset: PresetName | undefined;
}

/** Computes what command lines and scripts need; it knows the tree of commands. */
export type NeedsOf = (wanted: Wanted) => Promise<Needs>;

/** The abilities that were asked for, by name, by preset or by what must run; picked on a terminal when nothing says. Undefined: nobody to ask. */
export async function chooseAbilities(
  { ask, progress }: Pick<Context, 'ask' | 'progress'>,
  { ability, for: lines, from_script: scripts, preset }: Choosing,
  needsOf: NeedsOf,
): Promise<readonly string[] | undefined> {
  if (!ability && !lines && !scripts && !preset) return ask.allowed ? pickAbilities(ask) : undefined;
  const chosen = new Set<string>([...(preset ? presets[preset].abilities : []), ...(ability ?? [])]);
  if (lines || scripts) {
    const needs = await needsOf({ lines: lines ?? [], scripts: scripts ?? [] });
    tell(needs, progress);
    for (const { ability } of needs.abilities) chosen.add(ability);
  }
  // An empty list could be read as none given, which is every ability.
  if (chosen.size === 0)
    throw usage('That needs no ability at all: any token can do it.', 'Give the token something to do with --ability.');
  const unknown = [...chosen].filter((each) => !known.includes(each));
  if (unknown.length > 0) progress.warn(`Not in the API reference: ${unknown.join(', ')}. Deploynix decides. See: dnx token abilities`);
  return [...chosen];
}

/** What had to be assumed, and what was not understood. */
export function tell({ notes, unclear }: Needs, progress: Context['progress']): void {
  for (const note of notes) progress.note(note);
  for (const each of unclear) progress.warn(each);
}
