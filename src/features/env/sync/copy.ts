import { DnxError, isError, usage } from '../../../base/errors.ts';
import { didYouMean } from '../../../base/nearest.ts';
import type { GivenConsent } from '../../../cli/language/command.ts';
import { failedItem, listOf, objectOf, type Printed, word, words } from '../../../cli/language/shape.ts';
import { columns, message } from '../../../cli/output/view.ts';
import { type Located, targetIds } from '../../../platform/names/names.ts';
import { consentToSend } from '../dangers.ts';
import { type DeployOptions, nothingDeployed, refuseWithoutDeploy, sentResult } from '../deploy-after.ts';
import { applySteps, remoteSide } from '../remote.ts';
import { type SettingContext, type SiteVariable, siteVariables, variablesEndpoint } from '../variables.ts';
import { countedVariables, stepDetails, stepLines } from './show.ts';
import { type Side, type SyncStep, type SyncSteps, sameSteps, stepsOf, UNKNOWN } from './steps.ts';

interface ChosenKeys {
  readonly except: readonly string[] | undefined;
  readonly only: readonly string[] | undefined;
}

/** What a copy did, for scripts: keys only, never values. */
export const copySummary = objectOf({ site: word, from: word, added: words, changed: words, equal: words }, { failed: listOf(failedItem) });

/** `dnx env copy`: gives a site the variables of another. */
export async function copyVariables(
  ctx: SettingContext,
  targets: Located,
  { from: word, ...options }: ChosenKeys & DeployOptions & { readonly from: string },
  consent: GivenConsent,
) {
  refuseWithoutDeploy(options);
  const from = (await ctx.resolve(siteVariables.path, { site: word }).catch((error: unknown) => {
    const [choice] = (isError(error, 'ambiguous') && error.meant?.choices) || [];
    throw isError(error) && choice ? error.withHint(`Name it as SERVER/SITE, such as ${choice.word}.`) : error;
  })) as Located;
  const { site, server } = targets;
  if (from.site.id === site.id) throw usage(`Both are ${site.label}.`, 'Name two different sites.');
  const here = chosenFrom(remoteSide(await ctx.api.list<SiteVariable>(variablesEndpoint, targetIds({ ...from }))), from, options);
  const known = await ctx.list<SiteVariable>(variablesEndpoint);
  const sync = copySteps(here, remoteSide(known));
  const summary = (steps: readonly SyncStep[]) => summaryOf(from, targets, { ...sync, steps });
  if (sync.steps.length === 0) return nothingCopied(targets, summary([]), options);

  ctx.recorder?.about(summary(sync.steps), stepDetails(sync.steps, 'verb'), true);
  const what = `${countedVariables(sync.steps.length)} from ${from.site.label} (${from.server.label}) to ${site.label} (${server.label})`;
  const ask = { lines: stepLines(sync), question: `Copy ${what}${options.deploy ? ' and deploy' : ''}?` };
  const asked = await consentToSend(ctx, targets, { changes: sync.steps, remote: remoteSide(known), consent, ask });
  const now = asked ? await ctx.list<SiteVariable>(variablesEndpoint) : known;
  if (!sameSteps(copySteps(here, remoteSide(now)), sync))
    throw new DnxError('differences', 'Variables were changed at Deploynix meanwhile. Nothing was sent.', {
      hint: 'Run the command again.',
    });
  const outcome = await applySteps(ctx, targets, now, sync);
  return sentResult(ctx, targets, options, {
    outcome,
    asked,
    shown: { of: summary, columns: summaryColumns, kept: [] },
    sentence: `Copied ${countedVariables(outcome.done.length)} from ${from.site.label} to ${site.label}`,
    again: ['env', 'copy', word, `${server.label}/${site.label}`, ...sameOptions(options)],
    next: [],
  });
}

const summaryColumns = columns<Printed<typeof copySummary>>('site', 'from', 'added', 'changed', 'equal');

function summaryOf({ site: from }: Located, { site }: Located, { steps, equal }: SyncSteps): Printed<typeof copySummary> {
  const keys = (verb: 'add' | 'change') => stepsOf({ steps }, verb).map(({ key }) => key);
  return { site: site.label, from: from.label, added: keys('add'), changed: keys('change'), equal: [...equal.keys()] };
}

/** The variables to copy. Fails for a key that is not there, and for a value that the API hides. */
function chosenFrom(there: Side, { site }: Located, { except = [], only }: ChosenKeys): ReadonlyMap<string, string> {
  if (only && except.length > 0) throw usage('--only and --except cannot be combined.', 'Use only one of them.');
  const keys = [...there.keys()];
  const wrong = [...except, ...(only ?? [])].find((key) => !there.has(key));
  if (wrong !== undefined) throw usage(`${site.label} has no variable ${wrong}.${didYouMean(wrong, keys)} Nothing was copied.`);
  const chosen = keys.filter((key) => only?.includes(key) ?? !except.includes(key));
  const hidden = chosen.filter((key) => there.get(key) === UNKNOWN);
  if (hidden.length > 0)
    throw new DnxError('failed', `The API does not show the value of ${hidden.join(', ')} on ${site.label}. Nothing was copied.`, {
      hint: `To copy the others, use ${hidden.map((key) => `--except ${key}`).join(' ')}.`,
    });
  return new Map(chosen.map((key) => [key, String(there.get(key))]));
}

function copySteps(here: ReadonlyMap<string, string>, there: Side): SyncSteps {
  const isEqual = ([key, value]: readonly [string, string]) => there.get(key) === value;
  const steps = [...here].filter((each) => !isEqual(each));
  return {
    steps: steps.map(([key, value]) => ({ key, value, verb: there.has(key) ? 'change' : 'add' })),
    equal: new Map([...here].filter(isEqual)),
  };
}

function nothingCopied({ site }: Located, summary: Printed<typeof copySummary>, { deploy }: DeployOptions) {
  const sentence = `Nothing to copy: ${site.label} already has these values.`;
  return deploy ? nothingDeployed(sentence, summary) : { view: message(sentence, summary) };
}

const sameOptions = ({ except = [], only = [], deploy }: ChosenKeys & DeployOptions): readonly string[] => [
  ...except.flatMap((key) => ['--except', key]),
  ...only.flatMap((key) => ['--only', key]),
  ...(deploy ? ['--deploy'] : []),
];
