import type { HttpRequest, HttpResponse, Transport } from '../../src/machine/world.ts';
import type { Bed } from '../support/dnx.ts';
import { textOf } from '../support/exchange.ts';
import type { Dialect } from './dialect.ts';
import type { Moment } from './history.ts';
import { openNumbers } from './numbers.ts';
import { other, type Platform } from './platform.ts';
import { releasesIn, type Shown, siteIn } from './render.ts';
import { faultFor, type Weather } from './weather.ts';

/** One of our requests and its result. Times are ms of the monotonic clock. */
export interface Sent {
  readonly method: string;
  /** Without `/api/v1`, with the sandbox's ids. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** When it was sent, and when it reached the platform. */
  readonly at: number;
  arrivedAt: number | undefined;
  answeredAt: number | undefined;
  /** Undefined without a response. */
  status: number | undefined;
  /** The time whose state the response showed. */
  shows: number | undefined;
  /** In a request that changes a site: the name last shown to this command line, or undefined. */
  readonly name: string | undefined;
}

/** The requests of one command line, and the site names that it read. */
export interface Log {
  readonly line: number;
  readonly sent: Sent[];
  /** Names of sites by id. */
  readonly names: Map<string, string>;
}

interface Parts {
  readonly bed: Bed;
  readonly platform: Platform;
  readonly dialect: Dialect;
  readonly weather: Weather;
  /** Called at the moments of a command line. */
  readonly around: (when: Moment) => Promise<void>;
}

/** The id of the site in a path. */
export const siteIdIn = (path: string): string => /\/sites\/([^/]+)/.exec(path)?.[1] ?? '';

const isSite = (path: string): boolean => /\/sites\/[^/]+$/.test(path);

const PREFIX = '/api/v1';

/** The connection of a command line to the platform: its dialect, delays and faults. */
export class Wire {
  private readonly parts: Parts;
  private readonly numbers = openNumbers();
  private answers = 0;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** The network of one command line. */
  transport(log: Log, network: Transport): Transport {
    const { sandbox } = this.parts.bed;
    return {
      close: () => network.close(),
      request: (request) => (request.url.startsWith(sandbox.url) ? this.carry(request, log, network) : network.request(request)),
    };
  }

  private async carry(given: HttpRequest, log: Log, network: Transport): Promise<HttpResponse> {
    const { bed, platform, weather, around } = this.parts;
    const { clock, sandbox } = bed;
    const request = this.translated(given);
    const path = new URL(request.url).pathname.slice(PREFIX.length);
    const sent: Sent = {
      ...{ method: request.method, path, body: JSON.parse(request.body ?? '{}'), at: clock.elapsed(), name: log.names.get(siteIdIn(path)) },
      ...{ arrivedAt: undefined, answeredAt: undefined, status: undefined, shows: undefined },
    };
    log.sent.push(sent);
    const changes = request.method !== 'GET';
    await this.pause(request.signal);
    if (changes) await around('before');
    else if (isSite(path)) await around('look');
    request.signal.throwIfAborted();
    const fault = faultFor(weather, request.method, clock.elapsed());
    if (fault) sandbox.faults.next({}, fault);
    sent.arrivedAt = clock.elapsed();
    const answered = network.request(request);
    const response = await (changes && siteIdIn(path) !== other.id
      ? platform.during(log.line, answered)
      : answered.finally(() => platform.note()));
    if (changes) await around('after');
    await this.pause(request.signal);
    const answer: HttpResponse = await this.answered(response, sent, log);
    sent.status = response.status;
    sent.answeredAt = clock.elapsed();
    return answer;
  }

  /** Waits for half of a request's duration, once in each direction. */
  private async pause(signal: AbortSignal): Promise<void> {
    const { bed, weather } = this.parts;
    if (weather.slowness > 0) await bed.clock.sleep(weather.slowness / 2, signal);
  }

  /** The request with the sandbox's ids. */
  private translated(request: HttpRequest): HttpRequest {
    const { idOf } = this.numbers;
    const url = new URL(request.url);
    const path = url.pathname.split('/').map(idOf).join('/');
    const body = request.body === undefined ? undefined : (JSON.parse(request.body) as Record<string, unknown>);
    if (body && 'release_id' in body) body.release_id = this.parts.platform.original(idOf(String(body.release_id)));
    return { ...request, url: `${url.origin}${path}${url.search}`, body: body && JSON.stringify(body) };
  }

  /** The platform's response in its dialect. */
  private async answered(response: HttpResponse, sent: Sent, log: Log): Promise<HttpResponse> {
    let text = await textOf(response.body);
    if (response.status === 200 && sent.method === 'GET') {
      const answer = JSON.parse(text) as { data: unknown; meta?: { total: number } };
      sent.shows = this.shown();
      answer.data = this.dataIn(sent.path, answer.data, sent.shows);
      // The platform counts the releases that it shows.
      if (answer.meta && Array.isArray(answer.data) && sent.path.endsWith('/releases')) answer.meta.total = answer.data.length;
      for (const { id, domain } of [answer.data].flat() as Shown[]) if (typeof domain === 'string') log.names.set(String(id), domain);
      text = JSON.stringify(answer);
    }
    if (this.parts.dialect.ids === 'number') text = this.numbers.into(text);
    const { 'content-length': _, ...headers } = response.headers;
    return { ...response, headers, body: once(Buffer.from(text)) };
  }

  /** The time whose state the next response shows, because some come from a lagging replica. */
  private shown(): number {
    const { bed, dialect } = this.parts;
    const { stale } = dialect;
    this.answers += 1;
    return bed.clock.elapsed() - (stale && this.answers % stale.every === 0 ? stale.by : 0);
  }

  /** The sandbox's data in the platform's dialect. */
  private dataIn(path: string, data: unknown, at: number): unknown {
    const { dialect, platform } = this.parts;
    if (isSite(path)) return this.site(data as Shown, at);
    if (path.endsWith('/sites')) return (data as Shown[]).map((each) => this.site(each, at));
    return path.endsWith('/releases') ? releasesIn(dialect, siteIdIn(path), platform, at) : data;
  }

  private site(given: Shown, at: number): Shown {
    const { bed, dialect, platform } = this.parts;
    // A site that the replica does not have yet has its current state.
    const rowAt = (time: number) => platform.viewAt(time).sites.find(({ id }) => id === given.id);
    return siteIn(dialect, rowAt(at) ?? rowAt(bed.clock.elapsed()) ?? given, Object.keys(given));
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
