import { DnxError, isError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { did } from '../../cli/language/resource.ts';
import { asResult, message, type Result } from '../../cli/output/view.ts';
import { contentOf } from '../../cli/run/values.ts';
import type { Located } from '../../platform/names/names.ts';
import { changedAnd, type Deploying, deployAfter, refuseWithoutDeploy } from './deploy-after.ts';
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
): Promise<Result> {
  refuseWithoutDeploy(deploying);
  const wanted = from_file === undefined ? assignment.map(pair) : [await fromFile(ctx, assignment, from_file)];
  const { result, changed } = await setEach(ctx, targets, wanted, body);
  if (!deploying.deploy) return { ...result, ...(changed && { next: nextDeploy(targets.site) }) };
  return result.exit instanceof DnxError
    ? { ...result, exit: result.exit.withHint('Nothing was deployed.', ...(changed ? nextDeploy(targets.site) : [])) }
    : deployed(ctx, targets, { result, changed }, deploying);
}

/** What became of the variables, and whether anything was changed. */
interface Outcome {
  readonly result: Result;
  readonly changed: boolean;
}

async function setEach(ctx: SettingContext, targets: Located, wanted: readonly Pair[], body: JsonObject): Promise<Outcome> {
  const known = await ctx.list<SiteVariable>(variablesEndpoint);
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
  const { site } = targets;
  const variables = view.kind === 'rows' ? view.items : view.kind === 'record' ? [view.item] : 'data' in view ? [view.data] : [];
  const one = view.kind === 'message' ? view.text : view.kind === 'record' ? view.done : undefined;
  if (!changed) {
    const sentence = one ?? `Unchanged: ${site.label} already has these values.`;
    return { view: message(sentence, changedAnd(variables, null)), note: 'Nothing was deployed.' };
  }
  ctx.progress.succeeded(one ?? `Set ${variables.length} variables on ${site.label}`);
  return deployAfter(ctx, targets, options, variables);
}

/** The error for a name that the API refused, if no shell would take it either. */
export const withKey = (error: unknown, key: string): unknown =>
  isError(error, 'invalid') && !/^[a-z_]\w*$/i.test(key)
    ? new DnxError('invalid', `'${key}' is not a valid variable name.`, { status: error.status, errors: error.errors, cause: error.cause })
    : error;

export function pair(word: string): Pair {
  const at = word.indexOf('=');
  if (at < 1) throw usage(`'${word}' is not KEY=VALUE.`, 'Use KEY= for an empty value, or KEY --from-file FILE.');
  return { key: word.slice(0, at), value: word.slice(at + 1) };
}

export async function fromFile(ctx: Context, [key, ...others]: readonly string[], file: string): Promise<Pair> {
  if (!key || others.length > 0 || key.includes('=')) throw usage('--from-file takes one KEY without a value.');
  if (file !== '-') refuseLinkOut(file, ctx.world);
  return { key, value: await contentOf(file === '-' ? file : `@${file}`, ctx) };
}
