import { DnxError, isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { shownTime } from '../../base/time.ts';
import type { Affected, Context } from '../../cli/language/command.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { backupsEndpoint } from '../../platform/follow/backup.ts';
import { type Target, targetOf } from '../../platform/names/names.ts';

type Needs = Pick<Context, 'api'>;

/** The database or site that restoring a backup overwrites. Its name is read, because it is what the user confirms. */
export async function affectedBy({ api }: Needs, backup: Target): Promise<Affected> {
  const found = (await api.list<JsonObject>(backupsEndpoint)).find(({ id }) => wordOf(id) === backup.id);
  if (!found)
    throw new DnxError('not_found', `There is no backup ${backup.label}, or this token does not see it.`, {
      next: [{ command: ['backup', 'list'], why: 'See which there are with' }],
    });
  const { database_id, site_id, server_id, created_at } = found;
  const noun = wordOf(database_id) === '' ? 'site' : 'database';
  const ids = { server: wordOf(server_id), database: wordOf(database_id), site: wordOf(site_id) };
  if (ids[noun] === '' || ids.server === '')
    throw new DnxError('failed', `Deploynix does not say what backup ${backup.label} would overwrite. Nothing was done.`);
  const target = await read(api, `GET /servers/{server}/${noun}s/{${noun}}` as Endpoint, ids, noun);
  const server = await read(api, 'GET /servers/{server}', ids, 'server').catch((error: unknown) => {
    if (!isError(error, 'forbidden', 'not_found')) throw error;
    return { id: ids.server, label: ids.server };
  });
  const date = shownTime(created_at);
  return {
    noun,
    target,
    action: `Overwrite ${noun} ${target.label} on server ${server.label} with the backup${date && ` of ${date}`} (${backup.id})`,
  };
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
