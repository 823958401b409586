import { closeSync, constants, existsSync, openSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory, readText } from '../../machine/files/text-file.ts';
import { without } from './usage.ts';

/** When the requests of each token were sent, or will be: files of one time per line that only grow, so nobody needs a lock. */
export interface UsageLog {
  /** The times of a token, in order. */
  read(key: string): readonly number[];
  /** Adds times, and removes others of the token. */
  append(key: string, added: readonly number[], removed?: readonly number[]): void;
}

/** A file that matters later than this is from a clock that was set back. */
const LATEST_MS = 86_400_000;

const LIMIT_MB = 1;

/** O_NONBLOCK: a FIFO would wait for a reader. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);

/**
 * Opens the logs in a directory. A file contains the times of a period as long as requests count, and is named after its token and the end of the
 * next period, when it no longer matters. A negative number removes a time.
 */
export function openUsageLog(directory: string, spanMs: number, clock: { now(): number }): UsageLog {
  const fileAt = (key: string, at: number) => join(directory, `${key}.${Math.ceil((Math.floor(at / spanMs) + 2) * spanMs)}`);
  return {
    read(key) {
      const now = clock.now();
      const names = existsSync(directory) ? readdirSync(directory) : [];
      const own = names.filter((name) => name.startsWith(`${key}.`) && matters(name, now));
      return timesIn(own.map((name) => readText(join(directory, name), LIMIT_MB) ?? '').join('\n'));
    },
    append(key, added, removed = []) {
      const texts = new Map<string, string>();
      for (const line of [...added, ...removed.map((at) => -at)]) {
        const file = fileAt(key, Math.abs(line));
        // A line break first: the line before may be cut.
        texts.set(file, `${texts.get(file) ?? ''}\n${line}`);
      }
      for (const [file, text] of texts) {
        if (!existsSync(file)) prepare(directory, clock.now());
        appendText(file, text);
      }
    },
  };
}

function appendText(file: string, text: string): void {
  const descriptor = openSync(file, FLAGS, 0o600);
  try {
    writeFileSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}

/** Creates the directory, and removes the files in it that no longer matter. */
function prepare(directory: string, now: number): void {
  makeDirectory(directory);
  for (const name of readdirSync(directory).filter((each) => /^[\da-f]+\.\d+$/.test(each) && !matters(each, now))) {
    try {
      unlinkSync(join(directory, name));
    } catch {
      // Another process was faster, or it is not a file.
    }
  }
}

function matters(name: string, now: number): boolean {
  const end = Number(name.slice(name.indexOf('.') + 1));
  return end > now && end <= now + LATEST_MS;
}

/** The times that are left in this text, whose lines may be in any order. Ignores what is no number. */
function timesIn(text: string): readonly number[] {
  const added: number[] = [];
  const removed: number[] = [];
  for (const line of text.split('\n')) {
    const at = Number(line);
    if (at > 0) added.push(at);
    if (at < 0) removed.push(-at);
  }
  return without(added, removed).toSorted((one, other) => one - other);
}
