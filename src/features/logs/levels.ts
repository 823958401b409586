/** The levels of `--level`, from the least to the worst. */
export const levels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;

/** One of them. */
export type Level = (typeof levels)[number];
