import { DnxError, isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { type Target, targetOf } from '../../platform/names/names.ts';
import { describe } from './describe.ts';
import { type Subject, subjectOf } from './subject.ts';

type Needs = Pick<Context, 'api' | 'clock'>;

/** What restoring a backup overwrites. The user confirms with its name. */
export interface Affected {
  readonly noun: Subject['noun'];
  readonly target: Target;
  readonly server: Target;
  /** `24 Nov 03:07 UTC (416 kB)`. */
  readonly backup: string;
}

/** Reads the database or site that a backup would overwrite, and its server. */
export async function affectedBy({ api, clock }: Needs, found: JsonObject, label: string): Promise<Affected> {
  const subject = subjectOf(found);
  if (!subject) throw new DnxError('failed', `Deploynix does not say what backup ${label} would overwrite. Nothing was changed.`);
  const { noun } = subject;
  const ids = { server: subject.server, [noun]: subject.id };
  const target = await read(api, `GET /servers/{server}/${noun}s/{${noun}}` as Endpoint, ids, noun);
  const server = await read(api, 'GET /servers/{server}', ids, 'server').catch((error: unknown) => {
    if (!isError(error, 'forbidden', 'not_found')) throw error;
    return { id: subject.server, label: subject.server };
  });
  return { noun, target, server, backup: describe(found, clock.now()) };
}

async function read(api: Needs['api'], endpoint: Endpoint, ids: Readonly<Record<string, string>>, noun: string): Promise<Target> {
  const { data } = await api.send<JsonObject>(endpoint, ids);
  return { ...targetOf({ ...data }, noun), id: ids[noun] ?? '' };
}
