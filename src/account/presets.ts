import { abilities } from '../auth/abilities.ts';

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

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as readonly PresetName[];
