import { type Detail, DnxError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { shownTimeIn } from '../../base/time.ts';
import type { PlannedDeployment } from '../../cli/language/command.ts';
import { nothing } from '../../cli/output/view.ts';
import type { Located, Targets } from '../../platform/names/names.ts';
import { isInstallation, workInProgress } from '../deploy/baseline.ts';
import { busy, mustRead } from '../deploy/deploy-site.ts';
import { type DeployValues, readsSiteFirst, type Verification } from '../deploy/options.ts';
import {
  type DeployContext,
  readReleases,
  readSite,
  type Snapshot,
  siteIds,
  sitePlace,
  siteReference,
  snapshotBefore,
} from '../deploy/site.ts';
import { pinned } from './branch.ts';
import { changesOf } from './changes.ts';
import { examined, stopped } from './guard.ts';
import { changeDetails } from './show.ts';

/** `deploy --dry-run`: for each site, the canary first, the branch, the live release and the commits between, as far as this clone shows them, and what the guard says. */
export async function recordDeployments(
  outer: DeployContext,
  all: readonly Targets[],
  values: DeployValues,
  verification: Verification | undefined,
) {
  const refusals: DnxError[] = [];
  const sites = all.length > 1 ? new (await import('../deploy/shared-sites.ts')).SharedSites(outer, all) : undefined;
  for (const targets of all) sites?.enter(siteReference(targets), outer.deadline);
  const ctx = { ...outer, ...(sites && { sites }) };
  if (values.canary !== undefined) ctx.recorder?.about({ canary: true }, [['canary', 'if it fails, no other is deployed']]);
  for (const targets of all) refusals.push(...((await recordOne({ ...ctx, targets }, values, verification)) ?? []));
  const next = refusals.flatMap((refusal) => refusal.next);
  const message = `--guard would stop ${refusals.length} of ${all.length} sites`;
  return { view: nothing, exit: refusals.length > 0 ? new DnxError('differences', message, { next }) : undefined };
}

async function recordOne(ctx: DeployContext, values: DeployValues, verification?: Verification): Promise<[DnxError] | undefined> {
  const before = readsSiteFirst(values) ? await snapshotBefore(ctx, mustRead(values, verification)) : undefined;
  const siteRef = siteReference(ctx.targets, before?.site.domain);
  if (verification && before) (await import('../deploy/verify.ts')).refuseUnverifiable(verification, before, siteRef);
  const running = before && recordRunning(ctx, siteRef, before, values);
  if (running === 'attach') return undefined;
  const read = before ?? (values.guard ? { site: await readSite(ctx, siteRef), releases: await readReleases(ctx, siteRef) } : undefined);
  const described = read && (await describe(ctx, siteRef, read, values));
  if (described?.refusal) {
    described.say(true);
    return [stopped(siteRef, values, described.refusal)];
  }
  described?.say();
  const { command, path, rollback } = verification ?? {};
  if (command !== undefined)
    ctx.recorder?.about({ verify_cmd: true }, [
      ['verify', `run: ${command}`],
      ...(rollback && path === undefined ? [['if it fails', 'roll back'] as const] : []),
    ]);
  const unknown = { commit: null, branch: null, repository: null };
  ctx.recorder?.deployment({ ...(described?.pin ?? unknown), ...heldVerification(verification) }, unsavedPart(verification));
  await ctx.api.send('POST /servers/{server}/sites/{site}/deploy', siteIds(siteRef), { assume: {} });
  return undefined;
}

/** What a plan holds of a verification. */
export const heldVerification = (verification: Verification | undefined): Pick<PlannedDeployment, 'verify' | 'rollback_on_fail'> => {
  const { path, expect = 200, body = null, passes = 1, withinMs = 0, rollback = false } = verification ?? {};
  const verify = path === undefined ? null : { path, expect, expect_body: body, for: passes, within_s: Math.ceil(withinMs / 1000) };
  return { verify, rollback_on_fail: rollback };
};

/** Why a plan cannot hold a verification: whoever applies it may not have made it. */
const unsavedPart = (verification: Verification | undefined): string | undefined =>
  verification?.command !== undefined
    ? 'a plan runs no program, so it cannot hold --verify-cmd'
    : verification?.url !== undefined
      ? "a plan requests only the site's own address, so it cannot hold --url"
      : undefined;

function recordRunning({ recorder }: DeployContext, siteRef: Located, before: Snapshot, { if_running }: DeployValues) {
  const word = workInProgress(before.site, before.releases);
  if (word === undefined) return undefined;
  const answer = if_running ?? (isInstallation(word) ? 'wait' : 'attach');
  if (answer === 'fail') throw busy(siteRef, word);
  const what = `${siteRef.site.label} is already ${word}`;
  recorder?.about({ site: siteRef.site.label, running: word, if_running: answer }, [
    ['running', `${what}; ${answer === 'wait' ? 'would wait for it' : 'would follow it'}`],
  ]);
  return answer === 'attach' ? answer : undefined;
}

async function describe(ctx: DeployContext, siteRef: Located, read: Pick<Snapshot, 'site' | 'releases'>, values: DeployValues) {
  const { guard } = values;
  const branch = wordOf(read.site.branch) || null;
  const { changes, refusal } = guard
    ? await examined(ctx, siteRef, values, read)
    : { changes: await changesOf(ctx, { siteRef, ...read }), refusal: undefined };
  const { target } = changes;
  const stops = refusal?.checks ?? [];
  const data: JsonObject = {
    ...changes,
    branch,
    ...(guard && { guard: refusal ? 'stops' : 'passes', reasons: refusal?.reasons ?? [] }),
  };
  const details: readonly Detail[] = [
    ...(refusal ? [['site', sitePlace(siteRef)] as const] : []),
    ...(target === null && branch !== null ? [['branch', branch] as const] : []),
    ...changeDetails(changes, timeIn(ctx)),
    ...(guard ? [['guard', stops.length === 0 ? 'passes' : `stops for ${stops.join(', ')}`] as const] : []),
  ];
  return { refusal, pin: pinned(target, changes.commits), say: (whole = false) => ctx.recorder?.about(data, details, whole) };
}

const timeIn =
  ({ clock, world }: DeployContext) =>
  (at: string) =>
    shownTimeIn(at, { now: clock.now(), terminal: world.stdout.isTTY === true });
