import { type DnxError, isError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { readJson } from '../files/text-file.ts';

/** The readable parts of a settings or link file. */
export interface SettingsFile {
  readonly file: string;
  /** The object at these keys; empty if it is missing or broken. */
  object(...keys: readonly string[]): Readonly<Record<string, unknown>>;
  /** The text at these keys. A number counts as text, because ids are sometimes written without quotes. */
  text(...keys: readonly string[]): string | undefined;
  /** The problem with the file, or with the text, object or flag at these keys. */
  problem(kind: Kind, ...keys: readonly string[]): DnxError | undefined;
}

/** What a value must be: a string, an object, or true or false. */
type Kind = 'text' | 'object' | 'flag';

const FIX = 'Fix or remove it.';

/** The longest text, in characters: a link file comes from a repository, and errors repeat its names. */
const LONGEST = 1_000;

/** Reads a settings or link file. Never throws for a broken file; `problem` returns the error. `refused`: why it is not read. */
export function openSettingsFile(file: string, limitMb?: number, refused?: DnxError): SettingsFile {
  let broken = refused;
  let content: object = {};
  try {
    if (!refused) content = readJson(file, limitMb);
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
        return value !== undefined && !fits[path.length === keys.length ? kind : 'object'](value);
      };
      const wrong = paths.find(isWrong);
      if (!wrong) return undefined;
      const expected = wrong.length < keys.length ? 'object' : kind;
      const tooLong = expected === 'text' && isTextOfAnyLength(at(wrong));
      return usage(`${wrong.join('.')} in ${file} ${tooLong ? `is longer than ${LONGEST} characters` : wanted[expected]}.`, FIX);
    },
  };
}

const isTextOfAnyLength = (value: unknown): boolean => ['string', 'number', 'bigint'].includes(typeof value);
const isText = (value: unknown): boolean => isTextOfAnyLength(value) && String(value).length <= LONGEST;

const fits: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: isText,
  object: isObject,
  flag: (value) => typeof value === 'boolean',
};
const wanted: Readonly<Record<Kind, string>> = {
  text: 'must be a string',
  object: 'must be an object',
  flag: 'must be true or false',
};
