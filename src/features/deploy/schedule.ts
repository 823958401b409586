import { DnxError, isError, usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type View } from '../../cli/output/view.ts';
import { readSite } from './follow-deployment.ts';
import { type Spot, spotOf } from './place.ts';
import { type Moment, momentOf, show } from './when.ts';

interface ScheduleValues {
  readonly at: string | undefined;
  readonly tz: string | undefined;
  /** Milliseconds from now. */
  readonly in: number | undefined;
  readonly yes: boolean | undefined;
}

type Needs = Pick<Context, 'api' | 'ask' | 'clock' | 'progress' | 'targets' | 'world'>;

/** Schedules a deployment, after a look at what is scheduled already. */
export async function schedule(ctx: Needs, { at, tz, in: delay, yes }: ScheduleValues): Promise<View> {
  if ((at === undefined) === (delay === undefined))
    throw usage('When? Give either --at or --in.', 'Such as --at 2026-12-01T02:00, or --in 90m.');
  const moment = await momentOf({ at, tz, delay, now: ctx.clock.now(), zone: ctx.world.env.TZ });
  const spot = spotOf(ctx.targets);
  const before = await scheduled(ctx, spot);
  if (before !== null && before !== moment.utc) await replace(ctx, before, moment, yes ?? false);
  const { data } = await ctx.api.send<object>('POST /servers/{server}/sites/{site}/schedule-deploy', spot, {
    body: { scheduled_at: moment.utc },
  });
  const sentence = `The deployment of ${spot.labels.site.label} is scheduled for ${show(moment)}.`;
  return message(sentence, data ?? { message: sentence, scheduled_at: moment.utc });
}

/** What is scheduled now; null where nothing is, or where this token cannot see it. */
async function scheduled(ctx: Needs, spot: Spot): Promise<string | null> {
  try {
    return (await readSite(ctx, spot)).scheduled_deploy_at ?? null;
  } catch (error) {
    if (!isError(error, 'forbidden')) throw error;
    ctx.progress.warn('This token cannot read the site: a deployment that is scheduled already is replaced unseen.');
    return null;
  }
}

async function replace({ ask, progress }: Needs, before: string, moment: Moment, yes: boolean): Promise<void> {
  const old = show({ ...moment, utc: before });
  if (yes) return progress.note(`This replaces the deployment that is scheduled for ${old}.`);
  if (!ask.allowed) throw usage(`A deployment is scheduled already, for ${old}. Nothing was changed.`, 'Pass --yes to replace it.');
  if (!(await ask.confirm(`A deployment is scheduled already, for ${old}. Replace it?`)))
    throw new DnxError('interrupted', 'Nothing was done.');
}
