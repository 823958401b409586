import type { Ask } from '../../cli/prompt/ask.ts';
import { vocabulary } from '../../platform/abilities.ts';
import { type PresetName, presets } from './presets.ts';

/** Asks for a set of abilities: a list grouped by resource, to be searched, that starts from a preset. */
export async function pickAbilities(ask: Ask): Promise<readonly string[]> {
  const start = await ask.select<PresetName | undefined>('What may the token do? Start from:', [
    ...Object.entries(presets).map(([name, { summary }]) => ({ name: `${name}: ${summary}`, value: name as PresetName })),
    { name: 'nothing', value: undefined },
  ]);
  const checked: readonly string[] = start ? presets[start].abilities : [];
  const choices = Object.entries(vocabulary).flatMap(([resource, actions]) => [
    resource,
    ...actions.map((action) => {
      const ability = `${resource}:${action}`;
      return { name: ability, value: ability, checked: checked.includes(ability) };
    }),
  ]);
  return ask.checkbox('Abilities', choices);
}
