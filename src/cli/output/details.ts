import type { Detail } from '../../base/errors.ts';
import type { Style } from './style.ts';
import { lines } from './text.ts';

/** Indented lines under a message: `  url      https://shop.example.com`. */
export function detailLines(details: readonly Detail[], style: Style): readonly string[] {
  const width = Math.max(0, ...details.map(([label]) => label.length));
  return details.map(([label, text]) => `  ${style.dim(label.padEnd(width))}  ${lines(text)}`);
}
