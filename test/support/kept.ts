import { rmSync } from 'node:fs';

// Not in the setup file, which is loaded again for every test file.
const kept = new Map<string, () => void>();

/** Keeps a directory for the other tests of the file; `forget` is called when it is removed. */
export const keep = (directory: string, forget: () => void): void => void kept.set(directory, forget);

/** Removes the directories that the tests of a file kept. vitest kills its workers, so the end of the process is too late. */
export function removeKept(): void {
  for (const [directory, forget] of kept) {
    rmSync(directory, { recursive: true, force: true });
    forget();
  }
  kept.clear();
}
