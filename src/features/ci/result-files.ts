import { toJson } from '../../base/json.ts';
import { safeLine } from '../../cli/output/text.ts';
import type { World } from '../../machine/world.ts';
import type { Outputs } from './outcome.ts';
import { type OutputFile, openOutputFile } from './output-file.ts';

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
