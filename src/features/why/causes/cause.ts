import type { FactLine, Facts, Source } from '../facts.ts';
import type { FixOf } from '../fixes.ts';
import type { Incident } from '../incident.ts';

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

/** A value, or how to compute it from what matched. */
export type FromMatch<T> = T | ((found: FoundCause) => T);

/** A known cause, with the lines that show it. */
export interface Cause {
  /** Stable, for scripts: `composer_platform`. */
  readonly id: string;
  /** A clause after a colon, with a capital. */
  readonly title: FromMatch<string>;
  readonly fixes: FromMatch<readonly FixOf[]>;
  /** A specific cause has a higher one: 90 names the very thing, 50 a kind of failure, 20 only the step that failed. */
  readonly rank: number;
  /** Any of these in one line. */
  readonly patterns?: readonly RegExp[];
  /** The logs that can show it; all by default. */
  readonly sources?: readonly Source[];
  /** What shows it without a log: lines of the state of the site or server. */
  readonly state?: (facts: Facts, incident: Incident) => readonly FactLine[];
  /** What it explains; both by default. */
  readonly about?: 'deployment' | 'site';
  /** True if its state is wrong although the site answers. */
  readonly always?: true;
  /** True if it explains a response of 403 or 404, which may well be right. */
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

/** A cause by its lines: the most common kind. */
export const shown = (
  id: string,
  title: FromMatch<string>,
  rank: number,
  patterns: readonly RegExp[],
  fixes: FromMatch<readonly FixOf[]>,
  more: Pick<Cause, 'about' | 'always' | 'detail' | 'lasting' | 'quote' | 'refusal' | 'resolved' | 'sources' | 'state'> = {},
): Cause => ({ id, title, rank, patterns, fixes, ...more });

/** A line of the state of something. */
export const stateLine = (source: Source, text: string): FactLine => ({ source, file: null, number: null, text, at: undefined });

/** The first group of a pattern that matched, or else a word. */
export const matchedGroup = ({ match }: FoundCause, otherwise: string): string =>
  match?.slice(1).find((each) => each !== undefined) ?? otherwise;

/** The value for a found cause. */
export const valueFor = <T>(value: FromMatch<T>, found: FoundCause): T =>
  typeof value === 'function' ? (value as (found: FoundCause) => T)(found) : value;
