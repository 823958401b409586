import { join } from 'node:path';
import type { World } from '../world.ts';

/** Where dnx keeps its files. */
export interface Directories {
  readonly config: string;
  readonly cache: string;
  readonly state: string;
}

/** The directories of dnx: `DNX_*_DIR`, or XDG. */
export function directoriesOf(world: Pick<World, 'env' | 'home'>): Directories {
  const { env } = world;
  const place = (own: string, xdg: string, fallback: string) => env[own] || join(env[xdg] || join(world.home, fallback), 'dnx');
  return {
    config: place('DNX_CONFIG_DIR', 'XDG_CONFIG_HOME', '.config'),
    cache: place('DNX_CACHE_DIR', 'XDG_CACHE_HOME', '.cache'),
    state: place('DNX_STATE_DIR', 'XDG_STATE_HOME', '.local/state'),
  };
}
