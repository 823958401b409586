import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { getuid } from 'node:process';
import { DnxError, systemCode } from '../../base/errors.ts';

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

const WRITABLE_BY_OTHERS = 0o022;

/**
 * Creates a directory for secrets, or refuses an existing one that another user could change. The mode of what dnx did not create
 * stays as it is. Windows has access control lists instead of modes and owners.
 */
export function makeSecretDirectory(directory: string): void {
  try {
    makeDirectory(directory);
    const found = statSync(directory);
    const user = getuid?.();
    if (!found.isDirectory()) throw refused(directory, 'it is not a directory');
    if (user === undefined) return;
    if (found.uid !== user) throw refused(directory, 'it belongs to another user');
    if (found.mode & WRITABLE_BY_OTHERS) throw refused(directory, `others can write to it (mode ${(found.mode & 0o7777).toString(8)})`);
  } catch (cause) {
    if (cause instanceof DnxError) throw cause;
    throw new DnxError('failed', `Could not create ${directory} (${systemCode(cause)}).`, {
      hint: 'Check the owner of the directory, or set DNX_CONFIG_DIR.',
      cause,
    });
  }
}

const refused = (directory: string, why: string): DnxError =>
  new DnxError('failed', `Refusing to store a token in ${directory}: ${why}.`, {
    hint: 'Set DNX_CONFIG_DIR to a directory that only you can write to.',
  });
