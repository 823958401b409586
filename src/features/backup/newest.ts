import { DnxError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { phaseOf } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import { timeOf } from '../../base/time.ts';
import { describe } from './describe.ts';

const seeBackups = { command: ['backup', 'list'], why: 'See' };
/** The longest list of candidates in an error. */
const MOST = 10;

/** When a backup was made, in ms. */
export const timeIn = ({ created_at, completed_at }: JsonObject): number | undefined => timeOf(created_at) ?? timeOf(completed_at);

/** True for a backup that can be restored. */
export const isComplete = ({ status }: JsonObject): boolean => phaseOf(status) === 'good';

/** The newest complete one of all backups of one database or site. `what`: `database shop`. Throws if that is uncertain. */
export function newestOf(all: readonly JsonObject[], what: string, now: number): JsonObject {
  const complete = all.filter(isComplete);
  const [other] = inTheWay(all);
  if (other) throw refused(other, what);
  const latest = latestIn(complete);
  const [newest, ...rivals] = complete.filter((each) => !isBefore(each, latest));
  if (!newest) throw new DnxError('not_found', `No completed backup of ${what} found.`, { next: [seeBackups] });
  if (rivals.length > 0) throw unclear([newest, ...rivals], now);
  return newest;
}

/**
 * The backups that may be newer than the newest complete one, though their status is another now: the API has one status for making and for
 * restoring a backup.
 */
export function inTheWay(all: readonly JsonObject[]): readonly JsonObject[] {
  const complete = all.filter(isComplete);
  const latest = latestIn(complete);
  return all.filter((each) => {
    const phase = phaseOf(each.status);
    if (phase === 'good') return false;
    if (wasComplete(each)) return phase === 'going' || !isBefore(each, latest);
    // A backup that failed has never been one, and one that is stuck is older than the next.
    return phase !== 'bad' && complete.length > 0 && !isBefore(each, latest);
  });
}

/** True for a backup that was complete before whatever its status says now. */
export const wasComplete = ({ completed_at }: JsonObject): boolean => wordOf(completed_at) !== '';

const latestIn = (backups: readonly JsonObject[]): number =>
  backups.reduce((latest, each) => Math.max(latest, timeIn(each) ?? latest), Number.NEGATIVE_INFINITY);

/** True if a backup is certainly older than this. */
const isBefore = (backup: JsonObject, ms: number): boolean => (timeIn(backup) ?? Number.POSITIVE_INFINITY) < ms;

function refused({ id, status }: JsonObject, what: string): DnxError {
  if (phaseOf(status) === 'going')
    return new DnxError('differences', `Backup ${wordOf(id)} of ${what} is in progress. Nothing was changed.`, {
      hint: 'Wait until it has ended, or pass the id of the backup to restore.',
      next: [seeBackups],
    });
  return new DnxError('differences', `Backup ${wordOf(id)} of ${what} may be newer, but is “${wordOf(status)}”. Nothing was changed.`, {
    hint: 'Pass the id of the backup to restore.',
    next: [seeBackups],
  });
}

function unclear(candidates: readonly JsonObject[], now: number): DnxError {
  const rows = candidates.slice(0, MOST).map((each) => `\n  ${wordOf(each.id)}  ${describe(each, now)}`);
  const more = candidates.length > MOST ? `\n  and ${candidates.length - MOST} more` : '';
  return new DnxError('ambiguous', `It is unclear which backup is newest:${rows.join('')}${more}`, {
    hint: 'Pass its id.',
    next: candidates.length > MOST ? [seeBackups] : [],
  });
}
