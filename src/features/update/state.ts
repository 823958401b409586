import { join } from 'node:path';
import { timeOf } from '../../base/time.ts';
import { readJson, writeJson } from '../../machine/files/text-file.ts';
import { versionIn } from './release.ts';

const LIMIT_MB = 1;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** How long to wait after a check that did not end before its command. */
const AGAIN_MS = 10 * 60 * 1_000;

/** What dnx knows of new releases. Times are ISO 8601. */
export interface Known {
  /** The latest release at the last check. */
  readonly latest?: string | undefined;
  readonly checked_at?: string | undefined;
  /** The last check that began. */
  readonly begun_at?: string | undefined;
  /** When the user was last told of a release. */
  readonly told_at?: string | undefined;
}

/** The file that keeps it. */
export const fileIn = (state: string): string => join(state, 'update.json');

/** What is known; nothing if the file is missing or broken. */
export function readKnown(file: string): Known {
  try {
    const { latest, checked_at, begun_at, told_at } = readJson<Record<keyof Known, unknown>>(file, LIMIT_MB);
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
    return { latest: versionIn(latest), checked_at: text(checked_at), begun_at: text(begun_at), told_at: text(told_at) };
  } catch {
    return {};
  }
}

/** Keeps more. Throws if the directory is not writable. */
export const keep = (file: string, more: Known): void => writeJson(file, { ...readKnown(file), ...more });

/** True if the user may be told, and if GitHub may be asked: once a day each. A time in the future counts as none. */
export const mayTellNow = ({ told_at }: Known, now: number): boolean => isPast(told_at, now, DAY_MS);
export const mayCheckNow = ({ checked_at, begun_at }: Known, now: number): boolean =>
  isPast(checked_at, now, DAY_MS) && isPast(begun_at, now, AGAIN_MS);

function isPast(at: string | undefined, now: number, ms: number): boolean {
  const time = timeOf(at);
  return time === undefined || time > now || now - time >= ms;
}
