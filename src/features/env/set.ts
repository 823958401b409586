import { DnxError, isError, type Next, usage } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import type { Context, GivenConsent, NamedItem, Several } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { did } from '../../cli/language/resource.ts';
import type { deleted, Printed } from '../../cli/language/shape.ts';
import { asResult, dataIn, done, message, type Result, sentenceIn, type View } from '../../cli/output/view.ts';
import { actionOf } from '../../cli/run/consent.ts';
import { ensuredIn } from '../../cli/run/ensured.ts';
import { unlessGone } from '../../cli/run/gone.ts';
import { contentOf } from '../../cli/run/values.ts';
import { kinds } from '../../platform/kinds.ts';
import { idIn, type Located, type Target, targetIds } from '../../platform/names/names.ts';
import { consentToSend } from './dangers.ts';
import { type DeployOptions, deployIfWanted, nothingDeployed, refuseWithoutDeploy } from './deploy-after.ts';
import { refuseLinkOut } from './local-file.ts';
import { remoteSide, sendVariable } from './remote.ts';
import {
  deleteVariableEndpoint,
  nextDeploy,
  type SettingContext,
  type SiteVariable,
  siteVariables,
  variablesEndpoint,
} from './variables.ts';

type Assignments = Given<{ from_file: string }> & { readonly assignment: readonly string[] };

export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** `dnx env set`: creates or updates each variable, and leaves one alone that already has its value. */
export async function setVariables(
  ctx: SettingContext,
  targets: Located,
  { assignment, from_file, ...deploying }: Assignments & DeployOptions,
  body: JsonObject,
  consent: GivenConsent,
) {
  refuseWithoutDeploy(deploying);
  const { pairs, typed } = await pairsOf(ctx, { assignment, from_file });
  const known = await ctx.list<SiteVariable>(variablesEndpoint);
  const remote = remoteSide(known);
  const changes = pairs.filter(({ key, value }) => remote.get(key) !== value);
  const confirmed = await consentToSend(ctx, targets, { changes, remote, consent });
  const outcome = await setEach(ctx, targets, known, pairs, body);
  const { result, changed } = outcome;
  if (result.exit instanceof DnxError && deploying.deploy)
    return { ...result, exit: result.exit.withHint('Nothing was deployed.', ...(changed ? nextDeploy(ctx, targets) : [])) };
  const sentence = doneIn(outcome, targets);
  const variables = variablesIn(result);
  if (deploying.deploy && !changed) return nothingDeployed(sentence, variables);
  const asked = (typed || confirmed) && !consent.yes && changed && !result.exit;
  const deployed = await deployIfWanted(ctx, targets, deploying, { sentence, asked, variables });
  return deployed ?? { ...result, ...(changed && { next: nextDeploy(ctx, targets) }) };
}

interface Outcome {
  readonly result: Result<Several<object>>;
  readonly changed: boolean;
}

async function setEach(ctx: SettingContext, targets: Located, known: readonly SiteVariable[], wanted: readonly Pair[], body: JsonObject) {
  const shown = remoteSide(known);
  let changed = false as boolean;
  const setPair = async ({ key, value }: Pair): Promise<View<object>> => {
    const before = known.find((item) => item.key === key);
    if (shown.get(key) === value && Object.keys(body).length === 0)
      return message(`Unchanged: ${key} already has this value.`, before as object);
    changed = true;
    const reply = await sendVariable(ctx, targets, known, { key, value, ...body }).catch((error: unknown) => {
      throw before ? error : withKey(error, key);
    });
    return did(reply, `Set ${key} on ${targets.site.label}`);
  };
  return { result: await oneOrEach(ctx, wanted.map(namedIn(known)), setPair), changed };
}

/** A variable by its name, and by its id if it exists. */
const namedIn =
  (known: readonly unknown[]) =>
  (pair: Pair): Pair & NamedItem => {
    const before = known.find((item): item is JsonObject => isObject(item) && item.key === pair.key);
    return { ...pair, id: idIn(before?.id) ?? null, label: pair.key };
  };

const oneOrEach = async <I extends NamedItem, D>(ctx: Context, items: readonly I[], run: (item: I) => Promise<View<D> | Result<D>>) => {
  const [only] = items;
  return only && items.length === 1 ? asResult(await run(only)) : ctx.each(items, run);
};

const variablesIn = ({ view }: Result): readonly unknown[] => [dataIn(view) ?? []].flat();

function doneIn({ result: { view }, changed }: Outcome, { site }: Located): string {
  const one = sentenceIn(view);
  if (one !== undefined) return one;
  return changed
    ? `Set ${view.kind === 'rows' ? view.items.length : 1} variables on ${site.label}`
    : `Unchanged: ${site.label} already has these values.`;
}

const withKey = (error: unknown, key: string): unknown =>
  isError(error, 'invalid') && !/^[a-z_]\w*$/i.test(key)
    ? new DnxError('invalid', `'${key}' is not a valid variable name.`, { status: error.status, errors: error.errors, cause: error.cause })
    : error;

