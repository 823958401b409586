import { unknownWord } from '../../base/unknown.ts';

/** The output formats. */
export const formats = ['table', 'json', 'ndjson', 'yaml', 'csv', 'tsv', 'text', 'ids'] as const;

/** One of them. */
export type Format = (typeof formats)[number];

/** Parses an output format. The usage error lists all of them. */
export function formatOf(value: string): Format {
  const known = formats.find((format) => format === value);
  if (!known) throw unknownWord(value, 'an output format', formats);
  return known;
}
