import { isError, usage } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import { duration, utcOf } from '../../base/time.ts';
import type { Consent, Context, GivenConsent } from '../../cli/language/command.ts';
import { done, type View } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { idsOf, readSite, type SiteReference, siteReference } from './snapshot.ts';
import { type Moment, momentOf, show } from './when.ts';

interface ScheduleValues {
  readonly at: string | undefined;
  readonly tz: string | undefined;
  /** Milliseconds from now. */
  readonly in: number | undefined;
}

type Needs = Pick<Context, 'api' | 'ask' | 'clock' | 'nameOf' | 'progress' | 'settings' | 'world'> & { readonly targets: Targets };

/** The confirmation for a deployment that the link file wants confirmed, or that replaces a scheduled one: one question for both. */
export async function scheduleConsent(ctx: Needs, values: ScheduleValues, given: GivenConsent): Promise<Consent | undefined> {
  const moment = await momentIn(ctx, values);
  const { linkConsent } = await import('../link/confirmation.ts');
  const linked = given.yes ? undefined : await linkConsent(ctx, [ctx.targets], 'Schedule a deployment of');
  if (linked && !ctx.ask.allowed) return linked;
  const replaced = await replacing(ctx, moment, given);
  return linked && replaced ? { ...replaced, warning: `${linked.warning} ${replaced.warning}` } : (linked ?? replaced);
}

/** The confirmation for replacing a scheduled deployment. */
async function replacing(ctx: Needs, moment: Moment, { yes }: GivenConsent): Promise<Consent | undefined> {
  const before = await scheduled(ctx, siteReference(ctx.targets));
  const utc = utcOf(before);
  if (before === undefined || utc === moment.utc) return undefined;
  const old = utc === undefined ? before : show({ ...moment, utc });
  if (yes) ctx.progress.note(`This replaces the deployment scheduled for ${old}.`);
  return { level: 'moderate', verb: 'Replace the scheduled deployment of', warning: `A deployment is already scheduled for ${old}.` };
}

/** Schedules a deployment. */
export async function schedule(ctx: Pick<Needs, 'api' | 'clock' | 'targets' | 'world'>, values: ScheduleValues): Promise<View> {
  const moment = await momentIn(ctx, values);
  const of = siteReference(ctx.targets);
  const { data } = await ctx.api.send<object>('POST /servers/{server}/sites/{site}/schedule-deploy', idsOf(of), {
    body: { scheduled_at: moment.utc },
  });
  const sentence = `Scheduled a deployment of ${of.site.label} for ${show(moment, `in ${duration(Date.parse(moment.utc) - ctx.clock.now())}`)}`;
  return done(sentence, data ?? { message: sentence, scheduled_at: moment.utc });
}

function momentIn({ clock, world }: Pick<Needs, 'clock' | 'world'>, { at, tz, in: delay }: ScheduleValues): Promise<Moment> {
  if ((at === undefined) === (delay === undefined))
    throw usage('Use either --at or --in.', 'For example: --at 2026-12-01T02:00 or --in 90m');
  return momentOf({ at, tz, delay, now: clock.now(), zone: world.env.TZ });
}

/** The time of the scheduled deployment as the API sent it; undefined if there is none or the token cannot read it. */
async function scheduled(ctx: Pick<Needs, 'api' | 'progress'>, of: SiteReference): Promise<string | undefined> {
  try {
    return wordOf((await readSite(ctx, of)).scheduled_deploy_at).trim() || undefined;
  } catch (error) {
    if (!isError(error, 'forbidden')) throw error;
    ctx.progress.warn('This token cannot read the site, so a deployment that is already scheduled will be replaced.');
    return undefined;
  }
}
