import { DnxError } from '../../base/errors.ts';
import { fromJson, isObject, toJson } from '../../base/json.ts';
import { readText, writeText } from './text-file.ts';

/** Reads a JSON object from a file; an empty object if the file does not exist. */
export function readJson<T extends object>(file: string, limitMb?: number): T {
  const content = readText(file, limitMb);
  if (content === undefined) return {} as T;
  const hint = 'Fix or remove it.';
  let value: unknown;
  try {
    // Windows PowerShell writes a byte order mark.
    value = fromJson(content.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw new DnxError('usage', `${file} is not valid JSON.`, { hint, cause });
  }
  if (!isObject(value)) throw new DnxError('usage', `${file} does not contain a JSON object.`, { hint });
  return value as T;
}

/** Writes a value as a JSON file, atomically. */
export const writeJson = (file: string, value: unknown): void => writeText(file, `${toJson(value, 2)}\n`);
