import type { Sandbox } from '../../src/sandbox/index.ts';

type Reply = Parameters<Sandbox['faults']['next']>[1];

/** What is wrong with one request. `late`: refused with a 429 once, then performed. */
export type Fault = 'drop' | 'drop-after' | 'cut' | 'error' | 'late';

/** What lies over the network for a while. */
export interface Weather {
  /** ms that each request takes. */
  slowness: number;
  /** Every request is refused with a 429 until this moment; `after` is what Retry-After says. */
  storm: { readonly until: number; readonly after: number | undefined } | undefined;
  /** What is wrong with the next reads. */
  reads: Fault[];
  /** What is wrong with the next requests that change something. */
  writes: Fault[];
}

/** Nothing is wrong. */
export const calm = (): Weather => ({ slowness: 0, storm: undefined, reads: [], writes: [] });

const refusal = (after: number | undefined): Reply => ({
  status: 429,
  ...(after !== undefined && { headers: { 'Retry-After': String(after) } }),
  body: { message: 'Too Many Attempts.' },
});

/** What the sandbox is to do with the next request instead of the right thing. */
export function faultFor(weather: Weather, method: string, now: number): Reply | undefined {
  const { storm } = weather;
  if (storm && now < storm.until) return refusal(storm.after);
  const fault = (method === 'GET' ? weather.reads : weather.writes).shift();
  if (fault === 'error') return { status: 502, body: '<html>Bad Gateway</html>' };
  return fault === 'late' ? refusal(40) : fault;
}
