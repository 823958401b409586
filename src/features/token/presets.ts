import { abilities } from '../../platform/abilities.ts';

/** A named set of abilities. */
export interface Preset {
  /** The label in prompts. */
  readonly label: string;
  readonly abilities: readonly string[];
}

/** Sets of abilities for common uses. */
export const presets = {
  'ci-deploy': { label: 'Deploy only (for CI)', abilities: ['site:deploy', 'server:read', 'site:read'] },
  'read-only': { label: 'Read only', abilities: abilities.filter((each) => each.endsWith(':read')) },
  full: { label: 'Everything I can do', abilities },
} as const satisfies Readonly<Record<string, Preset>>;

/** The name of a preset, as in `--preset`. */
export type PresetName = keyof typeof presets;
/** Every name. */
export const presetNames = Object.keys(presets) as readonly PresetName[];
