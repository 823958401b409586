import { timestamp } from '../time.ts';
import { DAY } from '../timings.ts';

/** Creates timestamps by their age in days. */
export interface Calendar {
  /** A timestamp this many days ago; may be fractional. */
  ago(days: number): string;
  /** `created_at` and `updated_at` of a row. */
  stamps(created: number, updated?: number): { created_at: string; updated_at: string };
}

/** Creates the calendar of a seed; `now` is in epoch ms. */
export function calendar(now: number): Calendar {
  const ago = (days: number): string => timestamp(now - days * DAY);
  return { ago, stamps: (created, updated = created) => ({ created_at: ago(created), updated_at: ago(updated) }) };
}
