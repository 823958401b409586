import { rmSync, writeFileSync } from 'node:fs';
import { attempt, systemCode, systemReason, usage } from '../../base/errors.ts';
import { pathToWrite } from '../../machine/files/own-files.ts';
import { realPath } from '../../machine/files/text-file.ts';
import type { World } from '../../machine/world.ts';

/** A file that later steps of a pipeline read. */
export interface OutputFile {
  readonly name: string;
  /** Returns why it could not be written, as a sentence. */
  write(text: string): string | undefined;
}

/** Removes the file of an earlier run, which could be taken for that of this one. Fails if it cannot be written. `flag`: the option that names it. */
export function openOutputFile(name: string, flag: string, world: World): OutputFile {
  if (name === '') throw usage(`${flag} is empty.`);
  const path = realPath(pathToWrite(name, world));
  const remove = () => attempt(() => rmSync(path, { force: true }));
  remove();
  const problem = problemOf(() => writeFileSync(path, ''));
  if (problem) throw usage(`Could not write ${name}: ${problem}.`);
  remove();
  return {
    name,
    write(text) {
      const problem = problemOf(() => writeFileSync(path, text));
      return problem && `Could not write the result to ${name}: ${problem}.`;
    },
  };
}

/** Why a file cannot be written; undefined if it could. */
function problemOf(write: () => void): string | undefined {
  try {
    write();
    return undefined;
  } catch (error) {
    return systemCode(error) === 'ENOENT' ? 'the folder does not exist' : systemReason(error);
  }
}
