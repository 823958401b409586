import type { Temporal as TemporalApi } from 'temporal-polyfill';
import { usage } from '../../base/errors.ts';

/** A time, and the time zone to show it in. */
export interface Moment {
  /** ISO 8601 in UTC without fractions of a second, for the API. */
  readonly utc: string;
  readonly zone: string;
  readonly temporal: typeof TemporalApi;
}

interface Given {
  /** ISO 8601, with or without an offset. */
  readonly at: string | undefined;
  /** The IANA zone of a time without an offset. */
  readonly tz: string | undefined;
  /** Milliseconds from now. */
  readonly delay: number | undefined;
  readonly now: number;
  /** The environment variable TZ. */
  readonly zone: string | undefined;
}

/** The latest Date, in epoch ms: in the year 275760. */
const LATEST_MS = 8.64e15;

/** Parses a time. Fails if it is in the past, or skipped or repeated by daylight saving. Loads the polyfill, which is large. */
export async function momentOf({ at, tz, delay, now, zone: local }: Given): Promise<Moment> {
  const { Temporal } = await import('temporal-polyfill');
  const zone = zoneOf(Temporal, tz ?? (local || Temporal.Now.timeZoneId()));
  if (delay !== undefined && now + delay >= LATEST_MS) throw usage('--in is too far in the future. Nothing was scheduled.');
  const instant =
    at === undefined ? Temporal.Instant.fromEpochMilliseconds(now + (delay ?? 0)) : read(Temporal, at, zone, tz !== undefined);
  const utc = instant.round('second').toString();
  const moment = { utc, zone, temporal: Temporal };
  if (instant.epochMilliseconds <= now) throw usage(`${show(moment)} is in the past. Nothing was scheduled.`);
  return moment;
}

/** `2026-12-01 02:00 UTC (in 6d)`, or `2026-12-01 03:00 Europe/Berlin (2026-12-01 02:00 UTC, in 6d)`. */
export function show({ utc, zone, temporal }: Moment, distance?: string): string {
  const instant = temporal.Instant.from(utc);
  const [there, universal] = [zone, 'UTC'].map((each) => {
    const time = instant.toZonedDateTimeISO(each);
    const written = time.toPlainDateTime().toString({ smallestUnit: time.second === 0 ? 'minute' : 'second' });
    return `${written.replace('T', ' ')} ${each}`;
  });
  const beside = [there === universal ? undefined : universal, distance].filter(Boolean).join(', ');
  return `${there}${beside && ` (${beside})`}`;
}

function zoneOf(Temporal: typeof TemporalApi, name: string): string {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch {
    throw usage(`'${name}' is not a time zone.`, 'Use a name such as Europe/Berlin or UTC.');
  }
}

function read(Temporal: typeof TemporalApi, at: string, zone: string, zoned: boolean): TemporalApi.Instant {
  if (/(z|[+-]\d\d:?\d\d)$/i.test(at)) {
    if (zoned) throw usage(`${at} has its own offset, so --tz does not apply.`, 'Remove the offset or --tz.');
    return parsed(at, () => Temporal.Instant.from(at));
  }
  const time = parsed(at, () => Temporal.PlainDateTime.from(at.replace(' ', 'T')));
  const early = time.toZonedDateTime(zone, { disambiguation: 'earlier' });
  const late = time.toZonedDateTime(zone, { disambiguation: 'later' });
  if (early.epochMilliseconds === late.epochMilliseconds) return early.toInstant();
  const shown = early.toPlainDateTime().equals(time);
  if (shown) throw usage(`${at} happens twice in ${zone}, because clocks go back.`, `Add ${early.offset} or ${late.offset} to the time.`);
  throw usage(`${at} does not exist in ${zone}, because clocks go forward.`, `The next valid time is ${late.toPlainDateTime()}.`);
}

function parsed<T>(at: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw usage(`'${at}' is not a time.`, 'Use ISO 8601, such as 2026-12-01T02:00 or 2026-12-01T02:00:00Z.');
  }
}
