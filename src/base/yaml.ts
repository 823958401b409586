import { Document, parseAllDocuments, visit } from 'yaml';
import { usage } from './errors.ts';

/** Parses every document of a CI file, and merges `<<`. A tag such as GitLab's `!reference` is ignored. */
export function readPipelines(text: string, name: string): readonly unknown[] {
  try {
    return parseAllDocuments(text, { merge: true, logLevel: 'silent' }).map((document) => {
      const [error] = document.errors;
      if (error) throw error;
      return document.toJS();
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0]?.replace(/:$/, '') : 'it cannot be read';
    throw usage(`${name} is not valid YAML: ${reason}`);
  }
}

/** Items to serialize at once: the library keeps several objects for every value, 2 GB for a list of 500,000. */
const PART = 1_000;

/** Words that a reader of YAML may take for another type, besides those that the library quotes. */
const TYPED = /^([-+]?[\d,._:]+|null|true|false|yes|no|on|off|=|<<)$/i;
/** Characters that YAML 1.1 does not allow as they are, or takes for a line break. */
const UNSAFE = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** Serializes a value as YAML. Quotes every string that YAML 1.1 or 1.2 reads as another type. */
export function writeYaml(value: unknown): string {
  if (!Array.isArray(value) || value.length <= PART) return written(value);
  const parts: string[] = [];
  for (let at = 0; at < value.length; at += PART) parts.push(written(value.slice(at, at + PART)));
  return parts.join('');
}

function written(value: unknown): string {
  const document = new Document(value, { compat: 'yaml-1.1' });
  visit(document, {
    Scalar(_, scalar) {
      const text = scalar.value;
      // Not only unsafe characters: PyYAML reads no tab in a plain string.
      if (typeof text === 'string' && (TYPED.test(text) || text.search(UNSAFE) >= 0 || text.includes('\t'))) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString().replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
