/** Whether generated documentation is written instead of compared: `npm run generate` sets it. */
export const generating = process.env.DNX_GENERATE === '1';

/** What to do about a file that is not what it would be now. */
export const stale = 'out of date; run: npm run generate';
