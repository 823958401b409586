import { own } from '../../base/json.ts';
import type { Tree } from '../../cli/language/command.ts';
import { globals } from '../../cli/language/globals.ts';
import type { Option } from '../../cli/language/options.ts';
import { fieldsOf } from '../../cli/language/shape.ts';
import { formats } from '../../machine/settings/settings.ts';
import { choices, namings, nounIn } from '../../platform/names/names.ts';
import { type Flag, positionalAt, type TypedLine } from './line.ts';

/** A word that completes the one at the cursor. */
export interface OfferedWord {
  readonly value: string;
  readonly help?: string;
  /** More of the same word may follow: no space does. */
  readonly unfinished?: true;
}

/** What a shell offers at the cursor. */
export interface Offer {
  readonly candidates: readonly OfferedWord[];
  /** The part of the word at the cursor that stays: `--output=`, `name,`. */
  readonly lead: string;
  /** Files, too. */
  readonly files?: boolean;
  /** Where the command line of another program begins, among the words. The shell knows what to offer there. */
  readonly program?: number;
}

/** Where words come from that the tree does not have. */
export interface WordSources {
  /** The names of a kind of resource, under the parents that the line or the settings name. */
  names(kind: string): Promise<readonly OfferedWord[]>;
  /** The Artisan commands of the site that the line or the settings name. */
  artisan(): Promise<readonly OfferedWord[]>;
  profiles(): readonly string[];
  environments(): readonly string[];
  branches(): Promise<readonly string[]>;
}

const runsLocally = ['sandbox run', 'env run', 'db tunnel', 'tunnel'];

const NOTHING: Offer = { candidates: [], lead: '' };

/** What is offered for a word, given the line before it. */
export async function offerFor(word: string, line: TypedLine, place: number, tree: Tree, sources: () => Promise<WordSources>) {
  if (line.program !== undefined) return runsLocally.includes(line.path) ? { ...NOTHING, program: line.program } : NOTHING;
  if (line.pending) return valuesOf(line.pending, word, '', line, sources);
  const [, name, value = ''] = (!line.literal && /^(--[^=]+)=(.*)$/su.exec(word)) || [];
  if (name !== undefined) {
    const found = line.flags.find((option) => option.name === name);
    return found && found.option.kind !== 'flag' ? valuesOf(found, value, `${name}=`, line, sources) : NOTHING;
  }
  if (!line.literal && word.startsWith('-')) return words(optionsFor(line));
  if (line.at !== 'command') return words(line.literal ? [] : commandsFor(line, tree));
  if (line.help) return NOTHING;
  const positional = positionalAt(line);
  if (positional?.option.rest && runsLocally.includes(line.path)) return { ...NOTHING, program: place };
  const offer =
    positional && !positional.option.rest ? await valuesOf(positional, word, '', line, sources) : await programFor(line, sources);
  const mayLead = line.lead && !line.values.has('site') && !offer.candidates.some(({ value }) => value.startsWith(word));
  return mayLead ? { ...offer, ...(await valuesOf(line.lead, word, '', line, sources)), files: offer.files ?? false } : offer;
}

const programFor = async ({ path }: TypedLine, sources: () => Promise<WordSources>): Promise<Offer> =>
  path === 'artisan' ? words(await (await sources()).artisan()) : NOTHING;

const words = (candidates: readonly OfferedWord[], lead = ''): Offer => ({ candidates, lead });

const optionsFor = ({ flags, values }: TypedLine): readonly OfferedWord[] =>
  flags.filter(({ key, option }) => !values.has(key) || option.kind === 'list').map(({ name, help }) => ({ value: name, help }));

function commandsFor({ at, group, help }: TypedLine, { contents, standalone, shortcuts, topics }: Tree): readonly OfferedWord[] {
  if (at === 'group') return (group?.commands ?? []).map(({ name, summary }) => ({ value: name, help: summary }));
  if (at !== 'root') return [];
  return [
    ...[...contents, ...standalone].map(({ name, summary }) => ({ value: name, help: summary })),
    ...Object.entries(shortcuts).map(([name, [, , summary]]) => ({ value: name, help: summary })),
    ...(help ? topics.map(({ name, summary }) => ({ value: name, help: summary })) : [{ value: 'help', help: 'Show help' }]),
  ];
}

