import type { Api } from '../api/api.ts';
import type { Endpoint } from '../api/endpoint.ts';
import { idIn } from '../names/names.ts';
import type { Reader, Thing } from './work.ts';

/** The endpoint for following a backup. */
export const backupsEndpoint = 'GET /backups' satisfies Endpoint;

/** Reads backups from their list, because the API has no `GET /backups/{backup}`. */
export const backupReader = ({ api }: { readonly api: Api }): Reader<Thing> => ({
  one: async (id, options) => (await api.list<Thing>(backupsEndpoint, {}, options)).find((backup) => idIn(backup.id) === id),
});
