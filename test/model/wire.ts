import type { HttpRequest, HttpResponse, Transport } from '../../src/machine/world.ts';
import type { Bed } from '../support/dnx.ts';
import { textOf } from '../support/exchange.ts';
import type { Dialect } from './dialect.ts';
import type { Moment } from './history.ts';
import { openNumbers } from './numbers.ts';
import type { Platform } from './platform.ts';
import { releasesIn, type Shown, siteIn } from './render.ts';
import { faultFor, type Weather } from './weather.ts';

/** A request of ours, and what became of it. Times are ms of the monotonic clock. */
export interface Sent {
  readonly method: string;
  /** Without `/api/v1`, with the ids of the sandbox. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** When it was sent, and when it came to the platform. */
  readonly at: number;
  arrivedAt: number | undefined;
  answeredAt: number | undefined;
  /** Undefined: no answer came. */
  status: number | undefined;
  /** The moment that its answer showed. */
  shows: number | undefined;
  /** For what changes a site: the name under which it was last shown to this command line; undefined where it was not. */
  readonly name: string | undefined;
}

/** What one command line has sent, and what it was shown. */
export interface Log {
  readonly line: number;
  readonly sent: Sent[];
  /** Names of sites, by id. */
  readonly names: Map<string, string>;
}

interface Parts {
  readonly bed: Bed;
  readonly platform: Platform;
  readonly dialect: Dialect;
  readonly weather: Weather;
  /** Called at the moments of a line. */
  readonly around: (when: Moment) => Promise<void>;
}

/** The id of the site that a path is about. */
export const siteIdIn = (path: string): string => /\/sites\/([^/]+)/.exec(path)?.[1] ?? '';

const PREFIX = '/api/v1';

/** The way from one command line to the platform: its dialect, its delays and its faults. */
export function openWire({ bed, platform, dialect, weather, around }: Parts): (log: Log) => (network: Transport) => Transport {
  const { sandbox, clock } = bed;
  const numbers = openNumbers();
  let answers = 0;

  /** The moment that the next answer shows: some are from a copy that is behind. */
  const shown = (): number => {
    const { stale } = dialect;
    answers += 1;
    return clock.elapsed() - (stale && answers % stale.every === 0 ? stale.by : 0);
  };

  const site = (given: Shown, at: number): Shown => {
    const row = platform.viewAt(at).sites.find(({ id }) => id === given.id);
    return siteIn(dialect, row ?? platform.viewAt(clock.elapsed()).sites.find(({ id }) => id === given.id) ?? given, Object.keys(given));
  };

  /** Data of the sandbox as the platform tells it. */
  const told = (path: string, data: unknown, at: number): unknown => {
    if (/\/sites\/[^/]+$/.test(path)) return site(data as Shown, at);
    if (/\/sites$/.test(path)) return (data as Shown[]).map((each) => site(each, at));
    return /\/releases$/.test(path) ? releasesIn(dialect, siteIdIn(path), platform, at) : data;
  };

  const translated = (request: HttpRequest): HttpRequest => {
    const url = new URL(request.url);
    const path = url.pathname.split('/').map(numbers.idOf).join('/');
    const body = request.body === undefined ? undefined : (JSON.parse(request.body) as Record<string, unknown>);
    if (body && 'release_id' in body) body.release_id = platform.original(numbers.idOf(String(body.release_id)));
    return { ...request, url: `${url.origin}${path}${url.search}`, body: body && JSON.stringify(body) };
  };

  /** The platform's answer in its own dialect. */
  const answered = async (response: HttpResponse, sent: Sent, log: Log): Promise<HttpResponse> => {
    const text = await textOf(response.body);
    const again = (body: string): HttpResponse => {
      const { 'content-length': _, ...headers } = response.headers;
      return { ...response, headers, body: once(Buffer.from(body)) };
    };
    if (response.status !== 200 || sent.method !== 'GET') return again(dialect.ids === 'number' ? numbers.into(text) : text);
    sent.shows = shown();
    const answer = JSON.parse(text) as { data: unknown };
    answer.data = told(sent.path, answer.data, sent.shows);
    for (const each of [answer.data].flat() as Shown[]) if (typeof each.domain === 'string') log.names.set(String(each.id), each.domain);
    return again(dialect.ids === 'number' ? numbers.into(JSON.stringify(answer)) : JSON.stringify(answer));
  };

  return (log) => (network) => ({
    close: () => network.close(),
    async request(given) {
      if (!given.url.startsWith(sandbox.url)) return network.request(given);
      const request = translated(given);
      const path = new URL(request.url).pathname.slice(PREFIX.length);
      const sent: Sent = {
        ...{
          method: request.method,
          path,
          body: JSON.parse(request.body ?? '{}'),
          at: clock.elapsed(),
          name: log.names.get(siteIdIn(path)),
        },
        ...{ arrivedAt: undefined, answeredAt: undefined, status: undefined, shows: undefined },
      };
      log.sent.push(sent);
      const changes = request.method !== 'GET';
      await pause(weather.slowness / 2, request.signal);
      if (changes) await around('before');
      else if (/\/sites\/[^/]+$/.test(path)) await around('look');
      request.signal.throwIfAborted();
      const fault = faultFor(weather, request.method, clock.elapsed());
      if (fault) sandbox.faults.next({}, fault);
      sent.arrivedAt = clock.elapsed();
      const response = await network.request(request).finally(() => platform.note(changes ? log.line : undefined));
      if (changes) await around('after');
      await pause(weather.slowness / 2, request.signal);
      const answer: HttpResponse = await answered(response, sent, log);
      sent.status = response.status;
      sent.answeredAt = clock.elapsed();
      return answer;
    },
  });

  async function pause(ms: number, signal: AbortSignal): Promise<void> {
    if (ms > 0) await clock.sleep(ms, signal);
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
