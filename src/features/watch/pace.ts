import type { Context } from '../../cli/language/command.ts';

/** A watch uses one request of this many that the rate limit allows. */
const SHARE = 3;

/** The time that a watch takes per request to keep to its share of the rate limit, in ms: 3 s of 60 a minute, 0 without a limit. */
export async function msPerRequest({ api }: Pick<Context, 'api'>): Promise<number> {
  const { limit, window_s } = await api.rate();
  return limit === null || window_s === null ? 0 : (window_s * 1_000 * SHARE) / limit;
}
