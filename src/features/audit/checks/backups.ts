import type { JsonObject } from '../../../base/json.ts';
import { phaseOf, statusKey } from '../../../base/status.ts';
import { wordOf } from '../../../base/text.ts';
import { timeOf } from '../../../base/time.ts';
import { idIn } from '../../../platform/names/names.ts';
import { isComplete, wasComplete } from '../../backup/choose.ts';
import type { AuditPlace, Risk } from '../finding.ts';
import { commandWord, onServer } from '../words.ts';

const DAY_MS = 86_400_000;

/** Databases of the database server itself, whose content belongs to no site. */
const OWN = new Set(['information_schema', 'performance_schema', 'mysql', 'sys', 'postgres', 'template0', 'template1']);

/** When each database was backed up last, in epoch ms. */
export interface BackupTimes {
  /** Undefined if there is no completed backup; infinite if the time of one is unknown. */
  of(server: string | undefined, database: string | undefined): number | undefined;
}

/** The newest completed backup of every database. One that is being restored was completed before. */
export function backupTimes(backups: readonly JsonObject[]): BackupTimes {
  const newest = new Map<string, number>();
  for (const backup of backups) {
    const database = idIn(backup.database_id);
    if (database === undefined || statusKey(backup.type) === 'application') continue;
    if (!isComplete(backup) && !(wasComplete(backup) && phaseOf(backup.status) === 'going')) continue;
    const at = timeOf(backup.completed_at) ?? timeOf(backup.created_at) ?? Number.POSITIVE_INFINITY;
    const key = `${idIn(backup.server_id) ?? ''} ${database}`;
    newest.set(key, Math.max(newest.get(key) ?? at, at));
  }
  return {
    of(server, database) {
      const times = [newest.get(`${server} ${database}`), newest.get(` ${database}`)].filter((each) => each !== undefined);
      return times.length === 0 ? undefined : Math.max(...times);
    },
  };
}

/** Databases of a server without a backup of the last `days`. A database that is younger than that may still get one. */
export function missingBackups(
  databases: readonly JsonObject[],
  place: AuditPlace,
  { backups, days, now }: { readonly backups: BackupTimes; readonly days: number; readonly now: number },
): readonly Risk[] {
  const since = now - days * DAY_MS;
  return databases.flatMap((database): Risk[] => {
    const name = wordOf(database.name);
    const phase = phaseOf(database.status);
    if (OWN.has(name.toLowerCase()) || phase === 'going' || phase === 'bad') return [];
    const id = idIn(database.id);
    const last = backups.of(place.server?.id, id);
    const created = timeOf(database.created_at);
    if ((last ?? Number.NEGATIVE_INFINITY) >= since || (created !== undefined && created > since)) return [];
    const names = databases.map((each) => wordOf(each.name));
    const word = commandWord(name, id, names);
    const old = last === undefined ? 'has no completed backup' : `was last backed up ${Math.floor((now - last) / DAY_MS)} days ago`;
    return [
      {
        rule: 'database-backup-missing',
        place,
        resource: name || (id ?? null),
        identity: name || id,
        message: `Database ${name || id} ${old}`,
        fix: word === undefined ? ['database', 'list', ...onServer(place)] : ['backup', 'create', '--database', word, ...onServer(place)],
      },
    ];
  });
}
