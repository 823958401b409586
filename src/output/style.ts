import { Chalk, type ChalkInstance } from 'chalk';
import { truthy } from '../settings/settings.ts';
import type { Env, Output } from '../world.ts';

export type Style = ChalkInstance;

/** Colours for one stream: on a terminal, unless NO_COLOR or `--no-color` says otherwise; FORCE_COLOR wins over the terminal. */
export function styleFor(stream: Pick<Output, 'isTTY'>, env: Env, color: boolean | undefined): Style {
  const forced = env.FORCE_COLOR !== undefined && truthy(env.FORCE_COLOR || '1');
  const off = color === false || Boolean(env.NO_COLOR) || env.TERM === 'dumb' || (env.FORCE_COLOR !== undefined && !forced);
  return new Chalk({ level: off ? 0 : stream.isTTY || forced ? 1 : 0 });
}
