import { own } from '../../base/json.ts';
import { singular } from '../../base/text.ts';
import type { Context, Tree } from '../../cli/language/command.ts';
import { positionalsOf, takenBy } from '../../cli/language/signature.ts';
import { everyCommand, type Leaf, namesOf } from '../../cli/language/tree.ts';
import { usageOf } from '../../cli/run/help/command.ts';
import { readSettings } from '../../machine/settings/settings.ts';
import { namings } from '../../platform/names/names.ts';
import { offeredNames, rememberedLists } from '../completion/names.ts';
import { type Answer, asData } from './answer.ts';
import { type Limits, toolFor } from './limits.ts';

const MOST_COMMANDS = 12;
const MOST_NAMES = 20;

/** Words that say nothing about a command. */
const FILLERS = new Set('a an are at for from has how i in is it me my not of on out that the this to with'.split(' '));

/** More than other words can count, and less than any of them does. */
const FIRST = 50;
const LIST = 0.5;

/** The commands, help topics and names that a query is about; without one, every group. */
export async function findCommands(ctx: Context, query: string, limits: Limits, readNames: () => Promise<void>): Promise<Answer> {
  const leaves = await everyCommand(ctx.tree);
  const words = query.toLowerCase().match(/[\p{L}\p{N}_.-]+/gu) ?? [];
  if (words.length === 0) return { text: overview(ctx, leaves, limits) };
  const said = words.filter((word) => !FILLERS.has(word));
  const meant = await meantBy(said, ctx.tree);
  const isMeant = await phrasesIn(said, ctx.tree);
  const bonus = (leaf: Leaf) => (isMeant(leaf) ? FIRST : leaf.command.name === 'list' ? LIST : 0);
  const rankOf = (leaf: Leaf) => bonus(leaf) + leafRank(leaf, said) + leafRank(leaf, meant) / 2;
  const commands = best(leaves, rankOf).slice(0, MOST_COMMANDS);
  const topics = best(ctx.tree.topics, ({ name, summary }) => rank([name], summary, words)).slice(0, 3);
  const names = await namesFor(ctx, words, limits, readNames);
  const parts = [
    ...commands.map((leaf) => commandLine(leaf, limits)),
    ...topics.map(({ name, summary }) => `read    help ${name}  # ${summary}`),
    ...(names.length > 0 ? [asData(names.join('\n'))] : []),
  ];
  return { text: parts.length > 0 ? parts.join('\n') : 'Nothing was found. Without a query, find lists every command.' };
}

/** Whether a command is what a phrase among the words means: `disk full`. Other words may stand in between. */
async function phrasesIn(words: readonly string[], { guesses, shortcuts }: Tree): Promise<(leaf: Leaf) => boolean> {
  const { phrases, words: lines } = await guesses();
  const stems = new Set(words.map(singular));
  // A noun alone is listed, but with others it may be what to create.
  const known = Object.entries(lines).filter(([phrase, meaning]) => phrase.includes(' ') && !meaning.endsWith(' list'));
  const meanings = [...Object.entries(phrases), ...known]
    .filter(([phrase]) => phrase.split(' ').every((word) => stems.has(singular(word))))
    .map(([, meaning]) => {
      const [first = '', ...others] = meaning.split(' ');
      return [...(own(shortcuts, first)?.slice(0, 2) ?? [first]), ...others, ''].join(' ');
    });
  return ({ path }) => meanings.some((meaning) => meaning.startsWith(`${path} `));
}

/** What dnx calls what words mean: `certificate` for `ssl`, `restart` for `reboot`. */
async function meantBy(words: readonly string[], { contents, guesses }: Tree): Promise<readonly string[]> {
  const known = (await guesses()).words;
  const meanings = words.flatMap((word) => {
    const group = contents.find((entry) => namesOf(entry).includes(word))?.name;
    const keys = [word, singular(word)].flatMap((form) => [form, `* ${form}`]);
    return [group, ...keys.map((key) => own(known, key))].find((meaning) => meaning !== undefined)?.split(' ') ?? [];
  });
  return meanings.filter((meaning) => !words.includes(meaning));
}

function commandLine(leaf: Leaf, limits: Limits): string {
  const { path, group, command } = leaf;
  const usage = usageOf(path, positionalsOf(group, command)).replace(/^dnx | \[options\]/g, '');
  return `${toolFor(leaf, limits).padEnd(7)} ${usage}  # ${command.summary}`;
}

function overview({ tree }: Context, leaves: readonly Leaf[], limits: Limits): string {
  const named = (leaf: Leaf) => `${leaf.command.name}${marks[toolFor(leaf, limits)]}`;
  const groups = tree.contents.map(({ name, summary }) => {
    const commands = leaves.filter(({ group }) => group.name === name);
    return `${name}: ${commands.map(named).join(' ')}  # ${summary}`;
  });
  const others = leaves.filter(({ group }) => group.name === '').map((leaf) => `${named(leaf)}  # ${leaf.command.summary}`);
  return [
    '* tool change, - for a person, others read',
    ...groups,
    ...others,
    `help: ${tree.topics.map(({ name }) => name).join(' ')}`,
  ].join('\n');
}

const marks = { read: '', change: '*', person: '-' } as const;

function leafRank({ path, command }: Leaf, words: readonly string[]): number {
  const { aliases = [], summary, description = '' } = command;
  const exact = path === words.join(' ') ? 100 : 0;
  const options = Object.entries(takenBy(command)).map(([key, { help }]) => `${key} ${help}`);
  return exact + rank([...path.split(' '), ...aliases], summary, words) + rank([], [description, ...options].join(' '), words) / 4;
}

/** How well names and a text fit the words: a name counts twice, and a part of a word half. */
function rank(names: readonly string[], text: string, words: readonly string[]): number {
  const inText = text.toLowerCase().match(/[\p{L}\p{N}_-]+/gu) ?? [];
  const score = (word: string) => {
    const stem = singular(word);
    const fits = (candidate: string) =>
      candidate === word || singular(candidate) === stem ? 2 : stem.length > 2 && candidate.includes(stem) ? 1 : 0;
    return Math.max(0, ...names.map((name) => 2 * fits(name))) + Math.max(0, ...inText.map(fits));
  };
  return words.reduce((sum, word) => sum + score(word), 0);
}

function best<T>(items: readonly T[], rankOf: (item: T) => number): readonly T[] {
  return items
    .map((item) => ({ item, rank: rankOf(item) }))
    .filter((ranked) => ranked.rank >= 1)
    .sort((one, other) => other.rank - one.rank)
    .map(({ item }) => item);
}

/** The names that dnx remembers and a word is part of. `readNames` reads those of servers and sites, if it remembers none. */
async function namesFor(
  ctx: Context,
  words: readonly string[],
  limits: Limits,
  readNames: () => Promise<void>,
): Promise<readonly string[]> {
  if (limits.server !== undefined || limits.site !== undefined) return [];
  const settings = readSettings(ctx.world, { profile: ctx.settings.profile, host: ctx.settings.host });
  if (rememberedLists(ctx.world, settings).size === 0) await readNames();
  const lists = rememberedLists(ctx.world, settings);
  return Object.keys(namings)
    .flatMap((kind) =>
      offeredNames(lists, kind, {}).map(({ value, help = '' }) => ({ value, line: `${kind} ${value}  ${help}`.trimEnd() })),
    )
    .filter(({ value }) => words.some((word) => word.length > 2 && value.toLowerCase().includes(word)))
    .slice(0, MOST_NAMES)
    .map(({ line }) => line);
}
