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
  /** Adds a request without the lock, and returns the usage with what others added meanwhile. */
  add(key: string, slot: number): Usage;
  /** Changes the usage while no other process does, except for requests that it adds. `change` returns undefined to write nothing. */
  edit(key: string, change: Change): Promise<void>;
}

type Change = (usage: Usage) => Usage | undefined;

/** How long another process may hold the lock, in ms. */
const PATIENCE_MS = 2_000;

/** How long the limit of a token is kept after it was written; and a log that matters later than this is from a clock that was set back. */
const DAY_MS = 86_400_000;

const LIMIT_MB = 1;

/**
 * Opens the state: `budget.json` has what the API said, and the logs in `budget` have the requests: one time per line, `-TIME` removes one. They only
 * grow, so that nobody needs a lock to add a line. A log contains the times of a period as long as requests count, and is named after its token and
 * the end of the next period, when it no longer matters. Without a directory, this process counts in memory.
 */
export function openUsageFile(
  directory: string | undefined,
  spanMs: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): UsageFile {
  const json = join(directory ?? '', 'budget.json');
  const logs = join(directory ?? '', 'budget');
  const memory = new Map<string, Usage>();
  let usable = directory !== undefined;

  const stored = (key: string): Usage => ({ ...said(readAll(json)[key]), log: readLogs(logs, key, clock.now()) });

  const read = (key: string): Usage => {
    const known = memory.get(key);
    if (known) return known;
    try {
      if (directory !== undefined) return stored(key);
    } catch {
      usable = false;
    }
    return unused;
  };

  /** Changes what this process knows. */
  const remember = (key: string, change: Change): Usage => {
    const before = read(key);
    const after = change(before) ?? before;
    memory.set(key, after);
    return after;
  };

  const append = (key: string, added: readonly number[], removed: readonly number[] = []): void => {
    const texts = new Map<string, string>();
    for (const line of [...added, ...removed.map((at) => -at)]) {
      const end = (Math.floor(Math.abs(line) / spanMs) + 2) * spanMs;
      const log = join(logs, `${key}.${Math.ceil(end)}`);
      // A line break first: the line before may be cut.
      texts.set(log, `${texts.get(log) ?? ''}\n${line}`);
    }
    for (const [log, text] of texts) {
      if (!existsSync(log)) prepareLogs(logs, clock.now());
      appendText(log, text);
    }
  };

  const rewrite = (key: string, change: Change): void => {
    const before = stored(key);
    const after = change(before);
    if (after === undefined) return;
    append(key, withoutTimes(after.log, before.log), withoutTimes(before.log, after.log));
    const { limit, blockedUntil } = after;
    if (limit === before.limit && blockedUntil === before.blockedUntil) return;
    const now = clock.now();
    const others = Object.entries(readAll(json)).filter(([each, entry]) => each !== key && isRecent(entry, now));
    writeText(json, JSON.stringify({ ...Object.fromEntries(others), [key]: { limit, blocked_until: blockedUntil, written: now } }));
  };

  return {
    read,
    add(key, slot) {
      try {
        if (usable) {
          append(key, [slot]);
          return stored(key);
        }
      } catch {
        usable = false;
      }
      return remember(key, (usage) => withRequests(usage, slot));
    },
    async edit(key, change) {
      if (usable) {
        try {
          // Most commands change nothing that needs the lock.
          const { locked } = await import('../../../machine/files/lock.ts');
          return await locked(json, { clock, signal, patienceMs: PATIENCE_MS, brief: true }, () => rewrite(key, change));
        } catch {
          signal.throwIfAborted();
          usable = false;
        }
      }
      remember(key, change);
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

/** The times in the logs of a token, in order. Ignores what is no number. */
function readLogs(directory: string, key: string, now: number): readonly number[] {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const own = names.filter((name) => name.startsWith(`${key}.`) && matters(name, now));
  const lines = own.flatMap((name) => (readText(join(directory, name), LIMIT_MB) ?? '').split('\n').map(Number));
  const removed = lines.filter((at) => at < 0).map((at) => -at);
  return withoutTimes(
    lines.filter((at) => at > 0),
    removed,
  ).toSorted((one, other) => one - other);
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
