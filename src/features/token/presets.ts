import { abilities } from '../../platform/abilities.ts';

/** A ready-made set of abilities, and what it is for. */
export interface Preset {
  readonly summary: string;
  readonly abilities: readonly string[];
}

/** Sets of abilities for common needs. */
export const presets = {
  'ci-deploy': { summary: 'Deploy and follow: site:deploy, site:read', abilities: ['site:deploy', 'site:read'] },
  'read-only': { summary: 'See everything, change nothing', abilities: abilities.filter((each) => each.endsWith(':read')) },
  full: { summary: 'Everything', abilities },
} as const satisfies Readonly<Record<string, Preset>>;

/** The word for a preset on the command line. */
export type PresetName = keyof typeof presets;
/** The names, in the order in which they are offered. */
export const presetNames = Object.keys(presets) as readonly PresetName[];
