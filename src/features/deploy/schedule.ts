import { isError, usage } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import { utcOf } from '../../base/time.ts';
import type { Consent, Context, Given } from '../../cli/language/command.ts';
import { message, type View } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { idsOf, readSite, type SiteReference, siteReference } from './snapshot.ts';
import { type Moment, momentOf, show } from './when.ts';

interface ScheduleValues {
  readonly at: string | undefined;
  readonly tz: string | undefined;
  /** Milliseconds from now. */
  readonly in: number | undefined;
}

type Needs = Pick<Context, 'api' | 'clock' | 'progress' | 'world'> & { readonly targets: Targets };

/** What has to be agreed to: that a deployment which is scheduled already is replaced. */
export async function replacing(ctx: Needs, values: ScheduleValues, { yes }: Given): Promise<Consent | undefined> {
  const moment = await momentIn(ctx, values);
  const before = await scheduled(ctx, siteReference(ctx.targets));
  const utc = utcOf(before);
  if (before === undefined || utc === moment.utc) return undefined;
  const old = utc === undefined ? before : show({ ...moment, utc });
  if (yes) ctx.progress.note(`This replaces the deployment that is scheduled for ${old}.`);
  return { level: 'moderate', verb: 'Replace the scheduled deployment of', warning: `A deployment is scheduled already, for ${old}.` };
}

/** Schedules a deployment. */
export async function schedule(ctx: Needs, values: ScheduleValues): Promise<View> {
  const moment = await momentIn(ctx, values);
  const of = siteReference(ctx.targets);
  const { data } = await ctx.api.send<object>('POST /servers/{server}/sites/{site}/schedule-deploy', idsOf(of), {
    body: { scheduled_at: moment.utc },
  });
  const sentence = `The deployment of ${of.site.label} is scheduled for ${show(moment)}.`;
  return message(sentence, data ?? { message: sentence, scheduled_at: moment.utc });
}

function momentIn({ clock, world }: Needs, { at, tz, in: delay }: ScheduleValues): Promise<Moment> {
  if ((at === undefined) === (delay === undefined))
    throw usage('When? Give either --at or --in.', 'Such as --at 2026-12-01T02:00, or --in 90m.');
  return momentOf({ at, tz, delay, now: clock.now(), zone: world.env.TZ });
}

/** What is scheduled now, as the API says it; undefined where nothing is, or where this token cannot see it. */
async function scheduled(ctx: Needs, of: SiteReference): Promise<string | undefined> {
  try {
    return wordOf((await readSite(ctx, of)).scheduled_deploy_at).trim() || undefined;
  } catch (error) {
    if (!isError(error, 'forbidden')) throw error;
    ctx.progress.warn('This token cannot read the site: a deployment that is scheduled already is replaced unseen.');
    return undefined;
  }
}
