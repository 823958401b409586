import type { Release } from './release.ts';

/** Characters of a commit message beside a release: what an 80-column terminal has room for. */
const MESSAGE = 44;

/** `20261125_023708  a2483e1 Upgrade to Laravel 12`. */
export function describe({ name, commit, message }: Release): string {
  const words = [commit.slice(0, 7), shortened(message, MESSAGE)].filter(Boolean).join(' ');
  return (words === '' ? name : `${name}  ${words}`).replace(/[\r\n]+/g, ' ');
}

/** The first line of a commit message, cut to so many characters. */
export function shortened(message: string, most: number): string {
  const [first = ''] = message.split('\n', 1);
  const letters = [...first.trim()];
  return letters.length <= most ? letters.join('') : `${letters.slice(0, Math.max(0, most - 1)).join('')}…`;
}
