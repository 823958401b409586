import { isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { idIn, type Target, type Targets, targetIds, targetOf } from '../../platform/names/names.ts';
import { listUnder, namings } from '../../platform/names/namings.ts';
import { notFound } from '../../platform/names/unresolved.ts';
import type { Context } from '../language/command.ts';

/** Reads the name of a resource that was given by id. */
export async function nameFor(noun: string, own: Target, targets: Targets, { api }: Pick<Context, 'api'>): Promise<string> {
  const naming = namings[noun];
  if (!naming || own.label !== own.id) return own.label;
  const { data } = await api.send(nameRead(naming.list, noun), targetIds(targets));
  return isObject(data) ? targetOf({ id: own.id, ...data }, noun).label : own.id;
}

/** Reads the names of targets given by id, for a question. Keeps the id if the token cannot read it, and fails if it is not listed. */
export async function withNames(targets: Targets, { api }: Pick<Context, 'api'>): Promise<Targets> {
  const named: Record<string, Target> = {};
  for (const [noun, target] of Object.entries(targets)) {
    const naming = target.id === target.label ? namings[noun] : undefined;
    const list = naming && naming.keys.length > 0 && listUnder(naming, Object.keys(targets));
    const listed = list ? await api.list<JsonObject>(list, targetIds(targets)).catch(ifForbidden) : undefined;
    const found = listed?.find(({ id }) => idIn(id) === target.id);
    if (listed && !found) throw notFound(noun, target.id, [], named);
    named[noun] = found ? targetOf(found, noun) : target;
  }
  return named;
}

function ifForbidden(error: unknown): undefined {
  if (!isError(error, 'forbidden', 'not_found')) throw error;
}

/** The endpoint that reads the name of a resource. */
export const nameRead = (list: Endpoint, noun: string): Endpoint => `${list}/{${noun}}`;
