import type { JsonObject } from '../../base/json.ts';
import { bytes, wordOf } from '../../base/text.ts';
import { shownDay, shownTime, utcOf } from '../../base/time.ts';

/** `24 Nov 03:07 UTC (416 kB)`; `2024-11-24 03:07 UTC (416 kB)` in another year. */
export function describe({ id, created_at, completed_at, size }: JsonObject, now: number): string {
  const time = created_at ?? completed_at;
  const when = yearOf(time) === yearOf(now) ? shownDay(time) : shownTime(time);
  return [when || wordOf(id), typeof size === 'number' ? `(${bytes(size)})` : ''].filter(Boolean).join(' ');
}

const yearOf = (time: unknown): string | undefined => utcOf(time)?.slice(0, 4);
