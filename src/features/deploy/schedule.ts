import type { Temporal as TemporalApi } from 'temporal-polyfill';
import { attempt, isError, usage } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import { duration, utcOf } from '../../base/time.ts';
import type { Consent, Context, GivenConsent } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { done } from '../../cli/output/view.ts';
import type { Located, Targets } from '../../platform/names/names.ts';
import { readSite, siteIds, siteReference } from './site.ts';

/** `in`: milliseconds from now. */
type ScheduleValues = Given<{ at: string; tz: string; in: number }>;

type ScheduleContext = Context & { readonly targets: Targets };

/** The confirmation for a deployment that the link file wants confirmed, or that replaces a scheduled one: one question for both. */
export async function scheduleConsent(ctx: ScheduleContext, values: ScheduleValues, consent: GivenConsent): Promise<Consent | undefined> {
  const moment = await momentIn(ctx, values);
  const { linkConsent } = await import('../link/confirmation.ts');
  const linked = consent.yes ? undefined : await linkConsent(ctx, [ctx.targets], 'Schedule a deployment of');
  if (linked && !ctx.ask.allowed) return linked;
  const replaced = await replacing(ctx, moment, consent);
  return linked && replaced ? { ...replaced, warning: `${linked.warning} ${replaced.warning}` } : (linked ?? replaced);
}

async function replacing(ctx: ScheduleContext, moment: Moment, { yes }: GivenConsent): Promise<Consent | undefined> {
  const before = await scheduled(ctx, siteReference(ctx.targets));
  const utc = utcOf(before);
  if (before === undefined || utc === moment.utc) return undefined;
  const old = utc === undefined ? before : shownMoment({ ...moment, utc });
  if (yes) ctx.progress.note(`This replaces the deployment scheduled for ${old}.`);
  return { level: 'moderate', verb: 'Replace the scheduled deployment of', warning: `A deployment is already scheduled for ${old}.` };
}

/** Schedules a deployment. */
export async function scheduleDeployment(ctx: ScheduleContext, values: ScheduleValues) {
  const moment = await momentIn(ctx, values);
  const siteRef = siteReference(ctx.targets);
  const { data } = await ctx.api.send<object>('POST /servers/{server}/sites/{site}/schedule-deploy', siteIds(siteRef), {
    body: { scheduled_at: moment.utc },
  });
  const sentence = `Scheduled a deployment of ${siteRef.site.label} for ${shownMoment(moment, `in ${duration(Date.parse(moment.utc) - ctx.clock.now())}`)}`;
  return done(sentence, data ?? { message: sentence, scheduled_at: moment.utc });
}

async function scheduled(ctx: ScheduleContext, siteRef: Located): Promise<string | undefined> {
  try {
    return wordOf((await readSite(ctx, siteRef)).scheduled_deploy_at).trim() || undefined;
  } catch (error) {
    if (!isError(error, 'forbidden')) throw error;
    ctx.progress.warn('This token cannot read the site, so a deployment that is already scheduled will be replaced.');
    return undefined;
  }
}

interface Moment {
  /** ISO 8601 in UTC without fractions of a second, for the API. */
  readonly utc: string;
  readonly zone: string;
  readonly temporal: typeof TemporalApi;
}

/** The latest Date, in epoch ms: in the year 275760. */
const LATEST_MS = 8.64e15;

/** Parses a time. Fails if it is in the past, or skipped or repeated by daylight saving. Loads the polyfill, which is large. */
async function momentIn({ clock, world }: ScheduleContext, { at, tz, in: delay }: ScheduleValues): Promise<Moment> {
  if ((at === undefined) === (delay === undefined))
    throw usage('Use either --at or --in.', 'For example: --at 2026-12-01T02:00 or --in 90m');
  const now = clock.now();
  const { Temporal } = await import('temporal-polyfill');
  const zone = zoneOf(Temporal, tz ?? (world.env.TZ || Temporal.Now.timeZoneId()));
  if (delay !== undefined && now + delay >= LATEST_MS) throw usage('--in is too far in the future. Nothing was scheduled.');
  const time =
    at === undefined
      ? Temporal.Instant.fromEpochMilliseconds(now + (delay ?? 0)).toZonedDateTimeISO(zone)
      : read(Temporal, at, zone, tz !== undefined);
  const moment = { utc: time.toInstant().round('second').toString(), zone: time.timeZoneId, temporal: Temporal };
  if (time.epochMilliseconds <= now) throw usage(`${shownMoment(moment)} is in the past. Nothing was scheduled.`);
  return moment;
}

/** `2026-12-01 02:00 UTC (in 6d)`, or `2026-12-01 03:00 Europe/Berlin (2026-12-01 02:00 UTC, in 6d)`. */
function shownMoment({ utc, zone, temporal }: Moment, distance?: string): string {
  const instant = temporal.Instant.from(utc);
  const [there, universal] = [zone, 'UTC'].map((item) => {
    const time = instant.toZonedDateTimeISO(item);
    const written = time.toPlainDateTime().toString({ smallestUnit: time.second === 0 ? 'minute' : 'second' });
    return `${written.replace('T', ' ')} ${item}`;
  });
  const beside = [there === universal ? undefined : universal, distance].filter(Boolean).join(', ');
  return `${there}${beside && ` (${beside})`}`;
}

function zoneOf(Temporal: typeof TemporalApi, name: string): string {
  const zone = attempt(() => Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId);
  if (zone === undefined) throw usage(`'${name}' is not a time zone.`, 'Use a name such as Europe/Berlin or UTC.');
  return zone;
}

/** A time with seconds or without, or a date alone. Temporal itself drops what else it knows, such as an offset. */
const LOCAL = /^\d{4}-\d\d-\d\d([T ]\d\d(:\d\d(:\d\d([.,]\d+)?)?)?)?$/i;
const OFFSET = /^\d{4}-\d\d-\d\d[T ][\d:.,]+(?:z|[+-]\d\d(?::?\d\d)?)$/i;

/** Reads a time with its own offset, or else one in `zone`. */
function read(Temporal: typeof TemporalApi, at: string, zone: string, zoned: boolean): TemporalApi.ZonedDateTime {
  if (!OFFSET.test(at)) return local(Temporal, at, zone);
  if (zoned) throw usage(`${at} has its own offset, so --tz does not apply.`, 'Remove one of them.');
  return parsed(at, () => Temporal.Instant.from(at)).toZonedDateTimeISO(zone);
}

function local(Temporal: typeof TemporalApi, at: string, zone: string): TemporalApi.ZonedDateTime {
  const time = parsed(at, () => Temporal.PlainDateTime.from(LOCAL.test(at) ? at.replace(' ', 'T') : ''));
  const early = time.toZonedDateTime(zone, { disambiguation: 'earlier' });
  const late = time.toZonedDateTime(zone, { disambiguation: 'later' });
  if (early.epochMilliseconds === late.epochMilliseconds) return early;
  const shown = early.toPlainDateTime().equals(time);
  if (shown) throw usage(`${at} happens twice in ${zone}, because clocks go back.`, `Add ${early.offset} or ${late.offset} to the time.`);
  throw usage(`${at} does not exist in ${zone}, because clocks go forward.`, `The next valid time is ${late.toPlainDateTime()}.`);
}

function parsed<T>(at: string, parse: () => T): T {
  const time = attempt(parse);
  const hint = 'Use ISO 8601, such as 2026-12-01T02:00 or 2026-12-01T02:00:00Z.';
  if (time === undefined) throw usage(`'${at}' is not a time.`, hint);
  return time;
}
