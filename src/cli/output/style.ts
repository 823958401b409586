import { truthy } from '../../machine/settings/settings.ts';
import type { Env, Output } from '../../machine/world.ts';

/** Text in, text out: colored, or as it was. */
export type Style = Readonly<Record<'bold' | 'dim' | 'red' | 'yellow' | 'green', (text: string) => string>>;

/** What a failure begins with: a red mark, or a word where there is no color. */
export function failureMark({ red }: Style): string {
  const mark = red('✗');
  return mark === '✗' ? 'Error:' : mark;
}

const same = (text: string): string => text;
const plain: Style = { bold: same, dim: same, red: same, yellow: same, green: same };

/** Colors for one stream: on a terminal, unless NO_COLOR or `--no-color` says otherwise; FORCE_COLOR wins over the terminal. */
export async function styleFor(stream: Pick<Output, 'isTTY'>, env: Env, color: boolean): Promise<Style> {
  const forced = env.FORCE_COLOR !== undefined && truthy(env.FORCE_COLOR || '1');
  const off = color === false || Boolean(env.NO_COLOR) || env.TERM === 'dumb' || (env.FORCE_COLOR !== undefined && !forced);
  if (off || !(stream.isTTY || forced)) return plain;
  const { Chalk } = await import('chalk');
  return new Chalk({ level: 1 });
}
