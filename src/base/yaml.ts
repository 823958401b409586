import { parse, parseAllDocuments, Scalar, stringify, type YAMLSeq } from 'yaml';
import { usage } from './errors.ts';
import { isObject } from './json.ts';

/** A document in YAML, or in JSON, which is YAML too. `name` tells the user which one is broken. */
export function readYaml(text: string, name: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw invalid(name, cause);
  }
}

/** Every document of a file for a CI system, with `<<` merged and each `!reference` as an object that `referenceIn` reads. */
export function readPipelines(text: string, name: string): readonly unknown[] {
  try {
    return parseAllDocuments(text, { merge: true, customTags: [reference], logLevel: 'silent' }).map((document) => {
      const [error] = document.errors;
      if (error) throw error;
      return document.toJS();
    });
  } catch (cause) {
    throw invalid(name, cause);
  }
}

const REFERENCE = '!reference';

const reference = {
  tag: REFERENCE,
  collection: 'seq' as const,
  resolve: (path: unknown) => new Scalar({ [REFERENCE]: (path as YAMLSeq).toJSON() }),
};

/** The keys that a `!reference` names, from the top of its document; undefined for any other value. */
export function referenceIn(value: unknown): readonly string[] | undefined {
  const path = isObject(value) ? value[REFERENCE] : undefined;
  return Array.isArray(path) ? path.map(String) : undefined;
}

const invalid = (name: string, cause: unknown) =>
  usage(`${name} is not valid YAML: ${cause instanceof Error ? cause.message.split('\n')[0] : 'it cannot be read'}`);

/** A value as YAML. */
export const writeYaml = (value: unknown): string => stringify(value);
