import { flagName } from '../../../base/text.ts';
import type { Option, Options } from '../../language/options.ts';
import type { Positional } from '../../language/signature.ts';
import type { Line } from '../../language/topic.ts';
import type { Section } from './page.ts';

/** The usage of a command: `dnx deploy [site...] [options]`. Options of dnx come before another command line. */
export function usageOf(path: string, positionals: readonly Positional[]): string {
  const terms = (rest: boolean) => positionals.flatMap((each, index) => (Boolean(each.option.rest) === rest ? [termOf(each, index)] : []));
  return ['dnx', path, ...terms(false), '[options]', ...terms(true)].join(' ');
}

/** `<site>`, `[site...]`, `[server|site]`; `[-- command]` for another command line after the first argument. */
function termOf(positional: Positional, index: number): string {
  const { required, variadic, option } = positional;
  const name = nameOf(positional);
  const term = option.rest && index > 0 ? `-- ${name}` : `${name}${variadic ? '...' : ''}`;
  return required || option.required ? `<${term}>` : `[${term}]`;
}

/** What an argument is called. */
const nameOf = ({ key, option }: Positional): string => (option.destination && option.placeholder) || key.replaceAll('_', '-');

/** An argument, and the option that can replace it. */
export const argumentLine = (positional: Positional): Line => [
  nameOf(positional),
  `${described({ ...positional.option, required: false, kind: 'text', placeholder: '' })}${waysOf(positional)}`,
];

const waysOf = ({ key, option }: Positional): string => (option.place === 'either' ? ` (or ${flagName(key)})` : '');

/** Options under their headings. Those without one come first. */
export function optionSections(options: Options): Section[] {
  const sections = new Map<string, Line[]>([['Options', []]]);
  for (const [key, option] of Object.entries<Option<unknown>>(options)) {
    const { section = 'Options' } = option;
    sections.set(section, [...(sections.get(section) ?? []), [flagOf(key, option), described(option)]]);
  }
  return [...sections];
}

function flagOf(key: string, { short, kind, placeholder, negatable }: Option<unknown>): string {
  const name = negatable ? `--[no-]${key.replaceAll('_', '-')}` : flagName(key);
  const value = kind === 'flag' ? '' : ` <${placeholder ?? key.split('_').at(-1)}>`;
  return `${short ? `-${short}, ` : ''}${name}${value}`;
}

function described({ help, required, choices, strict, kind, placeholder }: Option<unknown>): string {
  const shown = strict && placeholder === choices?.join('|');
  const notes = [choices && !shown && choices.join(', '), required && 'required', kind === 'list' && 'repeatable'].filter(Boolean);
  return notes.length > 0 ? `${help} (${notes.join('; ')})` : help;
}
