import { abilities } from '../../base/abilities.ts';
import { usage } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import type { Context } from '../../cli/language/command.ts';
import { choice, duration, list, rest, type Values } from '../../cli/language/options.ts';
import type { Ask } from '../../cli/prompt/ask.ts';
import { type AbilityNeeds, needsOfLines } from './abilities/needs.ts';

/** True if any of the options was given. */
export const isChosen = ({ ability, for: lines, from_script: scripts, preset }: AbilityChoice): boolean =>
  [ability, lines, scripts, preset].some((option) => option !== undefined);

/** The union of the abilities of all options; undefined if none was given. */
export async function chosenAbilities({ progress, tree, world }: Context, choice: AbilityChoice): Promise<readonly string[] | undefined> {
  if (!isChosen(choice)) return undefined;
  const { ability = [], for: lines = [], from_script: scripts = [], preset } = choice;
  const chosen = new Set<string>([...(preset ? presets[preset].abilities : []), ...ability]);
  if (lines.length + scripts.length > 0) {
    const needs = await needsOfLines({ lines, scripts }, tree, world);
    printNotes(needs, progress);
    for (const need of needs.abilities) chosen.add(need.ability);
  }
  // The API treats an empty list as every ability.
  if (chosen.size === 0) throw usage('No ability needed: any token can do that.', 'Add one with --ability.');
  for (const ability of chosen) if (!abilities.includes(ability)) progress.warn(unknownAbility(ability));
  return [...chosen];
}

/** Only a warning: the API may know more than its reference. */
function unknownAbility(word: string): string {
  const meant = nearest(word, abilities);
  return `Unknown ability '${word}'. ${meant === undefined ? 'To see all abilities: dnx token abilities' : `Did you mean '${meant}'?`}`;
}

/** Prints assumptions as notes and skipped lines as warnings. */
export function printNotes({ notes, unclear }: AbilityNeeds, progress: Context['progress']): void {
  for (const note of notes) progress.note(note);
  for (const doubt of unclear) progress.warn(doubt);
}

/** Every ability to read. */
export const readAbilities = abilities.filter((ability) => ability.endsWith(':read'));

/** Sets of abilities for common uses, with their labels in prompts. */
const presets = {
  'ci-deploy': { label: 'Deploy only (for CI)', abilities: ['site:deploy', 'server:read', 'site:read'] },
  'read-only': { label: 'Read only', abilities: readAbilities },
  full: { label: 'Everything I can do', abilities },
} as const satisfies Readonly<Record<string, { readonly label: string; readonly abilities: readonly string[] }>>;

type PresetName = keyof typeof presets;

/** The options that choose abilities. They can be combined. */
export const abilityOptions = {
  ability: list('Include this ability', 'resource:action'),
  for: list('Include the abilities that this command needs', 'command'),
  from_script: list('Include the abilities that a shell script, GitHub workflow or GitLab pipeline needs', 'file'),
  preset: choice('Include a named set of abilities', Object.keys(presets) as readonly PresetName[]),
};

/** The endpoints of every lease. */
export const leaseCalls = ['POST /tokens', 'GET /tokens', 'DELETE /tokens/{token}'] as const;

/** The options of every lease. */
export const leaseOptions = (ttl: string) => ({
  ttl: { ...duration(`Revoke the token after this long, at most 24h (default ${ttl})`), least: 1 },
  command: rest('Command to run'),
});

export type AbilityChoice = Values<typeof abilityOptions>;

const QUESTION = 'What should this token be able to do?';
const choose = { name: 'Choose abilities…', value: 'choose' } as const;
const preset = (value: PresetName) => ({ name: presets[value].label, value });

/** Prompts for the abilities of a user's own sign-in; undefined means all. */
export async function pickForSignIn(ask: Ask): Promise<readonly string[] | undefined> {
  const scope = await ask.select(QUESTION, [preset('full'), preset('read-only'), preset('ci-deploy'), choose]);
  if (scope === 'full') return undefined;
  return scope === 'choose' ? pickAbilities(ask) : presets[scope].abilities;
}

/** Prompts for the abilities of a token for unattended use. */
export async function pickForToken(ask: Ask): Promise<readonly string[]> {
  const scope = await ask.select(QUESTION, [preset('ci-deploy'), preset('read-only'), choose, preset('full')]);
  return scope === 'choose' ? pickAbilities(ask, abilities, presets['ci-deploy'].abilities) : presets[scope].abilities;
}

/** Prompts for a selection of these abilities, grouped by resource. */
export async function pickAbilities(ask: Ask, from = abilities, checked: readonly string[] = []): Promise<readonly string[]> {
  const resources = [...new Set(from.map((ability) => ability.split(':')[0] ?? ''))];
  const choices = resources.flatMap((resource) => [
    resource,
    ...from
      .filter((ability) => ability.startsWith(`${resource}:`))
      .map((ability) => ({ name: ability, value: ability, checked: checked.includes(ability) })),
  ]);
  return ask.checkbox('Abilities', choices);
}
