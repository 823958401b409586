/** How a result can be written to stdout. */
export const formats = ['table', 'json', 'ndjson', 'yaml', 'csv', 'tsv', 'text', 'ids'] as const;

/** One of them. */
export type Format = (typeof formats)[number];
