import { flagName } from '../../../base/text.ts';
import type { Option, Options } from '../../language/options.ts';
import type { Positional } from '../../language/signature.ts';
import type { Line } from '../../language/topic.ts';
import type { Section } from './page.ts';

/** `<site>`, `[site...]`, `[server|site]`, `[-- command]`. */
export const termOf = ({ key, required, variadic, option }: Positional, index: number): string => {
  const isLast = option.rest && index > 0;
  const name = isLast ? `-- ${key}` : `${titleOf(key, option)}${variadic ? '...' : ''}`;
  return required || option.required ? `<${name}>` : `[${name}]`;
};

const titleOf = (key: string, { destination, placeholder }: Option<unknown>): string =>
  destination && placeholder ? placeholder : key.replaceAll('_', '-');

/** An argument, and the option that can replace it. */
export const argumentLine = ({ key, option }: Positional): Line => [
  titleOf(key, option),
  `${described({ ...option, required: false, kind: 'text', placeholder: '' })}${option.place === 'either' ? ` (or ${flagName(key)})` : ''}`,
];

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
