/** The output formats. */
export const formats = ['table', 'json', 'ndjson', 'yaml', 'csv', 'tsv', 'text', 'ids'] as const;

/** One of them. */
export type Format = (typeof formats)[number];
