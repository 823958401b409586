import { join } from 'node:path';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Waiting } from '../../machine/files/lock.ts';
import { readText, writeText } from '../../machine/files/text-file.ts';
import { booked, type Usage, unused, without } from './usage.ts';
import { openUsageLog, type UsageLog } from './usage-log.ts';

/** The usage of every token, by fingerprint, shared by all processes of this user. */
export interface UsageFile {
  read(key: string): Usage;
  /** Adds a request without the lock, and returns the usage with what others added meanwhile. */
  add(key: string, usage: Usage, slot: number): Usage;
  /** Changes the usage while no other process does, except for requests that it adds. `change` returns undefined to write nothing. */
  edit(key: string, change: Change): Promise<void>;
}

type Change = (usage: Usage) => Usage | undefined;

type Shared = Omit<Waiting, 'clock'> & { readonly clock: Waiting['clock'] & { now(): number } };

/** How long another process may hold the lock, in ms. */
const PATIENCE_MS = 2_000;

/** How long the limit of a token is kept after it was written, in ms. */
const KEPT_MS = 86_400_000;

const LIMIT_MB = 1;

/**
 * Opens the state: `budget.json` has what the API said, and the logs beside it have the requests. If they cannot be used, this process counts its own
 * requests in memory.
 */
export function openUsageFile(directory: string | undefined, spanMs: number, { clock, signal }: Shared): UsageFile {
  const memory = new Map<string, Usage>();
  const files = directory === undefined ? undefined : filesIn(directory, spanMs, clock);
  let usable = true;
  const recall = (key: string): Usage => {
    const known = memory.get(key);
    if (known || !files) return known ?? unused;
    try {
      return stored(files, key);
    } catch {
      usable = false;
      return unused;
    }
  };
  const remember = (key: string, change: Change): Usage => {
    const known = recall(key);
    const after = change(known) ?? known;
    memory.set(key, after);
    return after;
  };
  return {
    read: recall,
    add(key, usage, slot) {
      try {
        if (files && usable) {
          files.log.append(key, [slot]);
          return { ...usage, log: files.log.read(key) };
        }
      } catch {
        usable = false;
      }
      return remember(key, (known) => booked(known, slot));
    },
    async edit(key, change) {
      if (files && usable) {
        try {
          // Most commands change nothing that needs the lock.
          const { locked } = await import('../../machine/files/lock.ts');
          return await locked(files.json, { clock, signal, patienceMs: PATIENCE_MS, brief: true }, () =>
            rewrite(files, key, change, clock.now()),
          );
        } catch {
          signal?.throwIfAborted();
          usable = false;
        }
      }
      remember(key, change);
    },
  };
}

interface Files {
  readonly json: string;
  readonly log: UsageLog;
}

const filesIn = (directory: string, spanMs: number, clock: Shared['clock']): Files => ({
  json: join(directory, 'budget.json'),
  log: openUsageLog(join(directory, 'budget'), spanMs, clock),
});

const stored = ({ json, log }: Files, key: string): Usage => ({ ...said(readAll(json)[key]), log: log.read(key) });

function rewrite(files: Files, key: string, change: Change, now: number): void {
  const before = stored(files, key);
  const after = change(before);
  if (after === undefined) return;
  files.log.append(key, without(after.log, before.log), without(before.log, after.log));
  if (after.limit === before.limit && after.blockedUntil === before.blockedUntil) return;
  const others = Object.entries(readAll(files.json)).filter(([each, entry]) => each !== key && isRecent(entry, now));
  const own = { limit: after.limit, blocked_until: after.blockedUntil, written: now };
  writeText(files.json, JSON.stringify(Object.fromEntries([...others, [key, own]])));
}

const isRecent = (entry: unknown, now: number): boolean => isObject(entry) && Math.abs(now - Number(wordOf(entry.written))) < KEPT_MS;

/** Everything in the file; nothing if it is not JSON. */
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
