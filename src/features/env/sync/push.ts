import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Detail, DnxError, type Next, usage } from '../../../base/errors.ts';
import type { GivenConsent } from '../../../cli/language/command.ts';
import type { Given } from '../../../cli/language/options.ts';
import { message, record } from '../../../cli/output/view.ts';
import type { Located } from '../../../platform/names/names.ts';
import { consentToSend } from '../dangers.ts';
import { type DeployOptions, nothingDeployed, refuseWithoutDeploy, sentResult } from '../deploy-after.ts';
import { parseDotenv } from '../dotenv/dotenv.ts';
import { removeLeftFiles } from '../edit/editor.ts';
import { openLocal, siteFileName } from '../local-file.ts';
import { resolveReferences, sayReferences } from '../references.ts';
import { applySteps, remoteSide, requireSendable, type SyncOutcome } from '../remote.ts';
import { nextDeploy, type SiteVariable, type SyncingContext, variablesEndpoint } from '../variables.ts';
import { openBase, saveBase } from './base-record.ts';
import {
  type ChosenSides,
  choiceOf,
  commandFor,
  conflictError,
  countedVariables,
  keptNote,
  requireKnown,
  settleConflicts,
  stepDetails,
  stepLines,
  summaryColumns,
  summaryOf,
} from './show.ts';
import { changingSteps, type PushSides, pushSteps, type Reason, type SyncSteps, sameSteps, stepsOf } from './steps.ts';

type EnvPushOptions = ChosenSides & DeployOptions & Given<{ file: string; prune: boolean; allow_file: readonly string[] }>;

interface Push {
  readonly ctx: SyncingContext;
  readonly targets: Located;
  readonly name: string;
  readonly namedFile: string | undefined;
  readonly sides: PushSides;
  /** Files outside of the project that its references may read. */
  readonly allowed: readonly string[];
  readonly deployOptions: DeployOptions;
}

/** `dnx env push`: sends what changed in the file since the last pull or push, and nothing else. */
export async function pushVariables(ctx: SyncingContext, targets: Located, options: EnvPushOptions, consent: GivenConsent) {
  refuseWithoutDeploy(options);
  removeLeftFiles(ctx);
  const { site } = targets;
  const { prune = false, allow_file: allowed = [] } = options;
  const choice = choiceOf(options);

  const namedFile = options.file;
  const { name, text, ...file } = openLocal(namedFile ?? siteFileName(ctx, targets), ctx);
  if (text === undefined) throw missingFile(ctx, targets, name, namedFile);
  const dotenv = parseDotenv(text, name);
  const local = await resolveReferences(dotenv, { directory: file.directory, allowed }, ctx);
  sayReferences(ctx, dotenv);
  for (const [key, value] of local) ctx.recorder?.source(value, `dotenv://${name}#${key}`);
  const known = await ctx.list<SiteVariable>(variablesEndpoint);
  const remote = remoteSide(known);
  requireKnown(choice, local, remote);

  const base = await openBase(ctx, { host: ctx.settings.host, site: site.id, file: file.path });
  const other = base.elsewhere();
  if (other !== undefined) ctx.progress.warn(`${name} was last synced with ${other}, not with ${site.label}.`);
  const compared = { local, remote, base, choice, prune };
  const settled = await settleConflicts(ctx, compared, pushSteps, { asks: !ctx.recorder, known: base.known, file: name });
  const { sides, sync } = settled;
  requireSendable(sync);
  const pushing: Push = { ctx, targets, name, namedFile, sides, allowed, deployOptions: options };
  const summary = summaryOf(site.label, name, sync.steps);
  const conflicts = stepsOf(sync, 'conflict');
  if (conflicts.length > 0)
    return { view: record(summary, summaryColumns), exit: conflictError(conflicts, base.known, 'Nothing was sent.', HINT) };
  if (changingSteps(sync).length === 0) {
    if (!ctx.recorder) await saveBase(ctx, base, sync, []);
    return nothingPushed(pushing, sync);
  }

  ctx.recorder?.about({ ...summary }, [...unrecorded(base.known), ...stepDetails(stepsOf(sync, 'keep'), 'verb')], true);
  const asked = await consentToSend(ctx, targets, {
    changes: changingSteps(sync),
    remote,
    consent,
    ask: { lines: stepLines(sync), question: `${questionOf(pushing, sync)}?` },
  });
  const now = asked || settled.asked ? await readAgain(pushing, sync) : known;
  const applied = await applySteps(ctx, targets, now, sync);
  if (!ctx.recorder) await saveBase(ctx, base, sync, applied.done);
  return pushed(pushing, sync, applied, asked);
}

