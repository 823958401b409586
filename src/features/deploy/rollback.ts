import { DnxError } from '../../base/errors.ts';
import { phaseOf } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import { firstSight, type Sight } from './before.ts';
import type { Release } from './judge.ts';
import { type Deploying, resumeCommand, type Spot, spotOf } from './place.ts';
import { pursue } from './pursue.ts';
import { sendOnce } from './request.ts';
import { type Ended, nameOf, resultOf } from './result.ts';
import { type Remembered, remember } from './runs.ts';

/** What `dnx rollback` was given. */
export interface RollbackValues {
  /** A release's name or id. */
  readonly to: string | undefined;
  readonly yes: boolean | undefined;
  readonly wait: boolean | undefined;
  readonly timeout: number | undefined;
}

/** Makes an earlier release live and follows until it is. The release is chosen here, so that "previous" cannot mean another one meanwhile. */
export async function rollback(ctx: Deploying, { to, yes, wait, timeout }: RollbackValues): Promise<Ended> {
  const sight = await firstSight(ctx, spotOf(ctx.targets), { demanded: true });
  const spot = spotOf(ctx.targets, sight?.site.domain);
  const { label } = spot.labels.site;
  const releases = sight?.releases ?? [];
  const live = releases.find(({ active }) => active);
  const asks = to === undefined && !yes && ctx.ask.allowed;
  const target = asks ? await pick(ctx, releases, live, label) : choose(releases, live, to, label);
  if (!sight || !target) throw none(label);
  ctx.progress.note(`${label} goes back from ${describe(live)}\nto ${describe(target)}.\nDatabase migrations are not undone.`);
  const run = await requestRollback(ctx, spot, sight, target);
  const undo = live && `To undo it: dnx rollback ${label} --server ${spot.labels.server.label} --to ${nameOf(live)}`;
  const started: Ended = { result: resultOf(run.run, { started_at: run.run.started_at, outcome: 'started', release: nameOf(target) }) };
  const ended = wait === false ? started : await pursue(ctx, run, { timeoutMs: timeout });
  if (undo && !ended.failure) ctx.progress.note(undo);
  return ended;
}

/** Sends the one request, written down before it. */
export async function requestRollback(ctx: Deploying, spot: Spot, sight: Sight, target: Release): Promise<Remembered> {
  const run = remember(ctx, { kind: 'rollback', ...spot.labels, baseline: sight.baseline, to: String(target.id) });
  const send = () => ctx.api.send('POST /servers/{server}/sites/{site}/rollback', spot, { body: { release_id: target.id } });
  await sendOnce(run, resumeCommand(ctx, spot), send);
  run.change({ asked: true });
  return run;
}

const isUsable = ({ status }: Release): boolean => phaseOf(status) !== 'bad' && phaseOf(status) !== 'going';

/** `20260318_143200 (4f0c1d2, Fix rounding of VAT, 2026-03-18 14:32 UTC)`. */
function describe(release: Release | undefined): string {
  if (!release) return 'nothing';
  const time = release.created_at?.replace('T', ' ').replace(/:\d\dZ$/, ' UTC');
  const parts = [wordOf(release.commit_hash).slice(0, 7), release.commit_message, time].filter(Boolean);
  return `${nameOf(release)}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}

async function pick(ctx: Deploying, releases: readonly Release[], live: Release | undefined, label: string): Promise<Release> {
  const others = releases.filter((each) => each !== live && isUsable(each));
  if (others.length === 0) throw none(label);
  ctx.progress.note(`Live now: ${describe(live)}`);
  return ctx.ask.select(
    'Which release shall be live?',
    others.map((value) => ({ name: describe(value), value })),
  );
}

function choose(releases: readonly Release[], live: Release | undefined, to: string | undefined, label: string): Release | undefined {
  if (to === undefined) return releases.filter(isUsable).find((each) => !live || isOlder(each, live, releases));
  const chosen = releases.find(({ id, name }) => String(id) === to || name === to);
  if (!chosen) throw none(label, to);
  if (chosen === live) throw new DnxError('differences', `Release ${to} is live already.`, { hint: seeReleases(label) });
  return chosen;
}

/** The list is newest first. */
const isOlder = (one: Release, other: Release, releases: readonly Release[]): boolean => releases.indexOf(one) > releases.indexOf(other);

const none = (label: string, to?: string): DnxError =>
  new DnxError('not_found', to === undefined ? `${label} keeps no release before the live one.` : `${label} keeps no release ${to}.`, {
    hint: seeReleases(label),
  });

const seeReleases = (label: string): string => `See which there are with: dnx site releases ${label}`;
