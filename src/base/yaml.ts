import { parse, parseAllDocuments, stringify } from 'yaml';
import { usage } from './errors.ts';

/** Parses YAML or JSON. `name` appears in the error. `large`: a repeated key wins, as in JSON, because looking for it takes long. */
export function readYaml(text: string, name: string, { large = false }: { readonly large?: boolean } = {}): unknown {
  try {
    return parse(text, { uniqueKeys: !large });
  } catch (cause) {
    throw invalid(name, cause, /^\s*\{/.test(text) ? 'JSON' : 'YAML');
  }
}

/** Parses every document of a CI file, and merges `<<`. A tag such as GitLab's `!reference` is ignored. */
export function readPipelines(text: string, name: string): readonly unknown[] {
  try {
    return parseAllDocuments(text, { merge: true, logLevel: 'silent' }).map((document) => {
      const [error] = document.errors;
      if (error) throw error;
      return document.toJS();
    });
  } catch (cause) {
    throw invalid(name, cause);
  }
}

const invalid = (name: string, cause: unknown, format = 'YAML') =>
  usage(
    `${name} is not valid ${format}: ${cause instanceof Error ? cause.message.split('\n')[0]?.replace(/:$/, '') : 'it cannot be read'}`,
  );

/** Items to serialize at once: the library keeps several objects for every value, 2 GB for a list of 500,000. */
const PART = 1_000;

/** Serializes a value as YAML. */
export function writeYaml(value: unknown): string {
  if (!Array.isArray(value) || value.length <= PART) return stringify(value);
  const parts: string[] = [];
  for (let at = 0; at < value.length; at += PART) parts.push(stringify(value.slice(at, at + PART)));
  return parts.join('');
}
