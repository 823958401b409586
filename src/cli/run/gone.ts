import { isError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { called, idIn, listUnder, namings, type Targets, targetIds } from '../../platform/names/names.ts';
import type { Context } from '../language/command.ts';
import type { Given } from '../language/options.ts';
import type { deleted, Printed } from '../language/shape.ts';
import { message, type View } from '../output/view.ts';
import { where } from './consent.ts';

/** Deletes something. With `--if-exists`, what does not exist is no failure, unless it is a parent. */
export async function unlessGone<D>(
  ctx: Pick<Context, 'api'>,
  noun: string,
  targets: Targets,
  options: Given<{ if_exists: boolean }>,
  send: () => Promise<View<D>>,
): Promise<View<D | Printed<typeof deleted>>> {
  const { label = '', missing } = targets[noun] ?? {};
  try {
    if (!missing) return await send();
  } catch (error) {
    if (!options.if_exists) throw error;
    await withoutGone(ctx, noun, targets, error);
  }
  return message(`No ${called(noun, { label })}${where(targets, noun)}. Nothing to delete.`, { id: null, deleted: false, name: label });
}

/** The targets without the one that was not found. Throws if its list still has it, as if a proxy answered 404, or a parent is what is not found. */
export async function withoutGone({ api }: Pick<Context, 'api'>, noun: string, targets: Targets, missing: unknown): Promise<Targets> {
  const { [noun]: target, ...parents } = targets;
  const naming = namings[noun];
  if (!target || !naming || !isError(missing, 'not_found')) throw missing;
  const items = await api.list<unknown>(listUnder(naming, Object.keys(parents)), targetIds(parents)).catch((error: unknown) => {
    // Nobody can tell.
    if (isError(error, 'forbidden')) return [];
    throw isError(error, 'not_found') ? missing : error;
  });
  if (items.some((item) => isObject(item) && idIn(item.id) === target.id)) throw missing;
  return { ...targets, [noun]: { id: '', label: target.label, missing: true } };
}
