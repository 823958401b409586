import { lstatSync, readFileSync, rmSync } from 'node:fs';
import { DnxError, systemCode } from '../../base/errors.ts';
import { isUnchanged } from './checksum.ts';
import { type Machine, placesOf, startupLine } from './install.ts';
import type { Shell } from './shells.ts';

/** What an uninstall did. */
export interface Uninstalled {
  readonly removed: readonly string[];
  /** Files that stay, because dnx did not write them as they are. */
  readonly kept: readonly string[];
  /** Lines that users may have in their own startup files. */
  readonly lines: readonly string[];
}

/** Removes the scripts that `dnx completion install` wrote for these shells. */
export function uninstallCompletion(chosen: readonly Shell[], machine: Machine): Uninstalled {
  const found = chosen.flatMap((shell) => placesOf(shell, machine).flatMap((file) => ({ shell, file, state: stateOf(file) })));
  const ours = found.filter(({ state }) => state === 'ours');
  for (const { file } of ours) remove(file);
  return {
    removed: ours.map(({ file }) => file),
    kept: found.filter(({ state }) => state === 'other').map(({ file }) => file),
    lines: ours.flatMap(({ shell, file }) => startupLine(shell, file, machine) ?? []),
  };
}

/** A symbolic link is not ours: install writes through it, but did not make it. */
function stateOf(file: string): 'ours' | 'other' | undefined {
  try {
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (!found) return undefined;
    return found.isFile() && isUnchanged(readFileSync(file, 'utf8')) ? 'ours' : 'other';
  } catch (cause) {
    if (systemCode(cause) === 'ENOTDIR') return undefined;
    throw new DnxError('failed', `Could not read ${file} (${systemCode(cause)}).`, { cause });
  }
}

function remove(file: string): void {
  try {
    rmSync(file);
  } catch (cause) {
    throw new DnxError('failed', `Could not remove ${file} (${systemCode(cause)}).`, { cause });
  }
}
