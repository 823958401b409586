import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Detail, DnxError, type Next, usage } from '../../../base/errors.ts';
import type { GivenConsent } from '../../../cli/language/command.ts';
import { message, type Result, record } from '../../../cli/output/view.ts';
import type { Located } from '../../../platform/names/names.ts';
import { consentToSend } from '../dangers.ts';
import { changedAnd, type Deploying, deployAfter, isDeployWanted, refuseWithoutDeploy } from '../deploy-after.ts';
import { parseDotenv } from '../dotenv/dotenv.ts';
import { removeLeftFiles } from '../edit/editor.ts';
import { openLocal, siteFileName } from '../local-file.ts';
import { resolveReferences, sayReferences } from '../references.ts';
import { remoteSide } from '../remote.ts';
import { nextDeploy, type SiteVariable, type SyncingContext, variablesEndpoint } from '../variables.ts';
import { type Applied, applyFailure, applySyncPlan, requireSendable } from './apply.ts';
import { openBase, saveBase } from './base-record.ts';
import { type ChosenSides, choiceOf, conflictError, decide, requireKnown } from './conflicts.ts';
import { type PushSides, planChanges, planPush, type Reason, type SyncPlan, samePlan, stepsOf } from './plan.ts';
import { commandFor, countedVariables, keptNote, planLines, planSummary, stepDetails, summaryColumns } from './show.ts';

interface Options extends ChosenSides, Deploying {
  readonly file: string | undefined;
  readonly prune: boolean | undefined;
  readonly allow_file: readonly string[] | undefined;
}

/** What is pushed, and to where. */
interface Push {
  readonly ctx: SyncingContext;
  readonly targets: Located;
  /** The file as the user knows it. */
  readonly name: string;
  /** The file that the user named. */
  readonly given: string | undefined;
  readonly sides: PushSides;
  /** Files outside of the project that its references may read. */
  readonly allowed: readonly string[];
  readonly deploying: Deploying;
}

/** `dnx env push`: sends what changed in the file since the last pull or push, and nothing else. */
export async function pushVariables(ctx: SyncingContext, targets: Located, options: Options, consent: GivenConsent): Promise<Result> {
  refuseWithoutDeploy(options);
  removeLeftFiles(ctx);
  const { site } = targets;
  const { prune = false, allow_file: allowed = [] } = options;
  const choice = choiceOf(options);

  const given = options.file;
  const { name, text, ...file } = openLocal(given ?? siteFileName(ctx, targets), ctx);
  if (text === undefined) throw missingFile(ctx, targets, name, given);
  const dotenv = parseDotenv(text, name);
  const local = await resolveReferences(dotenv, { directory: file.directory, allowed }, ctx);
  sayReferences(ctx, dotenv);
  for (const [key, value] of local) ctx.plan?.source(value, `dotenv://${name}#${key}`);
  const known = await ctx.list<SiteVariable>(variablesEndpoint);
  const remote = remoteSide(known);
  requireKnown(choice, local, remote);

  const base = await openBase(ctx, { host: ctx.settings.host, site: site.id, file: file.path });
  const other = base.elsewhere();
  if (other !== undefined) ctx.progress.warn(`${name} was last synced with ${other}, not with ${site.label}.`);
  const undecided = { sides: { local, remote, base, choice, prune }, planOf: planPush, asks: !ctx.plan, known: base.known, file: name };
  const { sides, plan, asked } = await decide(ctx, undecided);
  requireSendable(plan);
  const pushing: Push = { ctx, targets, name, given, sides, allowed, deploying: options };
  const summary = planSummary(site.label, name, plan.steps);
  const conflicts = stepsOf(plan, 'conflict');
  if (conflicts.length > 0)
    return { view: record(summary, summaryColumns), exit: conflictError(conflicts, base.known, 'Nothing was sent.', HINT) };
  if (planChanges(plan).length === 0) {
    if (!ctx.plan) await saveBase(ctx, base, plan, []);
    return nothingPushed(pushing, plan);
  }

  ctx.plan?.about({ ...summary }, [...unrecorded(base.known), ...stepDetails(stepsOf(plan, 'keep'), 'plan')], true);
  const confirmed = await consentToSend(ctx, targets, {
    changes: planChanges(plan),
    remote,
    given: consent,
    ask: { lines: planLines(plan), question: `${questionOf(pushing, plan)}?` },
  });
  const now = confirmed || asked ? await readAgain(pushing, plan) : known;
  const applied = await applySyncPlan(ctx, targets, now, plan);
  if (!ctx.plan) await saveBase(ctx, base, plan, applied.done);
  return pushed(pushing, plan, applied, confirmed);
}

