import { wordOf } from '../../../base/text.ts';
import { MINUTE } from '../../../base/time.ts';
import type { FactLine, Facts, Incident, Source } from '../facts.ts';

/** What matched. */
export interface FoundCause {
  /** Undefined for a state. */
  readonly match: RegExpExecArray | undefined;
  readonly line: FactLine;
  /** Every line that the cause matches, oldest first. */
  readonly all: readonly RegExpExecArray[];
  readonly facts: Facts;
  readonly incident: Incident;
}

/** A known cause, with the lines that show it. */
export interface Cause {
  /** Stable, for scripts: `composer_platform`. */
  readonly id: string;
  /** A specific cause has a higher one: 90 names the very thing, 50 a kind of failure, 20 only the step that failed. */
  readonly rank: number;
  /** A clause after a colon, with a capital. A `{word}` stands for one of `wordsOf` or of `words`. */
  readonly title: string;
  /** What to do, in order: a step, or `Why: dnx COMMAND`. `{here}` names site and server by option. */
  readonly fixes: readonly string[] | ((found: FoundCause) => readonly string[]);
  /** Words of its own. */
  readonly words?: (found: FoundCause) => Readonly<Record<string, string>>;
  /** Any of these in one line. */
  readonly patterns?: readonly RegExp[];
  /** False for a line that matches, but shows something else. */
  readonly when?: (found: Pick<FoundCause, 'facts' | 'incident' | 'line'>, match: RegExpExecArray) => boolean;
  /** The logs that can show it; all by default. */
  readonly sources?: readonly Source[];
  /** What shows it without a log: lines of the state of the site or server. */
  readonly state?: (facts: Facts, incident: Incident) => readonly FactLine[];
  /** What it explains; both by default. */
  readonly about?: 'deployment' | 'site';
  /** True if its state is wrong although the site answers. */
  readonly always?: true;
  /** True if it explains a response to one request: of nginx, only what it says of the request of dnx counts. */
  readonly refusal?: true;
  /** True if it shows later as another failure, although the script goes on: what Composer does not install is missing. */
  readonly lasting?: true;
  /** Lines that say more, shown with it. */
  readonly detail?: RegExp;
  /** Shows this instead of the lines that match. */
  readonly quote?: (found: FoundCause, lines: readonly FactLine[]) => readonly FactLine[];
  /** Why it no longer holds, in a clause; undefined if it does, or if dnx cannot tell. */
  readonly resolved?: (found: FoundCause) => string | undefined;
}

/** A row of the table of causes. */
export const cause = (id: string, rank: number, title: string, rest: Omit<Cause, 'id' | 'rank' | 'title'>): Cause => ({
  id,
  rank,
  title,
  ...rest,
});

/** The logs of a deploy script. */
export const SCRIPT = ['deploy', 'given'] as const satisfies readonly Source[];

/** Causes that have this in common. */
export const causesWith = (common: Partial<Cause>, causes: readonly Cause[]): readonly Cause[] =>
  causes.map((cause) => ({ ...common, ...cause }));

/** A worker may finish its job after a deployment. */
export const GRACE_MS = 10 * MINUTE;

export const AGAIN = 'Deploy again: dnx deploy {site} --server {server}';
export const THEN_AGAIN = 'Then deploy again: dnx deploy {site} --server {server}';
export const RETRY = 'Try again: dnx deploy {site} --server {server}';

/** What to do: the words of a command after `dnx`, or a step without one. */
export interface Fix {
  readonly command: readonly string[] | null;
  readonly why: string;
}

/** The title of a cause. */
export const titleOf = (cause: Cause, found: FoundCause): string => filled(cause.title, { ...wordsOf(found), ...cause.words?.(found) });

/** The fixes of a cause. */
export function fixesOf(cause: Cause, found: FoundCause): readonly Fix[] {
  const words = { ...wordsOf(found), ...cause.words?.(found) };
  return filledFixes(typeof cause.fixes === 'function' ? cause.fixes(found) : cause.fixes, words);
}

/** Fixes with their words. */
export const filledFixes = (fixes: readonly string[], words: Readonly<Record<string, string>>): readonly Fix[] =>
  fixes.map((fix) => {
    // Split before it is filled: what a log says never becomes a command, or more than one word of it.
    const [why = '', command] = fix.replace('{here}', '--site {site} --server {server}').split(': dnx ');
    return { command: command?.split(' ').map((word) => filled(word, words)) ?? null, why: filled(why, words) };
  });

/** A text with its words. Without a value, the space before it goes, too. */
const filled = (text: string, words: Readonly<Record<string, string>>): string =>
  text.replace(/( ?)\{(\w+)\}/g, (place, space: string, name: string) => (words[name] === '' ? '' : space + (words[name] ?? place)));

const wordsOf = ({ facts: { siteRef, server, site }, line, match }: FoundCause): Readonly<Record<string, string>> => ({
  site: siteRef.site.label,
  server: siteRef.server.label,
  php: wordOf(site.php_version),
  repository: wordOf(site.git_repository_id) || 'REPOSITORY',
  address: wordOf(server?.ip_address) || 'the server',
  user: wordOf(server?.ssh_user) || 'deploynix',
  status: wordOf(server?.status),
  match: matchedGroup(match),
  // A line of a state begins with it.
  process: /^\S+?(?=:? |$)/.exec(line.text)?.[0] ?? '',
});

/** The first group of a pattern that matched. */
export const matchedGroup = (match: RegExpExecArray | undefined): string => match?.slice(1).find((group) => group !== undefined) ?? '';

/** What a table such as `image=gd bc=bcmath` has for the first key that a text begins with. */
export const byPrefix = (table: string, text: string): string | undefined =>
  table
    .split(' ')
    .map((entry) => entry.split('='))
    .find(([prefix = '']) => text.startsWith(prefix))?.[1];

/** A line of the state of something. */
export const stateLine = (source: Source, text: string): FactLine => ({ source, file: null, number: null, text, at: undefined });