/** The values of an option or argument. What stands there already is not offered again. */
async function valuesOf(
  { key, option }: Pick<Flag, 'key' | 'option'>,
  word: string,
  lead: string,
  line: TypedLine,
  sources: () => Promise<WordSources>,
): Promise<Offer> {
  const taken =
    option.place === 'argument' || line.positionals.some((positional) => positional.key === key) ? line.args : line.values.get(key);
  const others = (candidates: readonly OfferedWord[], more = lead): Offer =>
    words(
      candidates.filter(({ value }) => !taken?.includes(value)),
      more,
    );
  const plain = (values: readonly string[], more?: string) =>
    others(
      values.map((value) => ({ value })),
      more,
    );
  const named = async (noun: string) => (await sources()).names(noun);
  const { kind, placeholder = '' } = option;
  if (option === globals.fields) return fieldsAfter(word, lead, line);
  if (option === globals.sort) return plain(await printedFields(line), word.startsWith('-') ? `${lead}-` : lead);
  if (option === globals.profile || placeholder === 'profile') return plain((await sources()).profiles());
  if (option === globals.env) return plain((await sources()).environments());
  if (placeholder === 'resource:action') return plain((await import('../../base/abilities.ts')).abilities);
  if (placeholder === 'key=value') return filesAfter(/^[^=]*:?=@/, word, lead);
  if (placeholder === 'KEY=VALUE') return word.includes('=') ? NOTHING : assignments(await named('variable'), line, lead);
  if (placeholder === 'KEY') return others(await named('variable'));
  if (/^preview (down|open)$/.test(line.path) && key === 'branch') return plain(await previewed(await sources()));
  if (placeholder === 'branch' || key === 'branch') return plain(await (await sources()).branches());
  if (option.choices) return plain(option.choices);
  if (line.path === 'config set' && key === 'value') {
    const [setting = ''] = line.args;
    if (setting === 'output') return plain(formats);
    return ['server', 'site'].includes(setting) ? others(await named(setting)) : NOTHING;
  }
  if (option.destination || placeholder === 'names')
    return others([...(await named('server')), ...(await named('site'))], lead + word.slice(0, word.lastIndexOf(',') + 1));
  const resource = resourceOf(option);
  if (resource !== undefined) return { ...others(await named(resource)), files: /file/.test(placeholder) };
  if (kind === 'content' || kind === 'secret' || placeholder.includes('@file')) return filesAfter(/^@/, word, lead);
  return { ...NOTHING, lead, files: /file|folder/.test(placeholder) };
}

/** The branches that have a preview; all of them if no site is remembered that is one. */
async function previewed({ names, branches }: WordSources): Promise<readonly string[]> {
  const { isOfBranch, markInDomain } = await import('../preview/names.ts');
  const [sites, all] = await Promise.all([names('site'), branches()]);
  const marks = sites.flatMap(({ value }) => markInDomain(value) ?? []);
  return marks.length === 0 ? all : all.filter((branch) => marks.some((mark) => isOfBranch(mark, branch)));
}

function resourceOf({ from, names, placeholder = '' }: Option<unknown>): string | undefined {
  if (names) return names;
  if (from) return nounIn(from.list) ?? Object.keys(choices).find((kind) => choices[kind]?.list === from.list);
  const noun = placeholder.replaceAll('-', '_');
  return (own(namings, noun)?.keys.length ?? 0) > 0 || own(choices, noun) ? noun : undefined;
}

const printedFields = async ({ command }: TypedLine): Promise<readonly string[]> => fieldsOf((await command?.prints?.()) ?? {});

/** The next of several fields: `name,` and those that it may go on with. */
async function fieldsAfter(word: string, lead: string, line: TypedLine): Promise<Offer> {
  const before = word.slice(0, word.lastIndexOf(',') + 1);
  const fields = (await printedFields(line)).filter((field) => !before.split(',').includes(field));
  return words(
    fields.map((value) => ({ value, unfinished: true })),
    lead + before,
  );
}

/** Files after `@` or `key=@`. */
function filesAfter(start: RegExp, word: string, lead: string): Offer {
  const [before] = start.exec(word) ?? [];
  return before === undefined ? NOTHING : { candidates: [], lead: lead + before, files: true };
}

/** `APP_NAME=` for each variable that has no value yet. */
function assignments(variables: readonly OfferedWord[], { args }: TypedLine, lead: string): Offer {
  const open = variables.filter(({ value }) => !args.some((arg) => arg.startsWith(`${value}=`)));
  return words(
    open.map(({ value, help }) => ({ value: `${value}=`, ...(help && { help }), unfinished: true })),
    lead,
  );
}
