import type { Sandbox } from '../../src/sandbox/index.ts';

type Reply = Parameters<Sandbox['faults']['next']>[1];

/** A fault of one request. `late` means a 429 once, then success. */
export type Fault = 'drop' | 'drop-after' | 'cut' | 'error' | 'late';

/** The conditions of the network. */
export interface Weather {
  /** The duration of each request, in ms. */
  slowness: number;
  /** Every request receives a 429 until this time; `after` is the Retry-After header. */
  storm: { readonly until: number; readonly after: number | undefined } | undefined;
  /** The faults of the next reads. */
  reads: Fault[];
  /** The faults of the next requests that change something. */
  writes: Fault[];
}

/** A network without faults. */
export const calm = (): Weather => ({ slowness: 0, storm: undefined, reads: [], writes: [] });

const refusal = (after: number | undefined): Reply => ({
  status: 429,
  ...(after !== undefined && { headers: { 'Retry-After': String(after) } }),
  body: { message: 'Too Many Attempts.' },
});

/** A fault as the sandbox injects it. */
export function faultFor(weather: Weather, method: string, now: number): Reply | undefined {
  const { storm } = weather;
  if (storm && now < storm.until) return refusal(storm.after);
  const fault = (method === 'GET' ? weather.reads : weather.writes).shift();
  if (fault === 'error') return { status: 502, body: '<html>Bad Gateway</html>' };
  return fault === 'late' ? refusal(40) : fault;
}
