import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Creates a directory and its parents, for this user alone. Not Node's recursive mkdir: under /proc that one never returns. */
export function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) makeDirectory(parent);
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // Another process may have just created it.
    if (!existsSync(directory)) throw error;
  }
}
