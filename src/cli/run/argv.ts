import { globals } from '../language/globals.ts';
import { type Option, text } from '../language/options.ts';

/** What may stand before the group: the options of every command, and those that name a parent. */
const leading: Readonly<Record<string, Option<unknown>>> = { ...globals, server: text(''), site: text('') };

const isHelp = (word: string): boolean => word === '-h' || word === '--help';

/** How many words of argv an option at its start takes; 0 where it is none of those that may lead. */
function taken(word: string): number {
  if (isHelp(word)) return 1;
  const [name] = word.split('=', 1);
  const [key, option] =
    Object.entries(leading).find(([each, { short }]) => name === `--${each.replaceAll('_', '-')}` || isShort(word, short)) ?? [];
  if (!key || !option) return 0;
  return option.kind === 'flag' || word.includes('=') || (isShort(word, option.short) && word.length > 2) ? 1 : 2;
}

const isShort = (word: string, short: string | undefined): boolean => short !== undefined && word.startsWith(`-${short}`);

/**
 * argv with the command first, for that is the one that knows its options: `--json server list` as `server list --json`.
 * `depth` is the number of words that name the command whose first word this is. `help x` is `x --help`.
 */
export function arranged(argv: readonly string[], depth: (first: string) => number): string[] {
  let end = 0;
  for (let word = argv[0]; word?.startsWith('-'); word = argv[end]) {
    const words = taken(word);
    if (words === 0) break;
    end += words;
  }
  const options = argv.slice(0, end);
  const rest = argv[end] === 'help' ? [...argv.slice(end + 1), '--help'] : argv.slice(end);
  const [first] = rest;
  if (first === undefined) return options.length > 0 ? ['--help'] : [];
  // Right after the command: further on, a word may be what another option waits for, or stand behind `--`.
  const named = rest.slice(0, depth(first)).findIndex((word) => word.startsWith('-'));
  const place = named === -1 ? depth(first) : named;
  return [...rest.slice(0, place), ...options, ...rest.slice(place)];
}

/** argv without the wish for help, which would hide that there is no such command. */
export const withoutHelp = (words: readonly string[]): string[] => words.filter((word) => !isHelp(word));
