import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Creates a directory and its parents, accessible only to this user. Node's recursive mkdir never returns under /proc. */
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
