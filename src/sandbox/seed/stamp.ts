import { timestamp } from '../time.ts';
import { DAY } from '../timings.ts';

/** Writes moments as days before the seed was made. */
export interface Calendar {
  /** A timestamp so many days ago; fractions are hours and minutes. */
  ago(days: number): string;
  /** The two timestamps of a row. */
  stamps(created: number, updated?: number): { created_at: string; updated_at: string };
}

/** The calendar of a seed made at `now` (epoch ms). */
export function calendar(now: number): Calendar {
  const ago = (days: number): string => timestamp(now - days * DAY);
  return { ago, stamps: (created, updated = created) => ({ created_at: ago(created), updated_at: ago(updated) }) };
}
