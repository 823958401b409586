import { isObject } from '../../base/json.ts';
import { locked, type Waiting } from '../../machine/files/lock.ts';
import { readText, writeText } from '../../machine/files/text-file.ts';
import { type Usage, unused } from './usage.ts';

/** The usage of every token, by fingerprint, shared by all processes of this user. */
export interface UsageFile {
  read(key: string): Usage;
  /** Changes the usage while no other process does. `change` returns undefined to write nothing. */
  edit(key: string, change: Change): Promise<void>;
}

type Change = (usage: Usage) => Usage | undefined;

type Shared = Omit<Waiting, 'clock'> & { readonly clock: Waiting['clock'] & { now(): number } };

/** How long another process may hold the lock, in ms. */
const PATIENCE_MS = 2_000;

/** How long the usage of a token is kept after its last request, in ms. */
const KEPT_MS = 3_600_000;

/** Opens a usage file. If it cannot be used, this process counts its own requests in memory. */
export function openUsageFile(file: string | undefined, { clock, signal }: Shared): UsageFile {
  const memory = new Map<string, Usage>();
  let usable = file !== undefined;
  const stored = (key: string): Usage => (file === undefined ? unused : usageIn(readAll(file)[key]));
  const recall = (key: string): Usage => memory.get(key) ?? orUnused(() => stored(key));
  return {
    read: recall,
    async edit(key, change) {
      if (usable && file !== undefined) {
        try {
          return await locked(file, { clock, signal, patienceMs: PATIENCE_MS, brief: true }, () => rewrite(file, key, change, clock.now()));
        } catch {
          signal?.throwIfAborted();
          usable = false;
        }
      }
      const known = recall(key);
      memory.set(key, change(known) ?? known);
    },
  };
}

function rewrite(file: string, key: string, change: Change, now: number): void {
  const all = readAll(file);
  const after = change(usageIn(all[key]));
  if (after === undefined) return;
  const others = Object.entries(all).filter(([each, entry]) => each !== key && isRecent(usageIn(entry), now));
  const own = { log: after.log, limit: after.limit, blocked_until: after.blockedUntil };
  writeText(file, JSON.stringify(Object.fromEntries([...others, [key, own]])));
}

const isRecent = ({ log }: Usage, now: number): boolean => Math.abs(now - (log.at(-1) ?? 0)) < KEPT_MS;

/** Everything in the file; nothing if it is not JSON. */
function readAll(file: string): Readonly<Record<string, unknown>> {
  const text = readText(file);
  if (text === undefined) return {};
  try {
    const all: unknown = JSON.parse(text);
    return isObject(all) ? all : {};
  } catch {
    return {};
  }
}

/** The valid parts of an entry. */
function usageIn(entry: unknown): Usage {
  if (!isObject(entry)) return unused;
  const { log, limit, blocked_until } = entry;
  return {
    log: Array.isArray(log) ? log.filter(isTime).sort((one, other) => one - other) : [],
    limit: isTime(limit) && limit >= 1 ? Math.floor(limit) : undefined,
    blockedUntil: isTime(blocked_until) ? blocked_until : 0,
  };
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

function orUnused(read: () => Usage): Usage {
  try {
    return read();
  } catch {
    return unused;
  }
}
