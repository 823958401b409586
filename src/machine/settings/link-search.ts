import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../../base/errors.ts';
import { LINK_FILE } from './link.ts';

/** The nearest link file in a directory or its parents, up to the root of the Git repository. */
export function findLink(from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const file = join(directory, LINK_FILE);
    if (exists(file)) return file;
    if (directory === dirname(directory) || isRoot(directory)) return undefined;
  }
}

/** Where a new link file belongs: the root of the Git repository, or the directory itself. */
export function linkFileFor(from: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    if (isRoot(directory)) return join(directory, LINK_FILE);
    if (directory === dirname(directory)) return join(from, LINK_FILE);
  }
}

/** A worktree and a submodule have a file called `.git`. */
const isRoot = (directory: string): boolean => exists(join(directory, '.git'));

/** True also for a file that cannot be read, such as a circular link: that is reported, not skipped. */
function exists(file: string): boolean {
  try {
    // Ten times faster than catching ENOENT in every parent directory.
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return !['ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '');
  }
}
