import { DnxError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { phaseOf } from '../../base/status.ts';
import { oneLine } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { done, type LateCells } from '../../cli/output/view.ts';
import { backupsEndpoint } from '../../platform/follow/readers.ts';
import { idIn, requireId, type Target, type Targets } from '../../platform/names/names.ts';
import { backupTime, describeBackup, isComplete, isOf, namedIn, subjectKey, wordsFor } from './choose.ts';

/** Verifies a backup. What the API only accepts, or calls a failure, is not said to be intact. */
export async function verifyBackup({ api }: Context, { id, label }: Target) {
  const { status, data, message } = await api.send<JsonObject>('POST /backups/{backup}/verify', { backup: id });
  const phase = phaseOf(data?.status);
  if (phase === 'bad') throw new DnxError('failed', `Backup ${label} is not intact: its status is ${oneLine(data?.status)}.`);
  const isAccepted = status === 202 || phase === 'going';
  const sentence = isAccepted ? `Started to verify backup ${label}` : `Backup ${label} is intact`;
  return done(sentence, data ?? { message: message ?? `${sentence}.` });
}

interface Selection extends Given<{ all: boolean; latest: boolean }> {
  /** Looks up what it is limited to. */
  readonly owner: () => Promise<Partial<Targets>>;
  /** Reads what backups are of. */
  readonly sources: LateCells['read'];
}

const AT_A_TIME = 4;

/** Verifies all completed backups of a server, a site or a database, or of everything; with `latest`, only the newest of each database and site. */
export async function verifyBackups(ctx: Context, { all, latest, owner, sources }: Selection) {
  if (all && latest) throw usage('--all and --latest cannot be combined.', 'Use only one of them.');
  if (!all && !latest) throw usage('No backup given.', 'Use its id, --all or --latest.');
  const limit = await owner();
  const { server } = limit;
  const place = namedIn(limit);
  const backups = (await ctx.api.list<JsonObject>(backupsEndpoint))
    .filter(isComplete)
    .filter((backup) => (place ? isOf(backup, place) : server === undefined || idIn(backup.server_id) === server.id));
  const where = place ? ` of ${wordsFor(place)}` : server ? ` on server ${server.label}` : '';
  if (backups.length === 0)
    throw new DnxError('not_found', `No completed backup${where} found.`, { next: [{ command: ['backup', 'list'], why: 'See' }] });
  const now = ctx.clock.now();
  const chosen = latest ? newestOfEach(backups) : backups;
  const sourceOf = await sources(chosen);
  const targets = chosen.map((backup) => ({
    id: requireId(backup, 'backup'),
    label: `${sourceOf(backup)}, ${describeBackup(backup, now)}`,
  }));
  return ctx.each(targets, (target) => verifyBackup(ctx, target), AT_A_TIME);
}

function newestOfEach(backups: readonly JsonObject[]): readonly JsonObject[] {
  const newest = new Map<string, JsonObject>();
  for (const backup of backups) {
    // Of what the API does not say enough about, every backup counts.
    const key = subjectKey(backup) || String(idIn(backup.id));
    const best = newest.get(key);
    if (!best || (backupTime(backup) ?? 0) > (backupTime(best) ?? 0)) newest.set(key, backup);
  }
  return [...newest.values()];
}
