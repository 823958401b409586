import { flagName, plural } from '../../base/text.ts';
import { needOf } from '../../platform/abilities.ts';
import { conditionsIn } from '../language/calls.ts';
import type { AnyCommand, Entry, Group, Tree } from '../language/command.ts';
import { globals } from '../language/globals.ts';
import type { Option, Options } from '../language/options.ts';
import { optionsOf, type Positional, positionalsOf } from '../language/signature.ts';

/** What help is written on. `width` is in columns. */
export interface Page {
  readonly width: number;
  readonly bold: (text: string) => string;
}

type Line = readonly [term: string, help: string];

const examplesOfRoot = ['dnx login', 'dnx deploy shop.example.com', 'dnx server list --json', 'dnx help site deploy'];

/** The help of dnx itself: what there is, and what every command takes. */
export function rootHelp({ contents, alone, shortcuts }: Tree, page: Page): string {
  const sections = new Map<string, Line[]>([['Most used', Object.entries(shortcuts).map(([name, [, , summary]]) => [name, summary])]]);
  for (const { name, summary, section } of [...contents, ...alone]) {
    sections.set(section, [...(sections.get(section) ?? []), [name, summary]]);
  }
  return joined([
    'Deploynix from the terminal, from scripts and from CI.',
    usage('dnx <group> <command> [target] [options]', page),
    ...listed([...sections, ['Options of every command', optionLines(globals)]], page),
    examples(examplesOfRoot, page),
    'No account yet? Try everything here: dnx sandbox start',
  ]);
}

/** The help of a group: its commands, and the first things to try. */
export function groupHelp(
  { name, aliases = [], summary }: Pick<Entry, 'name' | 'aliases' | 'summary'>,
  { commands }: Group,
  page: Page,
): string {
  const lines = commands.map((each): Line => [[each.name, ...spoken(each.aliases)].join(', '), each.summary]);
  const tried = commands.flatMap((each) => each.examples.slice(0, 1)).slice(0, 4);
  return joined([
    `${summary}.`,
    usage(`dnx ${name} <command> [target] [options]`, page),
    ...listed([['Commands', lines]], page),
    examples(
      tried.map((each) => `dnx ${name} ${each}`),
      page,
    ),
    `More about a command: dnx ${name} <command> --help\nOther names of ${name}: ${[plural(name), ...aliases].join(', ')}`,
  ]);
}

/** The help of one command. `path` is how it was called: `site deploy`, or `deploy`. */
export function commandHelp(path: string, group: Group, command: AnyCommand, page: Page): string {
  const positionals = positionalsOf(group, command);
  const shown = Object.entries(optionsOf(group, command)).filter(([, { place }]) => place !== 'either');
  const calls = callsOf(command);
  const all = [...positionals.map(({ option }) => option), ...shown.map(([, option]) => option)];
  const assumed = all.some((option) => option.assumed) || calls.some(([, need]) => need.includes(ASSUMED));
  const start = path.includes(' ') ? `${group.name} ` : '';
  return joined([
    `${command.summary}.`,
    usage(['dnx', path, ...positionals.map(termOf), '[options]'].join(' '), page),
    command.description && wrapped(command.description, page.width),
    ...listed(
      [
        ['Arguments', positionals.map((each): Line => [each.key.replaceAll('_', '-'), argumentHelp(each)])],
        ['Options', optionLines(Object.fromEntries(shown))],
      ],
      page,
    ),
    wrapped(`Every command also takes ${everywhere}: see dnx help.`, page.width),
    examples(
      command.examples.map((each) => `dnx ${start}${start ? each : `${path}${each.slice(command.name.length)}`}`),
      page,
    ),
    ...listed([['Calls', calls]], page, WIDEST_CALL),
    assumed && wrapped([ASSUMED_NOTE, command.fields && OTHER_FIELDS].filter(Boolean).join(' '), page.width),
  ]);
}

const ASSUMED = '[assumed]';
const ASSUMED_NOTE = `${ASSUMED}: the API reference does not say, but it is likely.`;
const OTHER_FIELDS = 'A field that Deploynix calls otherwise can be given with -F.';
const HIDDEN = ['ls', 'get', 'rm'];
const spoken = (aliases: readonly string[] = []): readonly string[] => aliases.filter((alias) => !HIDDEN.includes(alias));

