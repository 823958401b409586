import type { LogSource } from '../remote/log-paths.ts';
import { type EntryFilter, HEAD, levelPattern } from './entries.ts';

/**
 * What read.sh leaves out on the server, so that little is sent: never more than what dnx leaves out itself. All of it is words: the number
 * of the last entries, the times in seconds since 1970, and patterns of awk. An empty word leaves nothing out.
 */
export function searchWords(filter: Omit<EntryFilter, 'sorted' | 'zoneOf'>, source: LogSource | undefined): readonly string[] {
  const { since, until, level, grep, last, loose } = filter;
  const pattern = grep && !loose ? ereOf(grep) : undefined;
  // A last entry may be one that only dnx can tell.
  const most = loose || (grep && !pattern) ? '' : String(last ?? '');
  const seconds = (at: number | undefined) => (at === undefined || loose ? '' : String(at / 1000));
  const flags = [
    // As dnx takes the times of these.
    source === undefined || source === 'laravel' ? 'u' : '',
    grep?.ignoreCase ? 'i' : '',
    pattern?.rough ? 'r' : '',
  ];
  const levels = level === undefined || loose ? '' : levelPattern(level);
  return [most, seconds(since), seconds(until), levels, pattern?.text ?? '', flags.join('')];
}

/** The pattern of the first line of an entry, without the intervals that old versions of awk do not know. */
export const awkHead: string = HEAD.replaceAll(
  /(\[[^\]]*\]|.)\{(\d+)(?:,(\d+))?\}/g,
  (_, atom: string, least: string, most = least) => atom.repeat(Number(least)) + `${atom}?`.repeat(Number(most) - Number(least)),
);

/** Any character of UTF-8. */
const ANY = '(..?.?.?)';

/** Parts of a regular expression, of which each is one atom, quantifier or other sign. */
const PARTS = /\\p\{[^}]*\}|\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\{\d+(?:,\d*)?\}|\(\?:|\(\?|[\s\S]/giu;

/**
 * A regular expression for awk, which reads bytes. It matches whatever the original matches, and more if it is `rough`. Undefined for what
 * has no such counterpart.
 */
export function ereOf({ source, ignoreCase }: RegExp): { readonly text: string; readonly rough: boolean } | undefined {
  let rough = false;
  const roughly = (text: string) => {
    rough = true;
    return text;
  };
  const parts: string[] = [];
  let quantified = false;
  for (const [part] of source.matchAll(PARTS)) {
    const isQuantifier = /^(?:[*+?]|\{.+)$/.test(part);
    // What a lazy quantifier matches, a greedy one matches, too.
    if (!(isQuantifier && quantified)) {
      const translated = isQuantifier ? quantifierOf(part, roughly) : atomOf(part, ignoreCase, roughly);
      if (translated === undefined) return undefined;
      parts.push(translated);
    }
    quantified = isQuantifier && !quantified;
  }
  const text = parts.join('');
  return text === '' || /(?:^|[|(])(?:$|[|)*+?])|\|$/.test(text.replaceAll(/\[[^\]]\]|\\./g, 'x')) ? undefined : { text, rough };
}

function quantifierOf(part: string, roughly: (text: string) => string): string {
  if (!part.startsWith('{')) return part;
  return roughly(/^\{0/.test(part) ? '*' : '+');
}

function atomOf(part: string, ignoreCase: boolean, roughly: (text: string) => string): string | undefined {
  const letters = ignoreCase ? 'a-z' : 'A-Za-z';
  if (part === '(?:' || part === '(') return '(';
  if (part === '(?') return undefined;
  if (/^[)|^$]$/.test(part)) return part;
  if (part === '\\d') return '[0-9]';
  if (part === '\\w') return `[0-9${letters}_]`;
  // A boundary is at no character, so that it is left out.
  if (/^\\b$/i.test(part)) return roughly('');
  if (/^\\[1-9kxuc]/.test(part)) return undefined;
  if (part === '\\\\' || part === '\\^') return part;
  if (/^\\[^a-z\d]$/i.test(part)) return `[${part.slice(1)}]`;
  if (/^\[[\w ,:;/@=.]+\]$/.test(part) || /^\[(?:[a-z]-[a-z]|[A-Z]-[A-Z]|\d-\d|[\w ,:;/@=.])+\]$/.test(part)) return part;
  if (part === '.' || /^[\\[]/.test(part)) return roughly(ANY);
  if (/^[\u0020-\u007e]$/.test(part)) return part;
  // Letters beyond ASCII have cases that awk does not know.
  return ignoreCase || part < ' ' || part === '\ufffd' ? undefined : `(${part})`;
}