/** The error if there is no file to push. The user's own `.env` is pushed only by name. */
function missingFile({ world }: SyncingContext, targets: Located, name: string, given: string | undefined): DnxError {
  const own = given === undefined && existsSync(join(world.cwd, '.env'));
  return usage(
    `${name} does not exist.`,
    undefined,
    { command: commandFor('pull', given, targets), why: 'Create it with' },
    ...(own ? [{ command: commandFor('push', '.env', targets), why: 'Push your own .env with' }] : []),
  );
}

const HINT = 'Use --ours KEY for the value of the file, or --theirs KEY to leave it as it is at Deploynix.';

const unrecorded = (known: boolean): readonly Detail[] => (known ? [] : [['note', 'There is no record of the last pull.']]);

const questionOf = ({ targets: { site, server }, deploying }: Push, plan: SyncPlan): string =>
  `Push ${countedVariables(planChanges(plan).length)} to ${site.label} (${server.label})${deploying.deploy ? ' and deploy' : ''}`;

/** Reads the variables after a question, which takes time. Nothing is sent if the plan is no longer the same. */
async function readAgain({ ctx, sides }: Push, plan: SyncPlan): Promise<readonly SiteVariable[]> {
  const now = await ctx.list<SiteVariable>(variablesEndpoint);
  if (samePlan(planPush({ ...sides, remote: remoteSide(now) }), plan)) return now;
  throw new DnxError('differences', 'Variables were changed at Deploynix meanwhile. Nothing was sent.', { hint: 'Run the command again.' });
}

/** The result if nothing had to be sent. */
function nothingPushed(push: Push, plan: SyncPlan): Result {
  const { targets, name, deploying } = push;
  const { site } = targets;
  const summary = planSummary(site.label, name, plan.steps);
  const sentence = `Nothing to push to ${site.label}.`;
  const { note } = keptNote(plan.steps);
  if (!deploying.deploy) return { view: message(sentence, summary), ...(note !== undefined && { note }), next: nextOf(push, plan) };
  return {
    view: message(sentence, changedAnd(summary, null)),
    note: [...(note === undefined ? [] : [note]), 'Nothing was deployed.'].join('\n'),
    next: [...nextOf(push, plan), ...nextDeploy(site)],
  };
}

/** The result of what was sent, and of the deployment. A failure says which variables were sent and which were not. */
async function pushed(push: Push, plan: SyncPlan, applied: Applied, asked: boolean): Promise<Result> {
  const { ctx, targets, name, given, deploying } = push;
  const { site } = targets;
  const { done, failed, left } = applied;
  const steps = [...done, ...stepsOf(plan, 'keep')];
  const summary = planSummary(site.label, name, steps);
  const exit = applyFailure(applied, [{ command: commandFor('push', given, targets, ...sameOptions(push)), why: 'Send the rest with' }]);
  if (exit) {
    if (exit.code !== 'partial') throw exit;
    const missing = [...failed.map(({ step }) => step), ...left].map(({ key }) => key);
    const view = record({ ...summary, failed: missing }, summaryColumns);
    return { view, exit: deploying.deploy ? exit.withHint('Nothing was deployed.', ...exit.next) : exit };
  }
  const sentence = `Pushed ${countedVariables(done.length)} to ${site.label}`;
  if (await isDeployWanted(ctx, deploying, asked && sentence)) {
    ctx.progress.succeeded(sentence);
    return deployAfter(ctx, targets, deploying, summary);
  }
  return {
    view: record(summary, summaryColumns, sentence, stepDetails(steps, 'past')),
    next: [...nextOf(push, plan), ...nextDeploy(site)],
  };
}

/** The options with which another push decides as this one did. */
const sameOptions = ({ sides: { choice, prune }, allowed, deploying }: Push): readonly string[] => [
  ...choice.ours.flatMap((key) => ['--ours', key]),
  ...choice.theirs.flatMap((key) => ['--theirs', key]),
  ...allowed.flatMap((file) => ['--allow-file', file]),
  ...(prune ? ['--prune'] : []),
  ...(deploying.deploy ? ['--deploy'] : []),
];

/** How to get what changed at Deploynix, and to remove there what was removed here. */
function nextOf({ given, targets }: Push, { steps }: SyncPlan): readonly Next[] {
  const isKept = (...reasons: readonly (Reason | undefined)[]) =>
    steps.some(({ verb, reason }) => verb === 'keep' && reasons.includes(reason));
  return [
    ...(isKept('changed there', 'removed there', 'only there')
      ? [{ command: commandFor('pull', given, targets), why: 'Get what changed at Deploynix with' }]
      : []),
    ...(isKept('removed here')
      ? [{ command: commandFor('push', given, targets, '--prune'), why: 'Remove at Deploynix what was removed here with' }]
      : []),
  ];
}
