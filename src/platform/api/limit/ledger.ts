import { closeSync, constants, existsSync, openSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../../../base/json.ts';
import { wordOf } from '../../../base/text.ts';
import { makeDirectory, readText, writeText } from '../../../machine/files/text-file.ts';
import type { Clock } from '../../../machine/world.ts';

/** What the API said about a token: the limit that it reported last, and the end of a pause that it asked for, in epoch ms. */
interface Said {
  readonly limit?: number | undefined;
  readonly blockedUntil: number;
}

/** How long what the API said is kept; and a log that matters later than this is from a clock that was set back. */
const DAY = 86_400_000;

const LIMIT_MB = 1;

/**
 * The requests of a token at a host, which all processes of this user share. `budget.json` has what the API said about each token, and the logs in
 * `budget` have the requests, a line of `TIME MARK` each, and `-TIME` to remove one. They only grow, so that nobody needs a lock. A log
 * has the times of a period as long as requests count (`spanMs`), and is named after its token and the end of the next period, when it no longer
 * matters. Never fails: what cannot be written is kept in memory, and what cannot be read is none.
 */
export function openLedger(directory: string | undefined, key: string, spanMs: number, clock: Pick<Clock, 'now'>) {
  const json = join(directory ?? '', 'budget.json');
  const logs = join(directory ?? '', 'budget');
  const memory: string[] = [];
  let inFiles = directory !== undefined;
  let unwritten: Said | undefined = inFiles ? undefined : { blockedUntil: 0 };

  const saved = (): readonly string[] => {
    if (!inFiles || !existsSync(logs)) return [];
    try {
      const current = readdirSync(logs).filter((name) => name.startsWith(`${key}.`) && matters(name, clock.now()));
      return current.map((name) => readText(join(logs, name), LIMIT_MB) ?? '');
    } catch {
      // A log that is no file, or too large, or a directory that cannot be read.
      inFiles = false;
      return [];
    }
  };
  const append = (at: number, line: string): void => {
    if (!inFiles) return void memory.push(line);
    try {
      const log = join(logs, `${key}.${Math.ceil((Math.floor(at / spanMs) + 2) * spanMs)}`);
      if (!existsSync(log)) prepareLogs(logs, clock.now());
      // A line break first: the line before may be cut.
      appendText(log, `\n${line}`);
    } catch {
      memory.push(line);
    }
  };

  return {
    /** Sorted by time. With a mark, only what stands before its line: of several at once, the first line in a file has the time. */
    bookings: (mark?: string) => bookingsIn([...saved(), memory.join('\n')], mark),
    /** Adds a request, in epoch ms. The mark tells it from others of that time. Without one, others sent it elsewhere. */
    book: (at: number, mark = '') => append(at, `${at} ${mark}`.trimEnd()),
    release: (at: number) => append(at, `-${at}`),
    said: () => unwritten ?? saidIn(allSaid(json)[key]),
    say(said: Said) {
      try {
        if (unwritten) unwritten = said;
        else writeSaid(json, key, said, clock.now());
      } catch {
        unwritten = said;
      }
    },
  };
}

/** What the lines of some logs say. Ignores what is no time. */
function bookingsIn(texts: readonly string[], mark: string | undefined) {
  const lines = texts.flatMap((text) => {
    const all = text.split('\n').map((line) => line.split(' '));
    const end = mark === undefined ? -1 : all.findIndex(([, each]) => each === mark);
    return end < 0 ? all : all.slice(0, end);
  });
  const removed = new Map<number, number>();
  for (const [time = ''] of lines) if (Number(time) < 0) removed.set(-Number(time), (removed.get(-Number(time)) ?? 0) + 1);
  const bookings = lines.flatMap(([time = '', mark = '']) => {
    const at = Number(time);
    const gone = removed.get(at) ?? 0;
    if (gone > 0) removed.set(at, gone - 1);
    return at > 0 && gone === 0 ? [{ at, mark }] : [];
  });
  return bookings.sort((one, other) => one.at - other.at);
}

/** Everything in `budget.json`; nothing if it is not JSON. */
function allSaid(file: string): Readonly<Record<string, unknown>> {
  try {
    const all: unknown = JSON.parse(readText(file, LIMIT_MB) ?? '');
    return isObject(all) ? all : {};
  } catch {
    // Cut, or of another program: it is replaced.
    return {};
  }
}

/** The valid parts of what the API said about a token. */
function saidIn(entry: unknown): Said {
  const { limit, blocked_until } = isObject(entry) ? entry : {};
  return { limit: isTime(limit) && limit >= 1 ? Math.floor(limit) : undefined, blockedUntil: isTime(blocked_until) ? blocked_until : 0 };
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** Writes what the API said about a token. Of several that write at once the last one counts, and the API tells the others again. */
function writeSaid(file: string, key: string, { limit, blockedUntil }: Said, now: number): void {
  const isRecent = (entry: unknown) => isObject(entry) && Math.abs(now - Number(wordOf(entry.written))) < DAY;
  const others = Object.entries(allSaid(file)).filter(([each, entry]) => each !== key && isRecent(entry));
  writeText(file, JSON.stringify({ ...Object.fromEntries(others), [key]: { limit, blocked_until: blockedUntil, written: now } }));
}

function matters(log: string, now: number): boolean {
  const end = Number(log.slice(log.indexOf('.') + 1));
  return end > now && end <= now + DAY;
}

/** Creates the directory of the logs, and removes those that no longer matter. */
function prepareLogs(directory: string, now: number): void {
  makeDirectory(directory);
  for (const name of readdirSync(directory).filter((each) => /^[\da-f]+\.\d+$/.test(each) && !matters(each, now))) {
    try {
      unlinkSync(join(directory, name));
    } catch {
      // Another process was faster, or it is not a file.
    }
  }
}

function appendText(file: string, text: string): void {
  // O_NONBLOCK: a FIFO would wait for a reader.
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);
  const descriptor = openSync(file, flags, 0o600);
  try {
    writeFileSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}
