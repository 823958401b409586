import { closeSync, constants, existsSync, openSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../../../base/json.ts';
import { wordOf } from '../../../base/text.ts';
import { makeDirectory, readText, writeText } from '../../../machine/files/text-file.ts';
import type { Clock } from '../../../machine/world.ts';
import { type Usage, withoutTimes, withRequests } from './usage.ts';

/** The usage of every token, by fingerprint, shared by all processes of this user. Never fails: without files, a process counts its own requests. */
export interface UsageFile {
  read(key: string): Usage;
  /** Adds a request of a command, and returns what was there before it: of several at once, the first line in the file has the time. */
  add(key: string, slot: number, command: string): Usage;
  /** The requests of other processes since then, by command: `audit`. */
  others(key: string, since: number): ReadonlyMap<string, number>;
  /** Writes the difference that a change makes. */
  edit(key: string, change: Change): void;
}

type Change = (usage: Usage) => Usage;

/** How long the limit of a token is kept after it was written; and a log that matters later than this is from a clock that was set back. */
const DAY_MS = 86_400_000;

const LIMIT_MB = 1;

/**
 * Opens the state: `budget.json` has what the API said, and the logs in `budget` have the requests. Without a directory, this process
 * counts in memory.
 */
export function openUsageFile(directory: string | undefined, spanMs: number, clock: Pick<Clock, 'now'>): UsageFile {
  const json = join(directory ?? '', 'budget.json');
  const logs = openLogs(join(directory ?? '', 'budget'), spanMs, clock);
  const memory = new Map<string, Usage>();
  const own = Math.random().toString(36).slice(2);
  let added = 0;
  let usable = directory !== undefined;

  /** With a mark, only what was there before its line. */
  const stored = (key: string, mark?: string): Usage => ({ ...said(readAll(json)[key]), log: logs.times(key, mark) });

  /** What a use of the files returns. If it fails, they are not written any more. */
  const tried = <T>(may: boolean, use: () => T, otherwise: () => T): T => {
    try {
      if (may) return use();
    } catch {
      usable = false;
    }
    return otherwise();
  };

  const read = (key: string): Usage =>
    memory.get(key) ??
    tried(
      directory !== undefined,
      () => stored(key),
      () => unused,
    );

  /** Writes, or else changes what this process remembers from now on, and returns what that was before. */
  const written = (key: string, write: () => Usage, change: Change): Usage =>
    tried(usable, write, () => {
      const before = read(key);
      memory.set(key, change(before));
      return before;
    });

  return {
    read,
    add(key, slot, command) {
      added += 1;
      const mark = `${own}.${added}`;
      const add = () => {
        logs.append(key, [[slot, `${slot} ${mark} ${command}`]]);
        return stored(key, mark);
      };
      const recent = (at: number) => at > slot - 2 * spanMs;
      return written(key, add, (usage) => withRequests({ ...usage, log: usage.log.filter(recent) }, slot));
    },
    others: (key, since) =>
      tried(
        usable,
        () => countedOthers(logs.lines(key), since, own),
        () => new Map(),
      ),
    edit(key, change) {
      const rewrite = () => {
        const before = stored(key);
        const after = change(before);
        const added = withoutTimes(after.log, before.log).map((at) => [at, String(at)] as const);
        logs.append(key, [...added, ...withoutTimes(before.log, after.log).map((at) => [at, String(-at)] as const)]);
        if (after.limit !== before.limit || after.blockedUntil !== before.blockedUntil) rewriteSaid(json, key, after, clock.now());
        return before;
      };
      written(key, rewrite, change);
    },
  };
}

/** The usage of a token that was never used. */
const unused: Usage = { log: [], blockedUntil: 0 };

const isRecent = (entry: unknown, now: number): boolean => isObject(entry) && Math.abs(now - Number(wordOf(entry.written))) < DAY_MS;

/** Everything in `budget.json`; nothing if it is not JSON. */
function readAll(file: string): Readonly<Record<string, unknown>> {
  const text = readText(file, LIMIT_MB);
  if (text === undefined) return {};
  try {
    const all: unknown = JSON.parse(text);
    return isObject(all) ? all : {};
  } catch {
    return {};
  }
}

/** The valid parts of what the API said. */
function said(entry: unknown): Omit<Usage, 'log'> {
  if (!isObject(entry)) return unused;
  const { limit, blocked_until } = entry;
  return { limit: isTime(limit) && limit >= 1 ? Math.floor(limit) : undefined, blockedUntil: isTime(blocked_until) ? blocked_until : 0 };
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** Writes what the API said of a token. Of several that write at once the last one counts, and the API tells the others again. */
function rewriteSaid(file: string, key: string, { limit, blockedUntil }: Usage, now: number): void {
  const others = Object.entries(readAll(file)).filter(([each, entry]) => each !== key && isRecent(entry, now));
  writeText(file, JSON.stringify({ ...Object.fromEntries(others), [key]: { limit, blocked_until: blockedUntil, written: now } }));
}

/** How many requests other processes sent since then, by command. `own`: what the marks of this process begin with. */
function countedOthers(lines: readonly string[], since: number, own: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const removed = new Set(lines.filter((line) => line.startsWith('-')));
  for (const [at = '', mark, ...words] of lines.map((line) => line.split(' '))) {
    if (!mark || mark.startsWith(`${own}.`) || Number(at) <= since || removed.has(`-${at}`)) continue;
    const command = words.join(' ');
    if (/^[a-z][a-z -]*$/.test(command)) counts.set(command, (counts.get(command) ?? 0) + 1);
  }
  return counts;
}

/**
 * The logs of requests: lines of a time, a mark of its own and the command, and `-TIME` to remove one. They only grow, so that nobody needs a
 * lock. A log contains the times of a period as long as requests count, and is named after its token and the end of the next period, when it
 * no longer matters.
 */
function openLogs(directory: string, spanMs: number, clock: Pick<Clock, 'now'>) {
  /** The lines of each log of a token. */
  const read = (key: string): readonly (readonly string[])[] => {
    const names = existsSync(directory) ? readdirSync(directory) : [];
    const current = names.filter((name) => name.startsWith(`${key}.`) && matters(name, clock.now()));
    return current.map((name) => (readText(join(directory, name), LIMIT_MB) ?? '').split('\n'));
  };
  return {
    lines: (key: string): readonly string[] => read(key).flat(),
    /** The times of a token, in order; with a mark, only those before its line. Ignores what is no number. */
    times(key: string, mark?: string): readonly number[] {
      const times = read(key).flatMap((lines) => {
        const end = mark === undefined ? -1 : lines.findIndex((line) => line.split(' ', 2)[1] === mark);
        return (end < 0 ? lines : lines.slice(0, end)).map((line) => Number(line.split(' ', 1)[0]));
      });
      const removed = times.filter((at) => at < 0).map((at) => -at);
      const added = times.filter((at) => at > 0);
      return withoutTimes(added, removed).toSorted((one, other) => one - other);
    },
    append(key: string, lines: readonly (readonly [at: number, line: string])[]): void {
      const texts = new Map<string, string>();
      for (const [at, line] of lines) {
        const log = join(directory, `${key}.${Math.ceil((Math.floor(at / spanMs) + 2) * spanMs)}`);
        // A line break first: the line before may be cut.
        texts.set(log, `${texts.get(log) ?? ''}\n${line}`);
      }
      for (const [log, text] of texts) {
        if (!existsSync(log)) prepareLogs(directory, clock.now());
        appendText(log, text);
      }
    },
  };
}

function matters(name: string, now: number): boolean {
  const end = Number(name.slice(name.indexOf('.') + 1));
  return end > now && end <= now + DAY_MS;
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
