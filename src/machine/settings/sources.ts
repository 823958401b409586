import { type DnxError, isError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { readJson } from '../files/json-file.ts';

/** The readable parts of a settings or link file. */
export interface Source {
  readonly file: string;
  /** The object at these keys; empty if it is missing or broken. */
  object(...keys: readonly string[]): Readonly<Record<string, unknown>>;
  /** The text at these keys. A number counts as text, because ids are sometimes written without quotes. */
  text(...keys: readonly string[]): string | undefined;
  /** The problem with the file, or with the text or object at these keys. */
  problem(kind: 'text' | 'object', ...keys: readonly string[]): DnxError | undefined;
}

const FIX = 'Fix or remove it.';

/** Reads a settings or link file. Never throws for a broken file; `problem` returns the error. */
export function openSource(file: string, limitMb?: number): Source {
  let broken: DnxError | undefined;
  let content: object = {};
  try {
    content = readJson(file, limitMb);
  } catch (error) {
    if (!isError(error)) throw error;
    broken = error;
  }
  // Only own fields: a profile may be called `constructor`.
  const at = (keys: readonly string[]): unknown =>
    keys.reduce<unknown>((value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined), content);
  return {
    file,
    object(...keys) {
      const value = at(keys);
      return isObject(value) ? value : {};
    },
    text(...keys) {
      const value = at(keys);
      return isText(value) ? String(value) : undefined;
    },
    problem(kind, ...keys) {
      if (broken) return broken;
      const paths = keys.map((_, index) => keys.slice(0, index + 1));
      const isWrong = (path: readonly string[]) => {
        const value = at(path);
        return value !== undefined && !(kind === 'text' && path.length === keys.length ? isText(value) : isObject(value));
      };
      const wrong = paths.find(isWrong);
      if (!wrong) return undefined;
      const wanted = kind === 'text' && wrong.length === keys.length ? 'a string' : 'an object';
      return usage(`${wrong.join('.')} in ${file} must be ${wanted}.`, FIX);
    },
  };
}

const isText = (value: unknown): boolean => ['string', 'number', 'bigint'].includes(typeof value);
