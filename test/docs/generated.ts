/** Whether to write generated documentation instead of comparing it, as `npm run generate` does. */
export const generating = process.env.DNX_GENERATE === '1';

/** The message for a generated file that is out of date. */
export const stale = 'out of date; run: npm run generate';
