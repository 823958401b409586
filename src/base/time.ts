/** Seconds since 1970 have ten digits from 2001 on, milliseconds twelve or thirteen. */
const FIRST_MS = 100_000_000_000;

/** A time of the API in epoch ms: ISO 8601, `2026-12-01 02:00:00` in UTC, or seconds or milliseconds since 1970. Undefined for anything else. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value).trim();
  if (/^\d{9,13}(\.\d{1,9})?$/.test(text)) {
    const number = Number(text);
    return Math.round(number < FIRST_MS ? number * 1000 : number);
  }
  const [, date, time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|UTC|[+-]\d\d:?\d\d)?)?$/i.exec(text) ?? [];
  const ms = Date.parse(`${date}T${time}${/^[a-z]/i.test(zone) ? 'Z' : zone.replace(/(\d\d):?(\d\d)$/, '$1:$2')}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The same time as `2026-12-01T02:00:00Z`; undefined for what is not a time. */
export function utcOf(value: unknown): string | undefined {
  const ms = timeOf(value);
  return ms === undefined || Math.abs(ms) > 8.64e15 ? undefined : new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The same time for a sentence: `2026-12-01 02:00 UTC`. What is not a time stays as it is. */
export function shownTime(value: unknown): string {
  return (
    utcOf(value)
      ?.replace('T', ' ')
      .replace(/:\d\dZ$/, ' UTC') ?? (typeof value === 'object' ? '' : String(value ?? ''))
  );
}
