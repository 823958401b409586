import { unlessError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { workResult } from '../../cli/language/resource.ts';
import type { Column } from '../../cli/output/view.ts';
import { nameQuestion, requireName } from '../../cli/run/consent.ts';
import { within } from '../../platform/api/deadline.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { backupReader } from '../../platform/follow/readers.ts';
import { listOfKind, requireId, type Target, targetOf } from '../../platform/names/names.ts';
import { type BackupChoice, type BackupSubject, describeBackup, findBackup, requireChoice, subjectOf } from './choose.ts';

type RestoreOptions = BackupChoice & Given<{ confirm: string; wait: boolean }> & { readonly columns: readonly Column[] };

/** Restores a backup after the user has confirmed what it overwrites. */
export async function restoreBackup(outer: Context, { confirm, wait, columns, ...choice }: RestoreOptions) {
  requireChoice(choice, outer.ask);
  // Prompts do not count towards --timeout.
  const left = outer.deadline - outer.clock.elapsed();
  const { id, ...affected } = await agreeToRestore(outer, choice, confirm);
  const ctx = confirm === undefined ? { ...outer, ...within(outer, left) } : outer;
  const { noun, target, backup } = affected;
  const what = noun === 'site' ? target.label : `${noun} ${target.label}`;
  return workResult(ctx, {
    reader: backupReader(ctx),
    on: id,
    what,
    job: `restore of ${what}`,
    doing: `Restoring ${what}`,
    did: noun === 'backup' ? `Restored the backup of ${backup}` : `Restored ${what} from the backup of ${backup}`,
    start: () => ctx.api.send('POST /backups/{backup}/restore', { backup: id }),
    columns,
    wait,
    resume: () => ['backup', 'list'],
  });
}

/** Finds a backup, and confirms what restoring it overwrites. */
export async function agreeToRestore(ctx: Context, choice: BackupChoice, confirm: string | undefined) {
  const found = await findBackup(ctx, choice);
  const id = requireId(found, 'backup');
  const affected = await affectedBy(ctx, found, id);
  await agree(ctx, affected, confirm);
  return { ...affected, id };
}

async function agree({ ask, recorder, progress }: Context, subject: RestoreTarget, confirm: string | undefined): Promise<void> {
  const { noun, target, sentence } = subject;
  recorder?.consent('severe', target.label);
  recorder?.about({ overwrites: { [noun]: target.label } }, [['note', sentence]]);
  if (recorder && confirm === undefined) return;
  if (confirm === undefined) progress.warn(sentence);
  else progress.note(sentence);
  const typed = confirm ?? (await ask.input(nameQuestion(target.label)));
  requireName(typed, { noun, ...target }, undefined, noun === 'backup' ? `${target.label}, the id of the backup` : undefined);
}

/** What restoring a backup overwrites. The user confirms with its name, or with the id of the backup if the API does not say what it belongs to. */
interface RestoreTarget {
  readonly noun: BackupSubject['noun'] | 'backup';
  readonly target: Target;
  readonly sentence: string;
  /** `24 Nov 03:07 UTC (416 kB)`. */
  readonly backup: string;
}

async function affectedBy({ api, clock }: Context, found: JsonObject, id: string): Promise<RestoreTarget> {
  const subject = subjectOf(found);
  const backup = describeBackup(found, clock.now());
  if (!subject) {
    const sentence = `Deploynix does not say which database or site this overwrites with the backup of ${backup}.`;
    return { noun: 'backup', target: { id, label: id }, sentence, backup };
  }
  const { noun } = subject;
  const ids = { server: subject.server, [noun]: subject.id };
  const target = await read(api, `${listOfKind(noun)}/{${noun}}` as Endpoint, ids, noun);
  const known = await unlessError(read(api, 'GET /servers/{server}', ids, 'server'), 'forbidden', 'not_found');
  const server = known ?? { id: subject.server, label: subject.server };
  const sentence = `This overwrites ${noun} ${target.label} on ${server.label} with the backup of ${backup}.`;
  return { noun, target, sentence, backup };
}

async function read(api: Context['api'], endpoint: Endpoint, ids: Readonly<Record<string, string>>, noun: string): Promise<Target> {
  const { data } = await api.send<JsonObject>(endpoint, ids);
  return { ...targetOf({ ...data }, noun), id: ids[noun] ?? '' };
}
