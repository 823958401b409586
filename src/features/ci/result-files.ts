import { rmSync, writeFileSync } from 'node:fs';
import { attempt, systemCode, systemReason, usage } from '../../base/errors.ts';
import { toJson } from '../../base/json.ts';
import { safeLine } from '../../cli/output/text.ts';
import { pathToWrite } from '../../machine/files/own-files.ts';
import { realPath } from '../../machine/files/text-file.ts';
import type { World } from '../../machine/world.ts';

/** What later steps get to know, by name. */
export type Outputs = Readonly<Record<string, string>>;

/** A file that later steps of a pipeline read. */
interface OutputFile {
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

/** The files of `--result-file`. */
export type ResultFiles = ReturnType<typeof openResultFiles>;

export function openResultFiles(names: readonly string[], world: World) {
  const files: OutputFile[] = [];
  return {
    /** Removes the files of an earlier run. Fails if one cannot be written, after the others. */
    clear(): void {
      const problems = names.flatMap((name) => {
        try {
          files.push(openOutputFile(name, '--result-file', world));
          return [];
        } catch (problem) {
          return [problem];
        }
      });
      if (problems.length > 0) throw problems[0];
    },
    /** Writes the result as JSON, or the outputs as variables. Returns what could not be written. */
    write(result: unknown, outputs: Outputs): string | undefined {
      const problems = files.flatMap(
        (file) => file.write(file.name.endsWith('.env') ? variables(outputs) : `${toJson(result, 2)}\n`) ?? [],
      );
      return problems.length > 0 ? problems.join(' ') : undefined;
    },
  };
}

/** A line for each value. GitLab takes no quotes, no empty lines and no newlines. */
const variables = ({ results: _, ...outputs }: Outputs): string =>
  Object.entries(outputs)
    .map(([name, value]) => [name, safeLine(value).trim()])
    .flatMap(([name = '', value]) => (value === '' ? [] : [`DNX_${name.toUpperCase()}=${value}\n`]))
    .join('');
