import { usage } from './errors.ts';

/** Smaller numbers are seconds since 1970, larger ones milliseconds. */
const FIRST_MS = 100_000_000_000;

/** Parses a time of the API to epoch ms: ISO 8601, `2026-12-01 02:00:00` (UTC), or a Unix time. Undefined for anything else. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value).trim();
  if (/^\d{9,13}(\.\d{1,9})?$/.test(text)) {
    const number = Number(text);
    return Math.round(number < FIRST_MS ? number * 1000 : number);
  }
  const [, date, time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|UTC|[+-]\d\d:?\d\d)?)?$/i.exec(text) ?? [];
  if (date !== undefined && new Date(`${date}T00:00Z`).getUTCDate() !== Number(date.slice(-2))) return undefined;
  const ms = Date.parse(`${date}T${time}${/^[a-z]/i.test(zone) ? 'Z' : zone.replace(/(\d\d):?(\d\d)$/, '$1:$2')}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** A time of the API as `2026-12-01T02:00:00Z`; undefined for anything else. */
export function utcOf(value: unknown): string | undefined {
  const ms = timeOf(value);
  return ms === undefined || Math.abs(ms) > 8.64e15 ? undefined : new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** A time of the API for a sentence: `2026-12-01 02:00 UTC`. Anything else is returned as text. */
export function shownTime(value: unknown): string {
  return (
    utcOf(value)
      ?.replace('T', ' ')
      .replace(/:\d\dZ$/, ' UTC') ?? (typeof value === 'object' ? '' : String(value ?? ''))
  );
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A time without its year: `24 Nov 03:07 UTC`. Anything else is returned as text. */
export function shownDay(value: unknown): string {
  const shown = shownTime(value);
  return shown.replace(/^\d{4}-(\d\d)-(\d\d) /, (_, month, day) => `${Number(day)} ${MONTHS[Number(month) - 1]} `);
}

/** Lengths of time, in ms. */
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** 125_000 ms -> `2m 5s`: the two largest units, but only days from 2d on. */
export function duration(ms: number): string {
  const total = Math.round(Math.abs(ms) / SECOND) * SECOND;
  if (total < MINUTE) return `${total / SECOND}s`;
  if (total >= 2 * DAY) return `${Math.floor(total / DAY)}d`;
  const [large, small, whole, rest] =
    total >= DAY
      ? (['d', 'h', DAY, HOUR] as const)
      : total >= HOUR
        ? (['h', 'm', HOUR, MINUTE] as const)
        : (['m', 's', MINUTE, SECOND] as const);
  const remainder = Math.floor((total % whole) / rest);
  return `${Math.floor(total / whole)}${large}${remainder === 0 ? '' : ` ${remainder}${small}`}`;
}

const parsed: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** `90s`, `15m`, `1h30m` or a bare number of seconds, in ms. Undefined for anything else. */
export function parseDuration(value: string): number | undefined {
  if (/^\d+$/.test(value)) return Number(value) * SECOND;
  if (!/^(\d+(ms|s|m|h|d))+$/.test(value)) return undefined;
  return [...value.matchAll(/(\d+)(ms|s|m|h|d)/g)].reduce((sum, [, amount, unit]) => sum + Number(amount) * (parsed[unit ?? ''] ?? 0), 0);
}

/** `now`, `today`, `yesterday`, a time of day, or a day and a time of day. */
const DAY_AND_CLOCK = /^(?:(?<word>now)|(?<day>today|yesterday)?(?:(?:^| )(?<clock>(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?))?)$/i;

/**
 * A time in UTC, how long before `now` it was, such as `2h`, or words such as `yesterday 22:00`, in epoch ms. `02:00` is the last time that
 * it was two o'clock. Undefined for anything else.
 */
export function timeOrAgo(word: string, now: number): number | undefined {
  const ms = parseDuration(word);
  if (ms !== undefined) return Math.max(0, now - ms);
  const groups = word === '' ? undefined : DAY_AND_CLOCK.exec(word)?.groups;
  if (!groups) return timeOf(word);
  if (groups.word !== undefined) return now;
  const { day, clock = '0:00' } = groups;
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  const today = Math.floor(now / DAY) * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND;
  return /^yesterday$/i.test(day ?? '') || (day === undefined && today > now) ? today - DAY : today;
}

/** The span of `--since` and `--until`, in epoch ms. Rejects other words, and a span that is empty, whatever was written in it. */
export function spanIn(words: { readonly since?: string | undefined; readonly until?: string | undefined }, now: number) {
  const momentIn = (name: 'since' | 'until'): number | undefined => {
    const word = words[name];
    const at = word === undefined ? undefined : timeOrAgo(word, now);
    if (word === undefined || at !== undefined) return at;
    const examples = ['15m', "'yesterday 22:00'", "'2026-01-02 03:04' (UTC)"].map((example) => `--${name} ${example}`);
    throw usage(`--${name} must be a time or a duration, not '${word}'.`, `For example: ${examples.join(', ')}.`);
  };
  const [since, until] = [momentIn('since'), momentIn('until')];
  const shown = (at: number) => shownTime(new Date(at).toISOString());
  if (since !== undefined && since > now) throw usage(`--since is in the future: ${shown(since)}. It is ${shown(now)}.`);
  if (since !== undefined && until !== undefined && since > until)
    throw usage(`--since is later than --until: ${shown(since)}, ${shown(until)}.`);
  return { since, until };
}

/** The most of a unit that is shown of the past. What is to come, such as the end of a certificate, is counted in days up to two years. */
const units = [
  [60, SECOND, 's'],
  [60, MINUTE, 'm'],
  [24, HOUR, 'h'],
  [60, DAY, 'd'],
  [24, 30 * DAY, 'mo'],
  [Number.POSITIVE_INFINITY, 360 * DAY, 'y'],
] as const;
const FUTURE_DAYS = 730;

/** `2026-04-16T10:30:00Z` -> `3h ago`, or `in 3h`. Anything but a time is returned unchanged. */
export function ago(timestamp: string, now: number): string {
  const then = timeOf(timestamp);
  if (then === undefined) return timestamp;
  const ms = Math.abs(now - then);
  if (ms < 10 * SECOND) return 'just now';
  const isLess = ([most, size, unit]: (typeof units)[number]) => Math.floor(ms / size) < (unit === 'd' && then > now ? FUTURE_DAYS : most);
  const [, size, unit] = units.find(isLess) ?? units[5];
  const amount = `${Math.floor(ms / size)}${unit}`;
  return then > now ? `in ${amount}` : `${amount} ago`;
}

/** A time for a person: `3h ago` on a terminal, ISO 8601 elsewhere. What is not a time stays as it is. */
export const shownTimeIn = (timestamp: string, { now, terminal }: { readonly now: number; readonly terminal: boolean }): string =>
  terminal ? ago(timestamp, now) : (utcOf(timestamp) ?? timestamp);
