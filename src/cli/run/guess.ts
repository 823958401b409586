import { type DnxError, usage } from '../../base/errors.ts';
import type { Entry, Guesses, Tree, TypedLine } from '../language/command.ts';
import { effectOf } from '../language/effect.ts';
import { takenBy } from '../language/signature.ts';
import { consentLevel, namesOf } from '../language/tree.ts';
import { isWord, wordsIn } from './line.ts';

/** A word after the path of a group, or an option of a command, that dnx does not know; or an argument that only an option takes. */
export interface RefusedWord {
  readonly path: string;
  readonly word: string;
  /** The option that takes the argument: `--server`. */
  readonly option?: string;
}

interface Attempt {
  readonly invocation?: TypedLine | undefined;
  readonly error?: unknown;
  readonly refused?: RefusedWord | undefined;
}

interface Guesser<P extends Attempt> {
  readonly tree: Tree;
  readonly guesses: Guesses;
  readonly parse: (argv: Argv) => Promise<P>;
}

type Argv = readonly string[];

/** A command line in which every guess is replaced. */
interface Guess<P extends Attempt> {
  readonly argv: Argv;
  readonly parsed: P;
}

/** The most guesses in one command line that are followed. */
const MOST = 4;

/** What a command line with unknown words means: it runs if it only reads; the error for anything else has the right line. */
export async function guessed<P extends Attempt>(argv: Argv, refused: P, guessing: Guesser<P>): Promise<P> {
  const topic = topicFor(refused, guessing.guesses);
  if (topic) return { ...refused, error: withNext(refused, topic, 'See') };
  const line = await follow({ argv, parsed: refused }, guessing, MOST);
  const { invocation } = line?.parsed ?? {};
  if (!line || !invocation || effectOf(invocation.command, wordsIn(invocation)) === 'read') return line?.parsed ?? refused;
  return { ...refused, invocation: undefined, error: withNext(refused, await withoutSecrets(line.argv, invocation), 'Did you mean') };
}

/** The error for a word, with the command to type or to read instead of a similar word. */
function withNext({ error, refused }: Attempt, command: Argv, why: string): DnxError {
  const message = error instanceof Error ? error.message : `Unknown command '${refused?.path} ${refused?.word}'.`;
  return usage(message.replace(/ Did you mean .*/, ''), undefined, { command, why });
}

/** The help topic about an option that has no counterpart. */
function topicFor({ refused }: Attempt, guesses: Guesses): Argv | undefined {
  const meaning = refused && !isWord(refused.word) ? meaningOf(refused, guesses) : undefined;
  return meaning?.startsWith('help ') ? meaning.split(' ') : undefined;
}

function meaningOf({ path, word }: RefusedWord, { options }: Guesses): string | undefined {
  const name = word.replace(/=.*/s, '').replaceAll('_', '-');
  const key = [`${path} ${name}`, `${path.split(' ').at(-1)} ${name}`, name].find((each) => Object.hasOwn(options, each));
  return key === undefined ? undefined : options[key];
}

/** The first line that can be parsed; else that of another error, if only the command was guessed. */
async function follow<P extends Attempt>(line: Guess<P>, guessing: Guesser<P>, left: number): Promise<Guess<P> | undefined> {
  const { refused } = line.parsed;
  if (!refused) return line;
  if (left === 0) return undefined;
  let failed: Guess<P> | undefined;
  for (const argv of rewritten(line.argv, refused, guessing)) {
    const found = await follow({ argv, parsed: await guessing.parse(argv) }, guessing, left - 1);
    if (found && found.parsed.error === undefined) return isEnough(found, refused) ? found : undefined;
    if (isWord(refused.word)) failed ??= found;
  }
  return failed;
}

/** False for a consent that would not be enough: `--force` for what cannot be undone. */
const isEnough = ({ argv, parsed: { invocation } }: Guess<Attempt>, { word }: RefusedWord): boolean =>
  isWord(word) || !argv.includes('--yes') || !invocation || consentLevel(invocation.command) !== 'severe';

function rewritten(argv: Argv, refused: RefusedWord, guessing: Pick<Guesser<Attempt>, 'tree' | 'guesses'>): Argv[] {
  if (!isWord(refused.word)) return withOption(argv, refused, guessing);
  if (refused.option === undefined) return withWords(argv, refused, guessing);
  const at = argv.lastIndexOf(refused.word);
  return [[...argv.slice(0, at), refused.option, ...argv.slice(at)]];
}

