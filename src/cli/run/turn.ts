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
interface Turn {
  /** Reads the list; after a create of which nobody knows the end, until it stays as it is or has what is looked for. */
  readonly read: (list: () => Promise<readonly unknown[]>, has: (items: readonly unknown[]) => boolean) => Promise<readonly unknown[]>;
  /** Sends a create, with a note of it until its answer is known. */
  readonly sending: <T>(send: () => Promise<T>) => Promise<T>;
}

const PATIENCE_MS = 5 * MINUTE;
/** The pause between two readings, and how long a request may be at work after its sender is gone, in ms. */
const STEP_MS = 2_000;
const SETTLE_MS = 10_000;
/** A note that is older than this says nothing. */
const NOTE_MS = 10 * MINUTE;

/** Runs what creates in a list, one process of this machine after the other. Without a directory to write to, all at once. */
export async function inTurn<T>(ctx: Context, place: string, run: (turn: Turn) => Promise<T>): Promise<T> {
  const { settings, clock, signal, recorder } = ctx;
  const name = createHash('sha256').update(`${settings.host} ${place}`).digest('hex').slice(0, 16);
  const note = join(settings.directories.state, 'creating', `${name}.json`);
  if (recorder || settings.readOnly || !isWritable(dirname(note))) return run({ read: (list) => list(), sending: (send) => send() });
  const read: Turn['read'] = (list, has) => readSettled(ctx, note, list, has);
  const sending: Turn['sending'] = async (send) => {
    pruneFiles(dirname(note), clock.now() - NOTE_MS);
    writeText(note, String(clock.now()));
    try {
      const sent = await send();
      rmSync(note, { force: true });
      return sent;
    } catch (error) {
      if (isError(error) && neverPerformed(error)) rmSync(note, { force: true });
      throw error;
    }
  };
  return locked(note, { clock, signal, patienceMs: PATIENCE_MS }, () => run({ read, sending }));
}

const isWritable = (directory: string): boolean =>
  attempt(() => {
    makeDirectory(directory);
    accessSync(directory, constants.W_OK);
    return true;
  }) ?? false;

const idsOf = (items: readonly unknown[]): string => toJson(items.map((item) => (isObject(item) ? item.id : item)));

async function readSettled({ clock, signal, progress }: Context, note: string, ...[list, has]: Parameters<Turn['read']>) {
  const age = () => Math.abs(clock.now() - Number(readText(note) ?? Number.NaN));
  let known = await list();
  if (age() < NOTE_MS) {
    for (let before = ''; !has(known) && (before !== idsOf(known) || age() < SETTLE_MS); known = await list()) {
      before = idsOf(known);
      progress.step('An earlier create may still be at work. Reading the list again');
      await clock.sleep(STEP_MS, signal);
    }
  }
  rmSync(note, { force: true });
  return known;
}
