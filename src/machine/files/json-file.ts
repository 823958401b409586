import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DnxError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';

/** A JSON file, or an empty object where there is none. A broken one is named: it is the user's to mend. */
export function readJson<T extends object>(file: string): T {
  const content = readText(file);
  if (content === undefined) return {} as T;
  const hint = 'Mend it, or move it away.';
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new DnxError('usage', `${file} is not valid JSON.`, { hint, cause });
  }
  if (!isObject(value)) throw new DnxError('usage', `${file} does not hold a JSON object.`, { hint });
  return value as T;
}

/** The text of a file; undefined where there is none. */
export function readText(file: string): string | undefined {
  try {
    // An exception costs ten times as much, and the link file is looked for in every directory above.
    if (!statSync(file, { throwIfNoEntry: false })) return undefined;
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new DnxError('usage', `Cannot read ${file} (${code}).`, { cause: error });
  }
}

/** Atomic: written beside the file as `*.tmp` and renamed, so that a process that is killed leaves the old or the new one whole. */
export function writeJson(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.${crypto.randomUUID()}.tmp`;
  writeFileSync(beside, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(beside, file);
}
