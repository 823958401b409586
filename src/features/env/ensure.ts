import { DnxError, isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import type { Result } from '../../cli/output/view.ts';
import { ensuredIn } from '../../cli/run/ensured.ts';
import type { Located } from '../../platform/names/names.ts';
import { consentToSend } from './dangers.ts';
import { remoteSide } from './remote.ts';
import { type Assignments, type Pair, pairsOf, withKey } from './set.ts';
import { nextDeploy, siteVariables, variablesEndpoint } from './variables.ts';

interface Options extends Assignments {
  readonly update: boolean | undefined;
  readonly strict: boolean | undefined;
}

/** `dnx env ensure`: creates what is missing, and with `--update` updates what differs. Values are never shown. */
export async function ensureVariables(
  ctx: Context,
  targets: Located,
  { update, strict, ...assignments }: Options,
  body: JsonObject,
  given: GivenConsent,
): Promise<Result> {
  const { pairs } = await pairsOf(ctx, assignments);
  const known = await ctx.list<unknown>(variablesEndpoint);
  const remote = remoteSide(known);
  const changes = pairs.filter(({ key, value }) => remote.get(key) !== value && (update || !remote.has(key)));
  await consentToSend(ctx, targets, { changes, remote, given });
  const done: { readonly key: string; readonly report: JsonObject; readonly result: Result }[] = [];
  const one = async ({ key, value }: Pair): Promise<Result> => {
    const wanted = { key, value, ...body };
    const asked = { resource: siteVariables, keys: [['key']], secrets: [], confidential: 'value', targets, wanted, updates: true };
    const result = await ensuredIn(ctx, known, { ...asked, update: update === true, strict: strict === true }).catch((error: unknown) => {
      throw withKey(error, key);
    });
    const { view } = result;
    done.push({ key, result, report: view.kind === 'message' && isObject(view.data) ? view.data : {} });
    return result;
  };
  const [only] = pairs;
  const next = () => (done.some(({ report }) => report.changed === true) ? { next: nextDeploy(targets.site) } : {});
  if (only && pairs.length === 1) return { ...(await one(only)), ...next() };
  const items = pairs.map((each) => ({ ...each, id: each.key, label: each.key }));
  const { note: _, exit, ...result } = await ctx.each(items, one);
  const hidden = done.flatMap(({ key, report: { unknown } }) => (Array.isArray(unknown) && unknown.includes('value') ? [key] : []));
  const notes = [
    ...(hidden.length > 0 ? [`Not compared, because the API does not show the value: ${hidden.join(', ')}.`] : []),
    ...(done.some(({ report }) => report.outcome === 'different') ? ['Use --update to update what differs.'] : []),
  ];
  const differing = done.filter(({ result: { exit: own } }) => own);
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
