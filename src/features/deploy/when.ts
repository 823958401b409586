import type { Temporal as TemporalApi } from 'temporal-polyfill';
import { usage } from '../../base/errors.ts';

/** A moment, and the time zone in which a person thinks of it. */
export interface Moment {
  /** ISO 8601 in UTC, without fractions of a second: what the API gets. */
  readonly utc: string;
  readonly zone: string;
  readonly temporal: typeof TemporalApi;
}

interface Given {
  /** ISO 8601, with an offset or without. */
  readonly at: string | undefined;
  /** The zone of a time without an offset, as IANA names it. */
  readonly tz: string | undefined;
  /** Milliseconds from now. */
  readonly delay: number | undefined;
  readonly now: number;
  /** The zone of this machine, where the environment names one. */
  readonly zone: string | undefined;
}

/** The last moment of a date, in epoch ms: in the year 275760. */
const LATEST_MS = 8.64e15;

/** Reads when; refuses what is past, what no clock will show, and what a clock will show twice. The polyfill is loaded here, for it is large. */
export async function momentOf({ at, tz, delay, now, zone: local }: Given): Promise<Moment> {
  const { Temporal } = await import('temporal-polyfill');
  const zone = zoneOf(Temporal, tz ?? (local || Temporal.Now.timeZoneId()));
  if (delay !== undefined && now + delay >= LATEST_MS) throw usage('--in is too far in the future. Nothing was scheduled.');
  const instant =
    at === undefined ? Temporal.Instant.fromEpochMilliseconds(now + (delay ?? 0)) : read(Temporal, at, zone, tz !== undefined);
  const utc = instant.round('second').toString();
  const moment = { utc, zone, temporal: Temporal };
  if (instant.epochMilliseconds <= now) throw usage(`${show(moment)} is past. Nothing was scheduled.`);
  return moment;
}

/** `2026-12-01 02:00 Europe/Berlin (2026-12-01T01:00:00Z)`. */
export function show({ utc, zone, temporal }: Moment): string {
  const there = temporal.Instant.from(utc).toZonedDateTimeISO(zone);
  const time = there.toPlainDateTime().toString({ smallestUnit: there.second === 0 ? 'minute' : 'second' });
  return `${time.replace('T', ' ')} ${zone} (${utc})`;
}

function zoneOf(Temporal: typeof TemporalApi, name: string): string {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch {
    throw usage(`“${name}” is not a time zone.`, 'Use a name such as Europe/Berlin or UTC.');
  }
}

function read(Temporal: typeof TemporalApi, at: string, zone: string, zoned: boolean): TemporalApi.Instant {
  if (/(z|[+-]\d\d:?\d\d)$/i.test(at)) {
    if (zoned) throw usage(`${at} names its own offset, and --tz another.`, 'Use one of the two.');
    return parsed(at, () => Temporal.Instant.from(at));
  }
  const time = parsed(at, () => Temporal.PlainDateTime.from(at.replace(' ', 'T')));
  const early = time.toZonedDateTime(zone, { disambiguation: 'earlier' });
  const late = time.toZonedDateTime(zone, { disambiguation: 'later' });
  if (early.epochMilliseconds === late.epochMilliseconds) return early.toInstant();
  const shown = early.toPlainDateTime().equals(time);
  if (shown)
    throw usage(`${at} comes twice in ${zone}, for the clock is put back.`, `Give ${early.offset} or ${late.offset} with the time.`);
  throw usage(`${at} does not exist in ${zone}: the clock is put forward over it.`, `The next time there is ${late.toPlainDateTime()}.`);
}

function parsed<T>(at: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw usage(`“${at}” is not a time.`, 'Give ISO 8601, such as 2026-12-01T02:00 or 2026-12-01T02:00:00Z.');
  }
}
