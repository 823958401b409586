/** A time as the API writes it: ISO 8601 in UTC, without milliseconds. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** A time as the name of a release: `20260318_143200`. */
export const releaseName = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '_');
