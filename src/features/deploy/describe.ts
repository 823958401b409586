import type { Release } from './release.ts';

/** The maximum length of a commit message, to fit 80 columns. */
const MESSAGE = 44;

/** `20261125_023708  a2483e1 Upgrade to Laravel 12`. */
export function describe({ name, commit, message }: Release): string {
  const words = [commit.slice(0, 7), shortened(message, MESSAGE)].filter(Boolean).join(' ');
  return (words === '' ? name : `${name}  ${words}`).replace(/[\r\n]+/g, ' ');
}

/** The first line of a commit message, cut to `most` characters. */
export function shortened(message: string, most: number): string {
  const [first = ''] = message.split('\n', 1);
  const letters = [...first.trim()];
  return letters.length <= most ? letters.join('') : `${letters.slice(0, Math.max(0, most - 1)).join('')}…`;
}
