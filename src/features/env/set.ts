import { DnxError, isError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import { did } from '../../cli/language/resource.ts';
import { asResult, message, type Result } from '../../cli/output/view.ts';
import { contentOf } from '../../cli/run/values.ts';
import type { Located } from '../../platform/names/names.ts';
import { consentToSend } from './dangers.ts';
import { changedAnd, type Deploying, deployAfter, isDeployWanted, refuseWithoutDeploy } from './deploy-after.ts';
import { refuseLinkOut } from './local-file.ts';
import { remoteSide, sendVariable } from './remote.ts';
import { nextDeploy, type SettingContext, type SiteVariable, variablesEndpoint } from './variables.ts';

export interface Assignments {
  readonly assignment: readonly string[];
  readonly from_file: string | undefined;
}

export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** `dnx env set`: creates or updates each variable, and leaves one alone that already has its value. */
export async function setVariables(
  ctx: SettingContext,
  targets: Located,
  { assignment, from_file, ...deploying }: Assignments & Deploying,
  body: JsonObject,
  consent: GivenConsent,
): Promise<Result> {
  refuseWithoutDeploy(deploying);
  const { pairs, typed } = await pairsOf(ctx, { assignment, from_file });
  const known = await ctx.list<SiteVariable>(variablesEndpoint);
  const remote = remoteSide(known);
  const changes = pairs.filter(({ key, value }) => remote.get(key) !== value);
  const confirmed = await consentToSend(ctx, targets, { changes, remote, given: consent });
  const outcome = await setEach(ctx, targets, known, pairs, body);
  const { result, changed } = outcome;
  if (result.exit instanceof DnxError && deploying.deploy)
    return { ...result, exit: result.exit.withHint('Nothing was deployed.', ...(changed ? nextDeploy(targets.site) : [])) };
  const asked = (typed || confirmed) && !consent.yes && changed && !result.exit && doneIn(outcome, targets);
  if (await isDeployWanted(ctx, deploying, asked)) return deployed(ctx, targets, outcome, deploying);
  return { ...result, ...(changed && { next: nextDeploy(targets.site) }) };
}

/** What became of the variables, and whether anything was changed. */
interface Outcome {
  readonly result: Result;
  readonly changed: boolean;
}

async function setEach(
  ctx: SettingContext,
  targets: Located,
  known: readonly SiteVariable[],
  wanted: readonly Pair[],
  body: JsonObject,
): Promise<Outcome> {
  const shown = remoteSide(known);
  let changed = false as boolean;
  const one = async ({ key, value }: Pair) => {
    const before = known.find((each) => each.key === key);
    if (shown.get(key) === value && Object.keys(body).length === 0) return message(`Unchanged: ${key} already has this value.`, before);
    changed = true;
    const reply = await sendVariable(ctx, targets, known, { key, value, ...body }).catch((error: unknown) => {
      throw before ? error : withKey(error, key);
    });
    return did(reply, `Set ${key} on ${targets.site.label}`);
  };
  const [only] = wanted;
  const items = wanted.map((each) => ({ ...each, id: each.key, label: each.key }));
  return { result: asResult(only && wanted.length === 1 ? await one(only) : await ctx.each(items, one)), changed };
}

/** Deploys the site if a variable was changed. */
async function deployed(
  ctx: SettingContext,
  targets: Located,
  { result: { view }, changed }: Outcome,
  options: Deploying,
): Promise<Result> {
  const variables = view.kind === 'rows' ? view.items : view.kind === 'record' ? [view.item] : 'data' in view ? [view.data] : [];
  const sentence = doneIn({ result: { view }, changed }, targets);
  if (!changed) return { view: message(sentence, changedAnd(variables, null)), note: 'Nothing was deployed.' };
  ctx.progress.succeeded(sentence);
  return deployAfter(ctx, targets, options, variables);
}

/** What was done, in a sentence. */
function doneIn({ result: { view }, changed }: Outcome, { site }: Located): string {
  const one = view.kind === 'message' ? view.text : view.kind === 'record' ? view.done : undefined;
  if (one !== undefined) return one;
  return changed
    ? `Set ${view.kind === 'rows' ? view.items.length : 1} variables on ${site.label}`
    : `Unchanged: ${site.label} already has these values.`;
}

/** The error for a name that the API refused, if no shell would take it either. */
export const withKey = (error: unknown, key: string): unknown =>
  isError(error, 'invalid') && !/^[a-z_]\w*$/i.test(key)
    ? new DnxError('invalid', `'${key}' is not a valid variable name.`, { status: error.status, errors: error.errors, cause: error.cause })
    : error;

/** The variables of a command line. On a terminal, the value of a key alone is typed, and not shown. */
export async function pairsOf(ctx: Context, { assignment, from_file }: Assignments) {
  if (from_file !== undefined) return { pairs: [await fromFile(ctx, assignment, from_file)], typed: false };
  const pairs: Pair[] = [];
  let typed = false;
  for (const word of assignment) {
    const at = word.indexOf('=');
    if (at === 0 || (at < 0 && !ctx.ask.allowed))
      throw usage(`'${word}' is not KEY=VALUE.`, 'Use KEY= for an empty value, KEY --from-file FILE, or KEY in a terminal to type it.');
    typed ||= at < 0;
    pairs.push(
      at < 0 ? { key: word, value: await ctx.ask.password(`Value of ${word}:`) } : { key: word.slice(0, at), value: word.slice(at + 1) },
    );
  }
  return { pairs, typed };
}

async function fromFile(ctx: Context, [key, ...others]: readonly string[], file: string): Promise<Pair> {
  if (!key || others.length > 0 || key.includes('=')) throw usage('--from-file takes one KEY without a value.');
  if (file !== '-') refuseLinkOut(file, ctx.world);
  return { key, value: await contentOf(file === '-' ? file : `@${file}`, ctx) };
}
