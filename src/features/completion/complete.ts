import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { attempt } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import type { Tree } from '../../cli/language/command.ts';
import type { World } from '../../machine/world.ts';
import type { Shell } from './install.ts';
import { readTypedLine } from './line.ts';
import { type Offer, type OfferedWord, offerFor } from './offer.ts';

/**
 * `dnx __complete SHELL …`, which the scripts in `completions/` run at a Tab: what the shell offers, in its own format. Sends no request
 * unless DNX_COMPLETE_ONLINE is set, and opens no keychain. `run` is dnx itself.
 */
export async function complete(
  [shell = '', ...rest]: readonly string[],
  world: World,
  tree: Tree,
  run: (argv: readonly string[], world: World) => Promise<number>,
): Promise<string> {
  const dialect = own(dialects, shell);
  if (!dialect) return '';
  const typed = dialect.read(rest);
  const line = await readTypedLine(typed.words, tree);
  // Only names need the settings.
  const sources = async () => (await import('./names.ts')).openSources(line, typed.before, world, run);
  return dialect.print(await offerFor(typed.word, line, typed.words.length, tree, sources), typed, world);
}

interface CursorLine {
  /** The words between `dnx` and the cursor, without quotes. */
  readonly words: readonly string[];
  /** The word at the cursor, up to it. */
  readonly word: string;
  /** The whole line, if the shell tells it: variables may stand before `dnx`. */
  readonly before: string;
  /** Bash alone knows more of the word. */
  readonly bash?: BashWord;
}

/** How a shell says what is typed, and how it is told what to offer. `completions/` has its side. */
interface Dialect {
  read(args: readonly string[]): CursorLine;
  print(offer: Offer, cursorLine: CursorLine, world: Machine): string;
}

type Machine = Pick<World, 'env' | 'cwd' | 'home'>;

const MOST = 1_000;

/**
 * zsh and fish get every word, because they have rules of their own for what matches, and complete files themselves. Bash and PowerShell get what goes in place
 * of the word.
 */
const dialects: Readonly<Record<Shell, Dialect>> = {
  bash: {
    read: ([line = '', breaks = '']) => readBash(line, breaks),
    print(offer, { words, word, bash }, world) {
      if (!bash) return '';
      const { program } = offer;
      const found = program === undefined ? offered(offer, word, world) : programsOrFiles(program === words.length, word, world);
      const action = program === undefined ? 'words' : `program ${bash.places[program + 1]}`;
      return lines([action, ...found.flatMap((candidate) => bashReply(candidate, bash))]);
    },
  },
  zsh: {
    read: readWords,
    print: ({ candidates, lead, files, program }, { word }) => {
      const escaped = (text: string) => text.replaceAll(/[\\:]/g, '\\$&');
      const shown = few(candidates, word.slice(lead.length)).map(({ value, help }) => escaped(value) + (help ? `:${help}` : ''));
      const action = candidates.some(({ unfinished }) => unfinished) ? 'unfinished' : files ? 'files' : 'words';
      return program === undefined ? lines([action, String([...lead].length), ...shown]) : lines(['program', String(program + 1)]);
    },
  },
  fish: {
    read: readWords,
    print: ({ candidates, lead, files, program }, { word }) => {
      if (program !== undefined) return lines(['program', String(program + 1)]);
      const shown = few(candidates, word.slice(lead.length)).map(({ value, help }) => lead + value + (help ? `\t${help}` : ''));
      return lines([files ? 'files' : 'words', String([...lead].length), ...shown]);
    },
  },
  powershell: {
    read: ([encoded = '']) => readWords(['', ...Buffer.from(encoded, 'base64').toString('utf8').split('\n')]),
    print: (offer, { word }, world) =>
      // Of files alone, PowerShell knows more.
      offer.program !== undefined || (offer.files && offer.lead === '' && offer.candidates.length === 0)
        ? ''
        : lines(offered(offer, word, world).map(powershellReply)),
  },
};

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

function readWords([before = '', ...words]: readonly string[]): CursorLine {
  return { before, words: words.slice(0, -1), word: words.at(-1) ?? '' };
}

/** At most as many as a shell shows at once. */
const few = (candidates: readonly OfferedWord[], typed: string): readonly OfferedWord[] =>
  (candidates.length > MOST ? candidates.filter(({ value }) => value.startsWith(typed)) : candidates).slice(0, MOST);