function withOption(argv: Argv, refused: RefusedWord, { guesses }: Pick<Guesser<Attempt>, 'guesses'>): Argv[] {
  const meaning = meaningOf(refused, guesses);
  if (meaning === undefined) return [];
  const at = argv.indexOf(refused.word);
  const [, value] = /=(.*)$/s.exec(refused.word) ?? [];
  const given = value === undefined ? meaning : meaning === '' ? value : `${meaning}=${value}`;
  return [[...argv.slice(0, at), ...(value === undefined ? given.split(' ').filter(Boolean) : [given]), ...argv.slice(at + 1)]];
}

/** The lines that a word after a group, or the first word, may mean, likeliest first. */
function withWords(argv: Argv, { path, word }: RefusedWord, { tree, guesses }: Pick<Guesser<Attempt>, 'tree' | 'guesses'>): Argv[] {
  const group = tree.contents.find(({ name }) => name === path);
  const before = path === '' ? -1 : argv.findIndex((each) => (group ? namesOf(group) : [path]).includes(each));
  const at = argv.indexOf(word, before + 1);
  const end = argv.findIndex((each, index) => index > at && !isWord(each));
  const typed = argv.slice(at, end < 0 ? undefined : end);
  const instead = (words: string, of: number) => [
    ...argv.slice(0, at).filter((_, index) => index !== before),
    ...words.split(' ').filter(Boolean),
    ...argv.slice(at + of),
  ];
  const found = meaningsOf(typed, { path, isGroup: group !== undefined }, guesses).map(({ meaning, of, isPlural }) => {
    const list = isPlural && typed.length === of ? named(meaning, tree) : undefined;
    return instead(list ? `${list.name} list` : meaning, of);
  });
  if (group) {
    // A name instead of a command: `site shop.example.com`.
    const verb = path === 'server' || path === 'site' ? 'show' : 'list';
    return /[.\d]/.test(word) ? [...found, instead(`${path} ${verb} ${word}`, 1)] : found;
  }
  // `deploy list`
  if (path !== '') return found;
  const [first = '', second = ''] = typed;
  const [one, other] = [named(first, tree), named(second, tree)];
  // `servers`
  if (one) return [...found, instead(`${one.name} list`, 1)];
  // `get servers`, and any other command before its group: `show site shop.example.com`.
  const isList = other && isPluralOf(second, other) && typed.length === 2 && /^(describe|get|show|view)$/.test(first);
  return other ? [...found, instead(isList ? `${other.name} list` : `${second} ${first}`, 2)] : found;
}

const named = (word: string, { contents }: Tree): Entry | undefined => contents.find((entry) => namesOf(entry).includes(word));

const isPluralOf = (word: string, { name, aliases = [] }: Entry): boolean => ![name, ...aliases].includes(word);

/** What the first words mean, the longest ones first, and `of` how many. */
function meaningsOf(typed: Argv, { path, isGroup }: { readonly path: string; readonly isGroup: boolean }, { words }: Guesses) {
  return [2, 1].flatMap((of) => {
    const own = typed.slice(0, of).join(' ');
    return typed.length < of
      ? []
      : [own, singularOf(own)].flatMap((each) => {
          const meant = [`${path} ${each}`.trim(), `* ${each}`].map((key) => (Object.hasOwn(words, key) ? words[key] : undefined));
          const verbs = !isGroup ? [] : (meant[1]?.split(' or ') ?? []);
          return [...(meant[0] === undefined ? [] : [meant[0]]), ...verbs.map((verb) => `${path} ${verb}`)].map((meaning) => ({
            meaning,
            of,
            isPlural: each !== own,
          }));
        });
  });
}

const singularOf = (words: string): string => words.replace(/ies\b/g, 'y').replace(/(?<=ss)es\b|(?<!s)s\b/g, '');

/** A command line as an error may show it. */
async function withoutSecrets(argv: Argv, { command, fields, options, body }: TypedLine): Promise<Argv> {
  const { harmlessWord } = await import('../plan/journal.ts');
  const taken = takenBy(command);
  const given = Object.entries({ ...fields, ...options }).filter(([key]) => !taken[key]?.rest);
  const shown = [
    ...given.flatMap(([key, words]) => [words].flat().map((word) => [String(word), harmlessWord(String(word), key, taken[key])] as const)),
    ...body.field.map((word) => [word, word.split('=', 1)[0] ?? ''] as const),
    ...(body.data === undefined ? [] : [[body.data, '***'] as const]),
  ];
  return argv.map((each) => {
    const [word, harmless = ''] = shown.find(([word]) => each === word || each.endsWith(`=${word}`)) ?? [];
    if (word === undefined || word === harmless) return each;
    return each.slice(0, -word.length) + (harmless === '***' ? '…' : `${harmless}=…`);
  });
}
