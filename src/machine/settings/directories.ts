import { isAbsolute, join } from 'node:path';
import type { Env, World } from '../world.ts';

/** Where dnx keeps its files. */
export interface Directories {
  readonly config: string;
  readonly cache: string;
  readonly state: string;
}

/**
 * The directory of leases. With the settings and not with the state, because a child that moves it with an environment variable then loses
 * the stored sign-in, too.
 */
export const leaseDirectory = (config: string): string => join(config, 'leases');

/**
 * The directory that a variable of XDG or Windows names. A relative one is ignored, as the specification of XDG says, because it would
 * be another one in every project.
 */
export const absoluteIn = (env: Env, name: string): string | undefined => (isAbsolute(env[name] ?? '') ? env[name] : undefined);

/** The directories of dnx: `DNX_*_DIR`, or XDG. Without these, Windows has its own for programs. */
export function dnxDirectories(world: Pick<World, 'env' | 'home' | 'platform'>): Directories {
  const { env } = world;
  const windows = world.platform === 'win32';
  const place = (variable: string, xdg: string, fallback: string, known: string, folder: string) => {
    if (env[variable]) return env[variable];
    const base = absoluteIn(env, xdg);
    if (base) return join(base, 'dnx');
    const data = windows && absoluteIn(env, known);
    return data ? join(data, folder) : join(world.home, fallback, 'dnx');
  };
  return {
    config: place('DNX_CONFIG_DIR', 'XDG_CONFIG_HOME', '.config', 'APPDATA', 'dnx'),
    cache: place('DNX_CACHE_DIR', 'XDG_CACHE_HOME', '.cache', 'LOCALAPPDATA', 'dnx/cache'),
    state: place('DNX_STATE_DIR', 'XDG_STATE_HOME', '.local/state', 'LOCALAPPDATA', 'dnx/state'),
  };
}