/** The error if there is no file to push. The user's own `.env` is pushed only by name. */
function missingFile({ world }: SyncingContext, targets: Located, name: string, namedFile: string | undefined): DnxError {
  const hasDotenv = namedFile === undefined && existsSync(join(world.cwd, '.env'));
  return usage(
    `${name} does not exist.`,
    undefined,
    { command: commandFor('pull', namedFile, targets), why: 'Create it with' },
    ...(hasDotenv ? [{ command: commandFor('push', '.env', targets), why: 'Push your own .env with' }] : []),
  );
}

const HINT = 'Use --ours KEY for the value of the file, or --theirs KEY to leave it as it is at Deploynix.';

const unrecorded = (known: boolean): readonly Detail[] => (known ? [] : [['note', 'There is no record of the last pull.']]);

const questionOf = ({ targets: { site, server }, deployOptions }: Push, sync: SyncSteps): string =>
  `Push ${countedVariables(changingSteps(sync).length)} to ${site.label} (${server.label})${deployOptions.deploy ? ' and deploy' : ''}`;

async function readAgain({ ctx, sides }: Push, sync: SyncSteps): Promise<readonly SiteVariable[]> {
  const now = await ctx.list<SiteVariable>(variablesEndpoint);
  if (sameSteps(pushSteps({ ...sides, remote: remoteSide(now) }), sync)) return now;
  throw new DnxError('differences', 'Variables were changed at Deploynix meanwhile. Nothing was sent.', { hint: 'Run the command again.' });
}

function nothingPushed(push: Push, sync: SyncSteps) {
  const { targets, name, deployOptions } = push;
  const { site } = targets;
  const summary = summaryOf(site.label, name, sync.steps);
  const sentence = `Nothing to push to ${site.label}.`;
  const { note } = keptNote(sync.steps);
  if (!deployOptions.deploy) return { view: message(sentence, summary), ...(note !== undefined && { note }), next: nextOf(push, sync) };
  const { view, note: nothing } = nothingDeployed(sentence, summary);
  return { view, note: [note, nothing].filter(Boolean).join('\n'), next: [...nextOf(push, sync), ...nextDeploy(push.ctx, targets)] };
}

const pushed = (push: Push, sync: SyncSteps, outcome: SyncOutcome, asked: boolean) => {
  const { ctx, targets, name, namedFile, deployOptions } = push;
  const { label } = targets.site;
  return sentResult(ctx, targets, deployOptions, {
    outcome,
    asked,
    shown: { of: (steps) => summaryOf(label, name, steps), columns: summaryColumns, kept: stepsOf(sync, 'keep') },
    sentence: `Pushed ${countedVariables(outcome.done.length)} to ${label}`,
    again: commandFor('push', namedFile, targets, ...sameOptions(push)),
    next: nextOf(push, sync),
  });
};

const sameOptions = ({ sides: { choice, prune }, allowed, deployOptions }: Push): readonly string[] => [
  ...choice.ours.flatMap((key) => ['--ours', key]),
  ...choice.theirs.flatMap((key) => ['--theirs', key]),
  ...allowed.flatMap((file) => ['--allow-file', file]),
  ...(prune ? ['--prune'] : []),
  ...(deployOptions.deploy ? ['--deploy'] : []),
];

function nextOf({ namedFile, targets }: Push, { steps }: SyncSteps): readonly Next[] {
  const isKept = (...reasons: readonly (Reason | undefined)[]) =>
    steps.some(({ verb, reason }) => verb === 'keep' && reasons.includes(reason));
  return [
    ...(isKept('changed at Deploynix', 'removed at Deploynix', 'only at Deploynix')
      ? [{ command: commandFor('pull', namedFile, targets), why: 'Get what changed at Deploynix with' }]
      : []),
    ...(isKept('removed here only')
      ? [{ command: commandFor('push', namedFile, targets, '--prune'), why: 'Remove at Deploynix what was removed here with' }]
      : []),
  ];
}
