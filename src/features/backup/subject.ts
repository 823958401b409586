import type { JsonObject } from '../../base/json.ts';
import { statusKey } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';

/** What a backup is of, and what restoring it overwrites. */
export interface Subject {
  readonly noun: 'database' | 'site';
  readonly id: string;
  readonly server: string;
}

/** The subject of a backup, by its type, because a backup may have both ids. Undefined if the API does not say enough. */
export function subjectOf({ type, database_id, site_id, server_id }: JsonObject): Subject | undefined {
  const ids = { database: wordOf(database_id), site: wordOf(site_id) };
  const noun = nounOf(statusKey(type), ids);
  const server = wordOf(server_id);
  return noun === undefined || ids[noun] === '' || server === '' ? undefined : { noun, id: ids[noun], server };
}

function nounOf(type: string, ids: Readonly<Record<Subject['noun'], string>>): Subject['noun'] | undefined {
  if (type === 'database') return 'database';
  if (type === 'application') return 'site';
  if ((ids.database === '') === (ids.site === '')) return undefined;
  return ids.database === '' ? 'site' : 'database';
}
