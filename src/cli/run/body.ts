import { usage } from '../../base/errors.ts';
import { fromJson, isObject } from '../../base/json.ts';
import { contentOf, type Sources } from './values.ts';

/** `--data JSON|@file|-` overridden by `-F key=value` (text) and `-F key:=json` (typed), as one object. */
export async function extraBody(fields: readonly string[], data: string | undefined, sources: Sources): Promise<Record<string, unknown>> {
  return { ...(data === undefined ? {} : await dataObject(data, sources)), ...Object.fromEntries(fields.map(pair)) };
}

async function dataObject(word: string, sources: Sources): Promise<Record<string, unknown>> {
  const value = parseJson(word === '-' || word.startsWith('@') ? await contentOf(word, sources) : word, '--data');
  if (!isObject(value)) throw usage('--data must be a JSON object.');
  return value;
}

function pair(word: string): [string, unknown] {
  const [, key, operator, value] = /^([^=:]+)(:?=)(.*)$/s.exec(word) ?? [];
  if (key === undefined || value === undefined) throw usage(`-F must be key=value or key:=json, not '${word}'.`);
  return [key, operator === ':=' ? parseJson(value, `-F ${key}`) : value];
}

/** JSON from the command line; `where` names the option in the error. */
export function parseJson(value: string, where: string): unknown {
  try {
    return fromJson(value);
  } catch (error) {
    throw usage(`${where} is not valid JSON: ${(error as Error).message}`);
  }
}
