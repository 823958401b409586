import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DnxError, type ErrorCode, isError, systemCode, systemReason } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { DAY } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { type Holder, holderNamed, isHolderGone, isLocalHolder, locked, ownHolderName } from '../../machine/files/lock.ts';
import { pruneFiles, readJson, writeJson } from '../../machine/files/text-file.ts';

/** What became of the changes of a plan on this machine. Contains no secrets. */
interface ApplicationRecord {
  readonly version: 1;
  /** The process that applies the plan, as in the name of a lock; null if it ended. */
  readonly holder: string | null;
  /** The changes that were applied, by number from 0, and the id of what each created. */
  readonly done: Readonly<Record<string, { readonly id: string | null }>>;
  /** The change whose request may have been sent, and the ids of the list before it. */
  readonly flight: Flight | null;
  /** The deployment that was performed, and failed. */
  readonly failed: { readonly at: number; readonly code: ErrorCode; readonly message: string } | null;
}

/** The failure of a deployment that was performed before; undefined if there is none. */
export const failureIn = ({ failed }: Application['saved']): DnxError | undefined =>
  failed
    ? new DnxError(failed.code, failed.message, { hint: 'This plan was applied. To deploy again, make a new one, or use dnx deploy.' })
    : undefined;

/** A request that may have been sent. */
export interface Flight {
  readonly at: number;
  readonly ids: readonly string[] | null;
  readonly sent_at: string;
}

/** The progress of a plan. */
export interface Application {
  readonly saved: Pick<ApplicationRecord, 'done' | 'flight' | 'failed'>;
  /** A change is about to be sent. */
  start(flight: Flight): void;
  /** A change was applied; without an id, it was not. */
  end(at: number, done: { readonly id: string | null } | undefined): void;
  /** These changes need not be sent. */
  settle(made: ApplicationRecord['done']): void;
  /** A deployment was performed, and failed. */
  fail(at: number, error: DnxError): void;
  release(): void;
}

const KEPT_MS = 30 * DAY;

/**
 * Opens the progress of a plan, which its text names, and which survives the end of this process. Fails if another process applies it, or if it cannot be saved: then nobody could tell
 * later what was sent. `check`: nothing is saved. `in_flight`: a process on another machine, which may share this directory, has ended.
 */
export async function openApplication(
  ctx: Context,
  text: string,
  { check: isDry, in_flight }: Given<{ check: boolean; in_flight: string }>,
): Promise<Application> {
  const directory = join(ctx.settings.directories.state, 'plans');
  const digest = createHash('sha256').update(ctx.settings.host).update('\0').update(text).digest('hex');
  const file = join(directory, `${digest.slice(0, 40)}.json`);
  const open = () => {
    const found = read(file);
    const holder = found.holder === null ? undefined : holderNamed(found.holder);
    if (holder && !isHolderGone(holder) && (in_flight === undefined || isLocalHolder(holder))) throw busy(holder);
    if (isDry) return found;
    const held: ApplicationRecord = { ...found, holder: ownHolderName() };
    writeJson(file, held);
    return held;
  };
  if (!isDry) pruneFiles(directory, ctx.clock.now() - KEPT_MS);
  const refuse = (consequence: string) => (cause: unknown) => {
    throw notSaved(directory, cause, consequence);
  };
  let record: ApplicationRecord = isDry ? open() : await locked(file, ctx, open).catch(refuse(' Nothing was sent.'));
  const save = (part: Partial<ApplicationRecord>, unsaved: (cause: unknown) => void) => {
    record = { ...record, ...part };
    try {
      if (!isDry) writeJson(file, record);
    } catch (cause) {
      unsaved(cause);
    }
  };
  // The next run finds out what was performed.
  const warn = (cause: unknown) => ctx.progress.warn(notSaved(directory, cause).message);
  return {
    get saved() {
      return record;
    },
    start: (flight) => save({ flight }, refuse(' This change was not sent.')),
    end: (at, done) => save({ flight: null, ...(done && { done: { ...record.done, [at]: done } }) }, warn),
    settle(made) {
      if (Object.keys(made).length > 0) save({ done: { ...record.done, ...made } }, warn);
    },
    fail: (at, { code, message }) => save({ flight: null, failed: { at, code, message } }, warn),
    // The next run sees that this process has ended.
    release: () => save({ holder: null }, () => {}),
  };
}

/** A process applies the plan, or was killed on another machine. */
const busy = (holder: Holder): DnxError =>
  new DnxError('failed', `Process ${holder.pid} on ${holder.host} is applying this plan.`, {
    ...(!isLocalHolder(holder) && { hint: 'If it has ended, run this again with --in-flight done or --in-flight send.' }),
  });

/** The progress could not be saved. Any other error is thrown as it is. */
function notSaved(directory: string, cause: unknown, consequence = ''): DnxError {
  if (isError(cause) || systemCode(cause) === undefined) throw cause;
  return new DnxError('failed', `Could not save the progress in ${directory}: ${systemReason(cause)}.${consequence}`, {
    hint: 'Check the disk space and the owner of the directory.',
    cause,
  });
}

function read(file: string): ApplicationRecord {
  const fresh: ApplicationRecord = { version: 1, holder: null, done: {}, flight: null, failed: null };
  const found: JsonObject = readJson(file);
  const { version, holder, done, flight, failed } = found;
  if (version !== 1 || !isObject(done)) return fresh;
  return {
    version,
    holder: typeof holder === 'string' ? holder : null,
    done: done as ApplicationRecord['done'],
    flight: isObject(flight) && typeof flight.at === 'number' ? (flight as unknown as Flight) : null,
    failed: isObject(failed) ? (failed as unknown as ApplicationRecord['failed']) : null,
  };
}
