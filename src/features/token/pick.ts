import type { Ask } from '../../cli/prompt/ask.ts';
import { abilities } from '../../platform/abilities.ts';
import { type PresetName, presets } from './presets.ts';

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
  const resources = [...new Set(from.map((each) => each.split(':')[0] ?? ''))];
  const choices = resources.flatMap((resource) => [
    resource,
    ...from.filter((each) => each.startsWith(`${resource}:`)).map((each) => ({ name: each, value: each, checked: checked.includes(each) })),
  ]);
  return ask.checkbox('Abilities', choices);
}