function offered({ candidates, lead, files }: Offer, word: string, world: Machine): readonly OfferedWord[] {
  const typed = word.slice(lead.length);
  const found = [...candidates.filter(({ value }) => value.startsWith(typed)), ...(files ? filesFor(typed, world) : [])];
  return found.slice(0, MOST).map((candidate) => ({ ...candidate, value: lead + candidate.value }));
}

function filesFor(typed: string, { cwd, home }: Pick<World, 'cwd' | 'home'>): readonly OfferedWord[] {
  const [directory = ''] = /^.*\//su.exec(typed) ?? [];
  const from = directory.startsWith('~/') ? join(home, directory.slice(2)) : resolve(cwd, directory);
  const start = typed.slice(directory.length);
  return namesIn(from)
    .filter((name) => name.startsWith(start) && (start !== '' || !name.startsWith('.')) && !/\p{C}/u.test(name))
    .map((name) => (isDirectory(join(from, name)) ? { value: `${directory}${name}/`, unfinished: true } : { value: directory + name }));
}

const namesIn = (directory: string): readonly string[] => attempt(() => readdirSync(directory).sort()) ?? [];

const isDirectory = (path: string): boolean => attempt(() => statSync(path).isDirectory()) ?? false;

/** For a bash that has no completions of other programs. */
function programsOrFiles(first: boolean, word: string, world: Machine): readonly OfferedWord[] {
  if (!first || word.includes('/')) return filesFor(word, world);
  const names = new Set((world.env.PATH ?? '').split(':').flatMap((directory) => (directory === '' ? [] : namesIn(directory))));
  return [...names].filter((name) => name.startsWith(word) && !/\p{C}/u.test(name)).map((value) => ({ value }));
}

interface BashWord {
  /** How much of the word Readline keeps: it replaces what follows a quote that is still open, or the last `=`, `:` or `@`. */
  readonly kept: number;
  /** The quote that is still open. */
  readonly quote: string;
  /** For each word, its place in COMP_WORDS, where bash splits words at `=`, `:` and `@`. */
  readonly places: readonly number[];
}

/** Splits the line up to the cursor as bash does, but at blanks alone. `$x` and the like stay as they are. */
function readBash(line: string, wordBreaks: string): CursorLine {
  const breaks = [...'=:@'].filter((character) => wordBreaks.includes(character));
  const letters = [...line];
  const words: string[] = [];
  const places: number[] = [];
  let [word, quote, kept, opened, place, pieces] = ['', '', 0, 0, 0, 0];
  let isBroken: boolean | undefined;
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at] ?? '';
    if (quote === '' && /\s/.test(letter)) {
      if (pieces > 0) {
        words.push(word);
        places.push(place);
      }
      place += pieces;
      [word, kept, pieces, isBroken] = ['', 0, 0, undefined];
      continue;
    }
    const isBreak = quote === '' && breaks.includes(letter);
    // Breaks in a row are one word of bash.
    if (isBreak !== isBroken) pieces++;
    isBroken = isBreak;
    if (letter === quote) {
      quote = '';
    } else if (quote === '' && /['"]/.test(letter)) {
      [quote, opened] = [letter, word.length];
    } else {
      const isEscaped = letter === '\\' && quote !== "'" && at + 1 < letters.length;
      word += isEscaped ? (letters[++at] ?? '') : letter;
      // Readline takes an @ for a part of what it replaces.
      if (isBreak) kept = letter === '@' ? word.length - 1 : word.length;
    }
  }
  places.push(place);
  return { words: words.slice(1), word, before: '', bash: { kept: quote === '' ? kept : opened, quote, places } };
}

/** What Readline puts in place of the end of the word; nothing if it cannot be written in the quote that is open. */
function bashReply({ value, unfinished }: OfferedWord, { kept, quote }: BashWord): readonly string[] {
  const rest = value.slice(kept);
  if (quote !== '') return /['"\\`$!]/.test(rest) ? [] : [rest];
  const home = kept === 0 && rest.startsWith('~/') ? '~' : '';
  const quoted = rest.slice(home.length).replaceAll(/[\]\s'"\\$`;&|<>(){}*?[~#!^]/g, '\\$&');
  return [home + quoted + (unfinished ? '' : ' ')];
}

/** One line of JSON in ASCII, because Windows PowerShell reads what programs print in a code page. */
function powershellReply({ value, help }: OfferedWord): string {
  // In quotes, nothing is evaluated. PowerShell knows typographic quotes, too.
  const word = /^[A-Za-z0-9_./:+=-]+$/.test(value) ? value : `'${value.replaceAll(/['‘’‚‛]/g, '$&$&')}'`;
  return JSON.stringify({ word, name: value, help: help || value }).replaceAll(
    /[^ -~]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
