import { isObject } from '../../base/json.ts';
import { isMask, wordOf } from '../../base/text.ts';
import { created, creationOf } from '../../cli/language/resource.ts';
import type { Reply } from '../../platform/api/api.ts';
import { isMarkedHidden } from '../../platform/names/existing.ts';
import { type Located, requireId } from '../../platform/names/names.ts';
import { type Side, UNKNOWN } from './sync/plan.ts';
import { createVariableEndpoint, type SettingContext, type SiteVariable, updateVariableEndpoint, variablesEndpoint } from './variables.ts';

/** The variables at Deploynix, without the hidden values. Of two with the same key, the first counts. */
export function remoteSide(variables: readonly unknown[]): Side {
  const side = new Map<string, string | typeof UNKNOWN>();
  for (const each of variables) {
    if (!isObject(each) || typeof each.key !== 'string' || each.key === '' || side.has(each.key)) continue;
    side.set(each.key, valueIn(each));
  }
  return side;
}

function valueIn(variable: Readonly<Record<string, unknown>>): string | typeof UNKNOWN {
  const { value } = variable;
  if (isMarkedHidden(variable)) return UNKNOWN;
  if (value === null || value === undefined || typeof value === 'object') return UNKNOWN;
  const text = wordOf(value);
  return isMask(text) ? UNKNOWN : text;
}

/**
 * Creates a variable, or updates the one in `known`. Warns if the API stored another value, such as a trimmed one.
 */
export async function sendVariable(
  ctx: SettingContext,
  targets: Located,
  known: readonly SiteVariable[],
  { key, ...sent }: Readonly<Record<string, unknown>> & { readonly key: string },
): Promise<Reply> {
  const before = known.find((each) => each?.key === key);
  const body = { key, ...sent };
  const reply = await (before
    ? ctx.call(updateVariableEndpoint, { params: { variable: requireId({ id: before.id }, 'variable') }, body: sent, assume: {} })
    : created(ctx, { ...creationOf('variable', variablesEndpoint, targets, body), known }, () =>
        ctx.call(createVariableEndpoint, { body, assume: {} }),
      ));
  const shown = remoteSide([reply.data]).get(key);
  if (typeof shown === 'string' && shown !== wordOf(sent.value))
    ctx.progress.warn(`Deploynix stored another value for ${key} than was sent.`);
  return reply;
}
