import { isError, usage } from '../../../base/errors.ts';
import type { Located } from '../../../platform/names/names.ts';
import { checkHolds, formatDotenv, parseDotenv } from '../dotenv/dotenv.ts';
import { dotenvEntries, lineAt } from '../dotenv/entries.ts';
import { type Side, UNKNOWN } from '../sync/plan.ts';

/** The file that the user edits, and what it was made of. */
export interface Draft {
  readonly text: string;
  /** The variables in it. */
  readonly base: ReadonlyMap<string, string>;
  /** Variables whose values Deploynix hides. They are kept unless the user sets them. */
  readonly hidden: readonly string[];
  /** Variables that a dotenv file cannot hold. They are kept. */
  readonly unwritable: readonly string[];
}

/** Writes the variables of a site for an editor. */
export function draftOf(remote: Side, { site, server }: Located): Draft {
  const base = new Map<string, string>();
  const [hidden, unwritable]: [string[], string[]] = [[], []];
  for (const [key, value] of remote) {
    if (!holds(key, value === UNKNOWN ? '' : value)) unwritable.push(key);
    else if (value === UNKNOWN) hidden.push(key);
    else base.set(key, value);
  }
  const lines = [
    `Environment variables of ${harmless(site.label)} on ${harmless(server.label)}`,
    'Values are quoted as in any .env file. Remove a line to remove its variable.',
    'To cancel, leave the file as it is, or empty it.',
    ...(hidden.length > 0 ? [`Deploynix hides these; they stay unless you set them: ${hidden.map(harmless).join(' ')}`] : []),
    ...(unwritable.length > 0 ? [`These cannot be edited here, and stay: ${unwritable.map(harmless).join(' ')}`] : []),
  ];
  return { text: `${comment(lines)}\n${formatDotenv(base)}`, base, hidden, unwritable };
}

/** Reads an edited file. Throws a usage error that names the line. */
export function variablesIn(text: string, name: string) {
  const lines = new Map<string, number>();
  for (const { key, start, value } of dotenvEntries(text, name)) {
    const line = lineAt(text, start);
    if (value === undefined) throw usage(`${name} line ${line}: ${key} has no value. Write ${key}= for an empty one.`);
    const first = lines.get(key);
    if (first !== undefined) throw usage(`${name} line ${line}: ${key} is set twice, first in line ${first}.`);
    lines.set(key, line);
  }
  return parseDotenv(text, name);
}

/** Adds the value at Deploynix above each variable in conflict, as a comment. */
export function withConflicts(text: string, keys: readonly string[], remote: Side): string {
  let result = text;
  for (const key of keys) {
    const entry = [...dotenvEntries(result)].find((each) => each.key === key);
    const at = entry?.start ?? result.length;
    const start = at > 0 && !/[\r\n]$/.test(result.slice(0, at)) ? '\n' : '';
    result = `${result.slice(0, at)}${start}${comment(conflictLines(key, remote.get(key), entry !== undefined))}${result.slice(at)}`;
  }
  return result;
}

function conflictLines(key: string, there: string | typeof UNKNOWN | undefined, kept: boolean): readonly string[] {
  if (there === undefined) return [`${key} was removed at Deploynix. Save to add it again.`];
  const outcome = kept ? 'Save to overwrite it.' : 'You removed it; save to remove it there, too.';
  if (there === UNKNOWN || !holds(key, there)) return [`${key} was changed at Deploynix. ${outcome}`];
  return [`${key} was changed at Deploynix, as below. ${outcome}`, formatDotenv(new Map([[key, there]])).trimEnd()];
}

const comment = (lines: readonly string[]): string => lines.map((line) => `# ${line}\n`).join('');

/** A key or name for a comment, which phpdotenv searches for quotes and line breaks. */
export const harmless = (name: string): string => name.replace(/[^\p{L}\p{N}\p{M}_.-]/gu, '?');

function holds(key: string, value: string): boolean {
  try {
    checkHolds(key, value);
    return true;
  } catch (error) {
    if (isError(error, 'usage')) return false;
    throw error;
  }
}
