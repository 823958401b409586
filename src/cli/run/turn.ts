import { createHash } from 'node:crypto';
import { accessSync, constants, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { attempt, isError } from '../../base/errors.ts';
import { isObject, toJson } from '../../base/json.ts';
import { MINUTE } from '../../base/time.ts';
import { locked } from '../../machine/files/lock.ts';
import { makeDirectory, pruneFiles, readText, writeText } from '../../machine/files/text-file.ts';
import { neverPerformed } from '../../platform/api/deadline.ts';
import type { Context } from '../language/command.ts';

/** Who reads a list and creates in it. */
export interface Turn {
  /** Reads the list; after a create of which nobody knows the end, until it stays as it is or has what is looked for. */
  readonly read: (list: () => Promise<readonly unknown[]>, has: (items: readonly unknown[]) => boolean) => Promise<readonly unknown[]>;
  /** Sends a create, with a note of it until its answer is known. */
  readonly sending: <T>(send: () => Promise<T>) => Promise<T>;
  /** Lets others have the turn, as while a person is asked. What was read before may be old then. */
  readonly pause: <T>(wait: () => Promise<T>) => Promise<T>;
}

const PATIENCE_MS = 5 * MINUTE;
/** The pause between two readings, and how long a request may be at work after its sender is gone, in ms. */
const STEP_MS = 2_000;
const SETTLE_MS = 10_000;
/** A note that is older than this says nothing. */
const NOTE_MS = 10 * MINUTE;

/** Runs what creates in a list, one process of this machine after the other. Without a directory to write to, all at once. */
export async function inTurn<T>(ctx: Context, place: string, run: (turn: Turn) => Promise<T>): Promise<T> {
  const { clock, signal } = ctx;
  const note = createNote(ctx, place);
  const { file } = note;
  if (file === undefined) return run({ read: (list) => list(), sending: (send) => send(), pause: (wait) => wait() });
  const read: Turn['read'] = (list, has) => note.settled(list, (items) => items, has);
  const sending: Turn['sending'] = async (send) => {
    note.write();
    try {
      const sent = await send();
      note.remove();
      return sent;
    } catch (error) {
      if (isError(error) && neverPerformed(error)) note.remove();
      throw error;
    }
  };
  const take = () =>
    new Promise<() => void>((resolve, reject) => {
      locked(file, { clock, signal, patienceMs: PATIENCE_MS }, () => new Promise<void>((end) => resolve(end))).catch(reject);
    });
  let release = await take();
  const pause: Turn['pause'] = async (wait) => {
    release();
    const answer = await wait();
    release = await take();
    return answer;
  };
  return run({ read, sending, pause }).finally(() => release());
}

/** The note that a create in a list may still be at work, for whoever reads the list next. Without a directory to write to, there is none. */
export function createNote(ctx: NoteContext, place: string) {
  const { settings, clock, recorder } = ctx;
  const name = createHash('sha256').update(`${settings.host} ${place}`).digest('hex').slice(0, 16);
  const path = join(settings.directories.state, 'creating', `${name}.json`);
  const file = recorder || settings.readOnly || !isWritable(dirname(path)) ? undefined : path;
  const remove = () => file !== undefined && rmSync(file, { force: true });
  return {
    file,
    remove,
    write(): void {
      if (file === undefined) return;
      pruneFiles(dirname(file), clock.now() - NOTE_MS);
      writeText(file, String(clock.now()));
    },
    /** Reads the list. After a create of which nobody knows the end, until it stays as it is or has what is looked for. */
    async settled<L>(list: () => Promise<L>, itemsOf: (list: L) => readonly unknown[], has: (items: readonly unknown[]) => boolean) {
      const age = () => Math.abs(clock.now() - Number(readText(path) ?? Number.NaN));
      let known = await list();
      if (age() >= NOTE_MS || Number.isNaN(age())) return known;
      for (let before = ''; !has(itemsOf(known)) && (before !== idsOf(itemsOf(known)) || age() < SETTLE_MS); known = await list()) {
        before = idsOf(itemsOf(known));
        ctx.progress.step('An earlier create may still be at work. Reading the list again');
        await clock.sleep(STEP_MS, ctx.signal);
      }
      remove();
      return known;
    },
  };
}

type NoteContext = Pick<Context, 'settings' | 'clock' | 'signal' | 'recorder' | 'progress'>;

const isWritable = (directory: string): boolean =>
  attempt(() => {
    makeDirectory(directory);
    accessSync(directory, constants.W_OK);
    return true;
  }) ?? false;

const idsOf = (items: readonly unknown[]): string => toJson(items.map((item) => (isObject(item) ? item.id : item)));