/** The variables of a command line. On a terminal, the value of a key alone is typed, and not shown. */
async function pairsOf(ctx: Context, { assignment, from_file }: Assignments) {
  if (from_file !== undefined) return { pairs: [await fromFile(ctx, assignment, from_file)], typed: false };
  const pairs: Pair[] = [];
  let typed = false;
  for (const word of assignment) {
    const at = word.indexOf('=');
    if (at === 0 || (at < 0 && !ctx.ask.allowed))
      // What follows the name may be a secret.
      throw usage(
        `'${word.replace(/^(\w*\W).+$/s, '$1…')}' is not KEY=VALUE.`,
        'Use KEY= for an empty value, KEY --from-file FILE, or KEY in a terminal to type it.',
      );
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

type EnvEnsureOptions = Assignments & Given<{ update: boolean; strict: boolean }>;

/** `dnx env ensure`: creates what is missing, and with `--update` updates what differs. Values are never shown. */
export async function ensureVariables(
  ctx: Context,
  targets: Located,
  { update, strict, ...assignments }: EnvEnsureOptions,
  body: JsonObject,
  consent: GivenConsent,
) {
  const { pairs } = await pairsOf(ctx, assignments);
  const known = await ctx.list<unknown>(variablesEndpoint);
  const remote = remoteSide(known);
  const changes = pairs.filter(({ key, value }) => remote.get(key) !== value && (update || !remote.has(key)));
  await consentToSend(ctx, targets, { changes, remote, consent });
  const done: { readonly key: string; readonly report: JsonObject; readonly result: Result }[] = [];
  const setPair = async ({ key, value }: Pair) => {
    const wanted = { key, value, ...body };
    const asked = {
      resource: siteVariables,
      keys: kinds.variable.keys,
      secrets: [],
      confidential: 'value',
      targets,
      wanted,
      updates: true,
    };
    const result = await ensuredIn(ctx, known, { ...asked, update: update === true, strict: strict === true }).catch((error: unknown) => {
      throw withKey(error, key);
    });
    const { view } = result;
    done.push({ key, result, report: view.kind === 'message' && isObject(view.data) ? view.data : {} });
    return result;
  };
  const [only] = pairs;
  const next = () => (done.some(({ report }) => report.changed === true) ? { next: nextDeploy(ctx, targets) } : {});
  if (only && pairs.length === 1) return { ...(await setPair(only)), ...next() };
  const { note: _, exit, ...result } = await ctx.each(pairs.map(namedIn(known)), setPair);
  const hidden = done.flatMap(({ key, report: { unknown } }) => (Array.isArray(unknown) && unknown.includes('value') ? [key] : []));
  const notes = [
    ...(hidden.length > 0 ? [`Not compared, because the API does not show the value: ${hidden.join(', ')}.`] : []),
    ...(done.some(({ report }) => report.outcome === 'different') ? ['Use --update to update what differs.'] : []),
  ];
  const differing = done.filter(({ result: { exit: code } }) => code);
  // A failure matters more than a difference.
  const differ = isError(exit, 'partial') && done.length === pairs.length;
  return {
    ...result,
    exit: differ
      ? new DnxError('differences', `${differing.length} of ${pairs.length} variables differ`, { hint: 'Use --update to update them.' })
      : exit,
    ...(notes.length > 0 && { note: notes.join(' ') }),
    ...next(),
  };
}

type VariableAtSite = Located & { readonly variable: Target };

/** `dnx env unset`: removes variables of a site, after the name of the site has been typed if one could break it. */
export async function unsetVariables(
  ctx: Context,
  all: readonly VariableAtSite[],
  options: Given<{ if_exists: boolean }>,
  consent: GivenConsent,
) {
  const [place] = all;
  if (!place) throw new Error('There are no variables to remove.');
  const { site } = place;
  const known = await ctx.api.list<SiteVariable>(variablesEndpoint, targetIds({ server: place.server, site }));
  const items = all.map(({ variable }) => ({ ...variable, label: known.find(({ id }) => id === variable.id)?.key ?? variable.label }));
  const existing = items.filter(({ missing }) => !missing);
  const named = existing.map((variable) => ({ ...place, variable }));
  const question = `${actionOf({ level: 'moderate', verb: 'Remove' }, '', named, 'variable')}?`;
  const changes = existing.map(({ label }) => ({ key: label }));
  if (existing.length > 0) await consentToSend(ctx, place, { changes, remote: remoteSide(known), consent, ask: { lines: [], question } });
  const remove = async (variable: Target): Promise<Result<Printed<typeof deleted>>> => {
    const { id, label } = variable;
    const targets = { server: place.server, site, variable };
    let next: readonly Next[] = [];
    const send = async () => {
      await ctx.api.send(deleteVariableEndpoint, targetIds(targets), { assume: {} });
      next = nextDeploy(ctx, place);
      return done(`Removed ${label} from ${site.label}`, { id, deleted: true });
    };
    return { view: await unlessGone(ctx, 'variable', targets, options, send), next };
  };
  return oneOrEach(ctx, items, remove);
}