/** What is called, and the ability that each call needs; `with --x` where an option decides. */
function callsOf({ calls }: AnyCommand): Line[] {
  const lines = new Map<string, string>();
  for (const [endpoint, when] of typeof calls === 'function' ? [] : conditionsIn(calls))
    if (!lines.has(endpoint)) lines.set(endpoint, when === undefined ? '' : `with ${flagName(when)}`);
  return [...lines].map(([each, when]) => {
    const need = needOf(each);
    return [each, [need && `needs ${need.ability}${need.assumed ? ` ${ASSUMED}` : ''}`, when].filter(Boolean).join(', ')];
  });
}

const everywhere = Object.entries<Option<unknown>>(globals)
  .map(([key, { short }]) => (short ? `-${short}` : flagName(key)))
  .join(' ');

const termOf = ({ key, required, variadic, option }: Positional): string => {
  const name = `${key.replaceAll('_', '-')}${variadic ? '...' : ''}`;
  return required || option.required ? `<${name}>` : `[${name}]`;
};

const argumentHelp = ({ key, option }: Positional): string =>
  `${described({ ...option, required: false, kind: 'text' })}${option.place === 'either' ? `; also as ${flagName(key)}` : ''}`;

const optionLines = (options: Options): Line[] =>
  Object.entries<Option<unknown>>(options).map(([key, option]) => [flagOf(key, option), described(option)]);

function flagOf(key: string, { short, kind, placeholder, negatable }: Option<unknown>): string {
  const name = negatable ? `--[no-]${key.replaceAll('_', '-')}` : flagName(key);
  const value = kind === 'flag' ? '' : ` <${placeholder ?? key.split('_').at(-1)}>`;
  return `${short ? `-${short}, ` : ''}${name}${value}`;
}

function described({ help, required, assumed, choices, strict, kind, placeholder }: Option<unknown>): string {
  const shown = strict && placeholder === choices?.join('|');
  const values = choices && !shown ? ` (${choices.join(', ')})` : '';
  const notes = [required && '[required]', assumed && ASSUMED, kind === 'list' && '[repeatable]'].filter(Boolean);
  return [`${help}${values}`, ...notes].join(' ');
}

const joined = (parts: readonly (string | false | undefined)[]): string => `${parts.filter(Boolean).join('\n\n')}\n`;
const usage = (line: string, { bold }: Page): string => `${bold('Usage:')} ${line}`;
const examples = (lines: readonly string[], { bold }: Page): string =>
  [bold('Examples:'), ...lines.map((line) => `  $ ${line}`)].join('\n');

/** A term that is longer does not push the others' help to the right. */
const WIDEST_TERM = 36;
const WIDEST_CALL = 72;
const GAP = 2;

/** Sections of two columns, all in one alignment; a long term has its help on the next line. */
function listed(
  sections: readonly (readonly [title: string, lines: readonly Line[]])[],
  { width, bold }: Page,
  widest = WIDEST_TERM,
): string[] {
  const filled = sections.filter(([, lines]) => lines.length > 0);
  const terms = filled.flatMap(([, lines]) => lines.map(([term]) => term.length)).filter((length) => length <= widest);
  const column = GAP + Math.max(0, ...terms) + GAP;
  const row = ([term, help]: Line): string => {
    const text = wrapped(help, width - column).replaceAll('\n', `\n${' '.repeat(column)}`);
    const fits = GAP + term.length + GAP <= column;
    return fits ? `  ${term.padEnd(column - GAP)}${text}`.trimEnd() : `  ${term}\n${' '.repeat(column)}${text}`.trimEnd();
  };
  return filled.map(([title, lines]) => [bold(`${title}:`), ...lines.map(row)].join('\n'));
}

/** Breaks lines between words. */
function wrapped(text: string, width: number): string {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    lines.push('');
    for (const word of paragraph.split(' ')) {
      const last = lines.at(-1) ?? '';
      if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
      else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
    }
  }
  return lines.join('\n');
}
