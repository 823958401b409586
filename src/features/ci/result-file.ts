import { rmSync, writeFileSync } from 'node:fs';
import { attempt, systemCode, systemReason, usage } from '../../base/errors.ts';
import { toJson } from '../../base/json.ts';
import { safeLine } from '../../cli/output/text.ts';
import { pathToWrite } from '../../machine/files/own-files.ts';
import { realPath } from '../../machine/files/text-file.ts';
import type { World } from '../../machine/world.ts';

/** A file of `--result-file`. */
export interface ResultFile {
  readonly name: string;
  readonly path: string;
}

/** Removes the file of an earlier run, which could be taken for the result of this one. Fails if it cannot be written. */
export function clearedFile(name: string, world: World): ResultFile {
  if (name === '') throw usage('--result-file is empty.');
  const path = realPath(pathToWrite(name, world));
  const remove = () => attempt(() => rmSync(path, { force: true }));
  remove();
  const problem = problemOf(() => writeFileSync(path, ''));
  if (problem) throw usage(`Could not write ${name}: ${problem}.`);
  remove();
  return { name, path };
}

/** Writes the result as JSON, or the outputs as variables. Returns why it could not. */
export function writeResult({ name, path }: ResultFile, result: unknown, outputs: Readonly<Record<string, string>>): string | undefined {
  const text = name.endsWith('.env') ? variables(outputs) : `${toJson(result, 2)}\n`;
  const problem = problemOf(() => writeFileSync(path, text));
  return problem && `Could not write the result to ${name}: ${problem}.`;
}

/** A line for each value. GitLab takes no quotes, no empty lines and no newlines. */
const variables = ({ results: _, ...outputs }: Readonly<Record<string, string>>): string =>
  Object.entries(outputs)
    .map(([name, value]) => [name, safeLine(value).trim()])
    .flatMap(([name = '', value]) => (value === '' ? [] : [`DNX_${name.toUpperCase()}=${value}\n`]))
    .join('');

/** Why a file cannot be written; undefined if it could. */
function problemOf(write: () => void): string | undefined {
  try {
    write();
    return undefined;
  } catch (error) {
    return systemCode(error) === 'ENOENT' ? 'the folder does not exist' : systemReason(error);
  }
}
