import { type DnxError, usage } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import { singular } from '../../base/text.ts';
import type { Entry, Guesses, Tree, TypedLine } from '../language/command.ts';
import { effectOf } from '../language/effect.ts';
import { takenBy } from '../language/signature.ts';
import { consentLevel, namesOf } from '../language/tree.ts';
import { isWord, type ParseResult, type RefusedWord, wordsIn } from './line.ts';

interface Guesser {
  readonly tree: Tree;
  readonly guesses: Guesses;
  readonly parse: (argv: Argv) => Promise<ParseResult>;
}

type Argv = readonly string[];

interface Guess {
  readonly argv: Argv;
  readonly parsed: ParseResult;
}

const MOST = 4;

/** What a command line with unknown words means: it runs if it only reads; the error for anything else has the right line. */
export async function guessed(argv: Argv, refused: ParseResult, guessing: Guesser): Promise<ParseResult> {
  const hint = own(guessing.guesses.hints, optionIn(refused.refused?.word ?? ''));
  if (hint !== undefined) return { ...refused, error: usage(messageOf(refused), hint) };
  const topic = topicFor(refused, guessing.guesses);
  if (topic) return { ...refused, error: withNext(refused, topic, 'See') };
  const guess = await follow({ argv, parsed: refused }, guessing, MOST);
  const { line } = guess?.parsed ?? {};
  if (!guess || !line || effectOf(line.command, wordsIn(line)) === 'read') return guess?.parsed ?? refused;
  return { ...refused, line: undefined, error: withNext(refused, await withoutSecrets(guess.argv, line), 'Did you mean') };
}

const withNext = (refused: ParseResult, command: Argv, why: string): DnxError => usage(messageOf(refused), undefined, { command, why });

function messageOf({ error, refused }: ParseResult): string {
  const message = error instanceof Error ? error.message : `Unknown command '${refused?.path} ${refused?.word}'.`;
  return message.replace(/ Did you mean .*/, '');
}

const optionIn = (word: string): string => word.replace(/=.*/s, '').replaceAll('_', '-');

/** The help topic about an option that has no counterpart. */
function topicFor({ refused }: ParseResult, guesses: Guesses): Argv | undefined {
  const meaning = refused && !isWord(refused.word) ? meaningOf(refused, guesses) : undefined;
  return meaning?.startsWith('help ') ? meaning.split(' ') : undefined;
}

function meaningOf({ path, word }: RefusedWord, { options }: Guesses): string | undefined {
  const name = optionIn(word);
  return own(options, `${path} ${name}`) ?? own(options, `${path.split(' ').at(-1)} ${name}`) ?? own(options, name);
}

/** The first line that can be parsed; else that of another error, if only the command was guessed. */
async function follow(guess: Guess, guessing: Guesser, left: number): Promise<Guess | undefined> {
  const { refused } = guess.parsed;
  if (!refused) return guess;
  if (left === 0) return undefined;
  let failed: Guess | undefined;
  for (const argv of rewritten(guess.argv, refused, guessing)) {
    const found = await follow({ argv, parsed: await guessing.parse(argv) }, guessing, left - 1);
    if (found && found.parsed.error === undefined) return isEnough(found, refused) ? found : undefined;
    if (isWord(refused.word)) failed ??= found;
  }
  return failed;
}

/** False for a consent that would not be enough: `--force` for what cannot be undone. */
const isEnough = ({ argv, parsed: { line } }: Guess, { word }: RefusedWord): boolean =>
  isWord(word) || !argv.includes('--yes') || !line || consentLevel(line.command) !== 'severe';

function rewritten(argv: Argv, refused: RefusedWord, guessing: Pick<Guesser, 'tree' | 'guesses'>): Argv[] {
  if (!isWord(refused.word)) return withOption(argv, refused, guessing);
  if (refused.option === undefined) return withWords(argv, refused, guessing);
  const at = argv.lastIndexOf(refused.word);
  return [[...argv.slice(0, at), refused.option, ...argv.slice(at)]];
}

