import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where the temporary branches of sites are remembered. */
export const directoryIn = (state: string): string => join(state, 'branches');

/** True if a site may have a temporary branch. Every command with a site asks, so nothing else is loaded for it. */
export function hasBranches(state: string): boolean {
  try {
    return readdirSync(directoryIn(state)).length > 0;
  } catch {
    return false;
  }
}
