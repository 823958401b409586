import { abilities, vocabulary } from '../auth/abilities.ts';
import type { Ask } from '../prompt/ask.ts';

export interface Preset {
  readonly summary: string;
  readonly abilities: readonly string[];
}

/** Sets of abilities for common needs. */
export const presets: Readonly<Record<string, Preset>> = {
  'ci-deploy': { summary: 'Deploy and follow: site:deploy, site:read', abilities: ['site:deploy', 'site:read'] },
  'read-only': { summary: 'See everything, change nothing', abilities: abilities.filter((each) => each.endsWith(':read')) },
  full: { summary: 'Everything', abilities },
};

/** Asks for a set of abilities, starting from a preset. */
export async function pickAbilities(ask: Ask): Promise<readonly string[]> {
  const start = await ask.select('What may the token do?', [
    ...Object.entries(presets).map(([name, preset]) => ({
      name: `${name}: ${preset.summary}`,
      value: preset.abilities as readonly string[] | undefined,
    })),
    { name: 'Let me choose', value: undefined },
  ]);
  if (start) return start;
  const choices = Object.entries(vocabulary).flatMap(([resource, actions]) => [
    `── ${resource} ──`,
    ...actions.map((action) => ({ name: `${resource}:${action}`, value: `${resource}:${action}` })),
  ]);
  return ask.checkbox('Abilities (space to choose, enter to go on):', choices);
}