function withOption(argv: Argv, refused: RefusedWord, { guesses }: Pick<Guesser, 'guesses'>): Argv[] {
  const meaning = meaningOf(refused, guesses);
  if (meaning === undefined) return [];
  const at = argv.indexOf(refused.word);
  const [, value] = /=(.*)$/s.exec(refused.word) ?? [];
  const instead = value === undefined ? meaning.split(' ').filter(Boolean) : [meaning === '' ? value : `${meaning}=${value}`];
  return [[...argv.slice(0, at), ...instead, ...argv.slice(at + 1)]];
}

/** The lines that a word after a group, or the first word, may mean, likeliest first. */
function withWords(argv: Argv, { path, word }: RefusedWord, { tree, guesses }: Pick<Guesser, 'tree' | 'guesses'>): Argv[] {
  const group = tree.contents.find(({ name }) => name === path);
  const before = path === '' ? -1 : argv.findIndex((each) => (group ? namesOf(group) : [path]).includes(each));
  const at = argv.indexOf(word, before + 1);
  const end = argv.findIndex((each, index) => index > at && !isWord(each));
  const words = argv.slice(at, end < 0 ? undefined : end);
  const instead = (words: string, count: number) => [
    ...argv.slice(0, at).filter((_, index) => index !== before),
    ...words.split(' ').filter(Boolean),
    ...argv.slice(at + count),
  ];
  const found = meaningsOf(words, { path, isGroup: group !== undefined }, guesses).map(({ meaning, count, isPlural }) => {
    const list = isPlural && words.length === count ? named(meaning, tree) : undefined;
    return instead(list ? `${list.name} list` : meaning, count);
  });
  if (group) {
    // A name instead of a command: `site shop.example.com`.
    const verb = path === 'server' || path === 'site' ? 'show' : 'list';
    return /[.\d]/.test(word) ? [...found, instead(`${path} ${verb} ${word}`, 1)] : found;
  }
  // `deploy list`
  if (path !== '') return found;
  const [first = '', second = ''] = words;
  const [one, other] = [named(first, tree), named(second, tree)];
  // `servers`
  if (one) return [...found, instead(`${one.name} list`, 1)];
  // `get servers`, and any other command before its group: `show site shop.example.com`.
  const isList = other && isPluralOf(second, other) && words.length === 2 && /^(describe|get|show|view)$/.test(first);
  return other ? [...found, instead(isList ? `${other.name} list` : `${second} ${first}`, 2)] : found;
}

const named = (word: string, { contents }: Tree): Entry | undefined => contents.find((entry) => namesOf(entry).includes(word));

const isPluralOf = (word: string, { name, aliases = [] }: Entry): boolean => ![name, ...aliases].includes(word);

/** What the first words mean, the longest ones first. */
function meaningsOf(words: Argv, { path, isGroup }: { readonly path: string; readonly isGroup: boolean }, guesses: Guesses) {
  return [2, 1].flatMap((count) => {
    if (words.length < count) return [];
    const phrase = words.slice(0, count).join(' ');
    return [phrase, singular(phrase)].flatMap((spelling) => {
      const here = own(guesses.words, `${path} ${spelling}`.trim());
      const verbs = isGroup ? (own(guesses.words, `* ${spelling}`)?.split(' or ') ?? []) : [];
      const meanings = [...(here === undefined ? [] : [here]), ...verbs.map((verb) => `${path} ${verb}`)];
      return meanings.map((meaning) => ({ meaning, count, isPlural: spelling !== phrase }));
    });
  });
}

async function withoutSecrets(argv: Argv, { command, fields, options, body }: TypedLine): Promise<Argv> {
  const { harmlessWord } = await import('../plan/journal.ts');
  const taken = takenBy(command);
  const values = Object.entries({ ...fields, ...options }).filter(([key]) => !taken[key]?.rest);
  const shown = [
    ...values.flatMap(([key, words]) => [words].flat().map((word) => [String(word), harmlessWord(String(word), key, taken[key])] as const)),
    ...body.field.map((word) => [word, word.split('=', 1)[0] ?? ''] as const),
    ...(body.data === undefined ? [] : [[body.data, '***'] as const]),
  ];
  return argv.map((argument) => {
    const [word, harmless = ''] = shown.find(([word]) => argument === word || argument.endsWith(`=${word}`)) ?? [];
    if (word === undefined || word === harmless) return argument;
    return argument.slice(0, -word.length) + (harmless === '***' ? '…' : `${harmless}=…`);
  });
}
