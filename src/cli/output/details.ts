import type { Detail } from '../../base/errors.ts';
import type { Style } from './style.ts';
import { lines } from './text.ts';
import type { Wrap } from './wrap.ts';

/** Indented lines under a message: `  url      https://shop.example.com`. */
export function detailLines(details: readonly Detail[], style: Style, wrap: Wrap): readonly string[] {
  const width = Math.max(0, ...details.map(([label]) => label.length));
  return details.map(([label, text]) => wrap(`  ${style.dim(label.padEnd(width))}  ${lines(text)}`, width + 4));
}
