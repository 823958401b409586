import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { writeJson } from '../files/json-file.ts';
import { locked, type Waiting } from '../files/lock.ts';
import { CONFIG_FILE, configIn, configProblem } from './config.ts';
import { openSource } from './sources.ts';

/** Renames a broken settings file and keeps its valid parts. Returns the new path of the broken file. */
export async function repairConfig(directory: string, profile: string, waiting: Waiting): Promise<string | undefined> {
  const file = join(directory, CONFIG_FILE);
  return locked(file, waiting, () => {
    const source = openSource(file);
    // Another process may have repaired it.
    if (!configProblem(source, profile)) return undefined;
    const broken = unused(`${file}.broken`);
    renameSync(file, broken);
    writeJson(file, configIn(source));
    return broken;
  });
}

/** The path, with a number if it exists already. */
function unused(path: string): string {
  for (let number = 2, free = path; ; number += 1) {
    if (!existsSync(free)) return free;
    free = `${path}-${number}`;
  }
}
