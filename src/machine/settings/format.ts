import { unknownWord } from '../../base/nearest.ts';

/** The output formats of every command. */
export const formats = ['table', 'json', 'ndjson', 'yaml', 'csv', 'tsv', 'text', 'ids'] as const;

/** The formats of other programs, which only commands that declare them have. */
export const reportFormats = ['sarif', 'junit', 'markdown'] as const;

/** A format of other programs. */
export type ReportFormat = (typeof reportFormats)[number];

/** An output format. */
export type Format = (typeof formats)[number] | ReportFormat;

/** True for a format that only some commands have. */
export const isReportFormat = (format: Format): format is ReportFormat => reportFormats.some((each) => each === format);

/** Parses an output format. `more`: the formats that only this command has. The usage error lists all of them. */
export function formatOf(value: string, more: readonly ReportFormat[] = []): Format {
  const all = [...formats, ...more];
  const known = all.find((format) => format === value);
  if (!known) throw unknownWord(value, 'an output format', all);
  return known;
}
