import { join } from 'node:path';
import { PROPOSED } from '../../machine/files/own-files.ts';
import { makeSecretDirectory, pruneFiles } from '../../machine/files/text-file.ts';

const KEPT_MS = 7 * 86_400_000;

/** The file of a plan that a person is to apply, for this user only. Removes those that nobody applied in a week. */
export function proposedFile(state: string, name: string, now: number): string {
  const directory = join(state, PROPOSED);
  makeSecretDirectory(directory);
  pruneFiles(directory, now - KEPT_MS);
  return join(directory, `${name}.json`);
}
