import type { Plant } from '../../support/why-bed.ts';

/** A planted cause, and what the diagnosis must say. */
export interface Known {
  readonly name: string;
  readonly state: Plant;
  readonly cause: string;
  /** Part of the title. */
  readonly title: string;
  /** Part of the line that shows it. */
  readonly line: string;
  /** Part of the first fix. */
  readonly fix: string;
  /** Part of why it no longer holds. */
  readonly resolved?: string;
}

/** A failed deployment with this deploy log. */
export const logged = (log: string | (() => string), more: Plant = {}): Plant => ({
  ...more,
  files: { 'logs/deploy.log': log, ...more.files },
});
