import type { Detail } from '../../base/errors.ts';
import { truthy } from '../../machine/env.ts';
import type { Env, Output } from '../../machine/world.ts';
import { safeLines } from './text.ts';

/** Functions that color text, or return it unchanged. */
export type Style = Readonly<Record<'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan', (text: string) => string>>;

/** The prefix of an error: a red ✗, or `Error:` without colors. */
export function failureMark({ red }: Style): string {
  const mark = red('✗');
  return mark === '✗' ? 'Error:' : mark;
}

const same = (text: string): string => text;
const plain: Style = { bold: same, dim: same, red: same, yellow: same, green: same, cyan: same };

/** Colors for a stream: on a terminal, or with FORCE_COLOR, unless NO_COLOR or `--no-color` is set. */
export async function styleFor(stream: Pick<Output, 'isTTY'>, env: Env, color: boolean): Promise<Style> {
  const forced = env.FORCE_COLOR !== undefined && truthy(env.FORCE_COLOR || '1');
  const off = color === false || Boolean(env.NO_COLOR) || env.TERM === 'dumb' || (env.FORCE_COLOR !== undefined && !forced);
  if (off || !(stream.isTTY || forced)) return plain;
  const { Chalk } = await import('chalk');
  return new Chalk({ level: 1 });
}

/** Indented lines under a message: `  url      https://shop.example.com`. */
export function detailLines(details: readonly Detail[], style: Style, wrap: Wrap): readonly string[] {
  const width = Math.max(0, ...details.map(([label]) => label.length));
  return details.map(([label, text]) => wrap(`  ${style.dim(label.padEnd(width))}  ${safeLines(text)}`, width + 4));
}

/** The width of a terminal that does not report one. */
export const DEFAULT_COLUMNS = 80;

/** Breaks a message between words where the terminal ends. `indent`: where its text begins. */
export type Wrap = (message: string, indent?: number) => string;

/** How messages are broken on a stream: only on a terminal, at the width that it has then. */
export async function wrapFor(stream: Pick<Output, 'isTTY' | 'columns'>): Promise<Wrap> {
  if (!stream.isTTY) return (message) => message;
  const { wrappedMessage } = await import('./wrap.ts');
  return (message, indent) => wrappedMessage(message, stream.columns || DEFAULT_COLUMNS, indent);
}

/** The same for a width; undefined for no limit. */
export const wrapAt = (width: number | undefined): Promise<Wrap> => wrapFor({ isTTY: width !== undefined, columns: width });
