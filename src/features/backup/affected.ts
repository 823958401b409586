import { DnxError, isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { type Target, targetOf } from '../../platform/names/names.ts';
import { describe } from './backups.ts';

type Needs = Pick<Context, 'api'>;

/** What restoring a backup overwrites. The user confirms with its name. */
export interface Affected {
  readonly noun: 'database' | 'site';
  readonly target: Target;
  readonly server: Target;
  /** `24 Nov 03:07 UTC (416 kB)`. */
  readonly backup: string;
}

/** Reads the database or site that a backup would overwrite, and its server. */
export async function affectedBy({ api }: Needs, found: JsonObject, label: string): Promise<Affected> {
  const { database_id, site_id, server_id } = found;
  const noun = wordOf(database_id) === '' ? 'site' : 'database';
  const ids = { server: wordOf(server_id), database: wordOf(database_id), site: wordOf(site_id) };
  if (ids[noun] === '' || ids.server === '')
    throw new DnxError('failed', `Deploynix does not say what backup ${label} would overwrite. Nothing was changed.`);
  const target = await read(api, `GET /servers/{server}/${noun}s/{${noun}}` as Endpoint, ids, noun);
  const server = await read(api, 'GET /servers/{server}', ids, 'server').catch((error: unknown) => {
    if (!isError(error, 'forbidden', 'not_found')) throw error;
    return { id: ids.server, label: ids.server };
  });
  return { noun, target, server, backup: describe(found) };
}

async function read(
  api: Needs['api'],
  endpoint: Endpoint,
  ids: Readonly<Record<'server' | 'database' | 'site', string>>,
  noun: keyof typeof ids,
): Promise<Target> {
  const { data } = await api.send<JsonObject>(endpoint, ids);
  return { ...targetOf({ ...data }, noun), id: ids[noun] };
}
