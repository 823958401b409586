import type { Unread } from '../../base/api-shapes.ts';
import { DnxError, isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { MINUTE } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { type HttpResponse, NetworkFault } from '../../machine/world.ts';
import { failureOf } from '../../platform/api/failure.ts';
import { TOO_LARGE } from '../../platform/api/network/fault.ts';
import { emptyReply, readReply } from '../../platform/api/send.ts';
import type { LookupWords } from '../../platform/names/lookups.ts';
import { openPlaces } from './places.ts';
import { operationOfRead, type ProbeRead, probeReads, readKey } from './reads.ts';
import type { Observed, openRecorder } from './record.ts';

/** How many requests a probe sends at most. */
export const MOST_REQUESTS = 40;

/** The part of the rate limit that a probe uses, so that others can work meanwhile. */
const SHARE = 0.6;

/** How long a request may take, with a wait for the rate limit. */
const READ_MS = 2 * MINUTE;

/** How much is read of a response, in bytes: more than 100 servers need, and less of a list that may show secrets. */
const MOST_BYTES = 4_000_000;
const MOST_SECRET_BYTES = 64_000;

/** After so many reads in a row without a response, or with a rejected token, no more are sent. */
const MOST_LOST = 3;

/** A response, in memory only. */
export interface ProbeAnswer extends Observed {
  /** The rows of a list, or the one thing. */
  readonly rows: readonly JsonObject[];
}

/** The responses that succeeded, by the key of their read. */
export type ProbeAnswers = ReadonlyMap<string, ProbeAnswer>;

/** Sends the reads of the probe and records what comes. Fails if the host cannot be reached, or rejects the token or the first request with it. `stopped`: why not all were sent. */
export async function runProbe(ctx: Context, words: LookupWords, recorder: ReturnType<typeof openRecorder>) {
  const places = openPlaces(words, ctx.settings);
  const sender = openSender(ctx);
  const answers = new Map<string, ProbeAnswer>();
  for (const read of probeReads) {
    const key = readKey(read);
    recorder.skip(key, 'no id was seen');
    for (const path of places.paths(read)) {
      const answer = await sender.send(read, path);
      if (typeof answer === 'string') {
        recorder.skip(key, answer);
        break;
      }
      // Without the words of the API.
      if (key === 'GET /user' && [401, 429].includes(answer.status)) throw failureOf({ ...emptyReply(answer), headers: {} }, key);
      recorder.add(key, operationOfRead(read), answer);
      if (answer.status >= 300) break;
      answers.set(key, answer);
      places.learn(read, answer.rows);
    }
  }
  ctx.progress.done();
  return { requests: sender.sent(), answers, stopped: sender.stopped() };
}

type Needs = Pick<Context, 'api' | 'clock' | 'signal' | 'progress'>;

/** How many requests a minute a probe sends at most; Infinity without a limit. */
async function paceOf({ api }: Pick<Needs, 'api'>): Promise<number> {
  const { limit, window_s } = await api.rate();
  return limit === null ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor((limit * SHARE * 60) / (window_s ?? 60)));
}

/** How long a probe takes: `about a minute`. */
export async function timeNeeded(ctx: Pick<Needs, 'api'>): Promise<string> {
  const minutes = Math.ceil(MOST_REQUESTS / (await paceOf(ctx))) - 1;
  return minutes < 1 ? 'a few seconds' : minutes === 1 ? 'about a minute' : `about ${minutes} minutes`;
}

/** Sends one read after the other, within the share of the rate limit. A read that a 429 repeats counts again. */
function openSender(ctx: Needs) {
  const { api, clock, progress } = ctx;
  const times: number[] = [];
  let needed: string | undefined;
  let lost = 0;
  let stopped: string | undefined;
  const onSend = () => {
    if (times.length === MOST_REQUESTS) throw new DnxError('rate_limited', 'Rate limited.');
    times.push(clock.elapsed());
  };
  const missed = (why: string) => {
    lost += 1;
    if (lost === MOST_LOST) stopped = why;
  };
  return {
    sent: () => times.length,
    stopped: () => stopped,
    /** Throws if there is no response about the account, because the others would get none, either. */
    async send(read: ProbeRead, path: string): Promise<ProbeAnswer | Unread> {
      if (stopped !== undefined || times.length === MOST_REQUESTS) return 'not sent';
      const now = await timeNeeded(ctx);
      // The first response may tell another limit.
      if (needed !== undefined && now !== needed) progress.note(`With the rate limit of the API, this takes ${now}.`);
      needed = now;
      await waitForTurn(times, ctx);
      progress.spin('Reading the API', `${times.length + 1} of ${MOST_REQUESTS}`);
      try {
        const authenticated = read.authenticated !== false;
        const options = { casual: true, authenticated, onSend, mostBytes: read.secret ? MOST_SECRET_BYTES : MOST_BYTES };
        const answer = await answerIn(await api.until(clock.elapsed() + READ_MS).raw('GET', path, options));
        if (answer.status === 429 && authenticated) stopped = 'Rate limited';
        if (answer.status === 401 && authenticated) missed('Token rejected');
        else lost = 0;
        return answer;
      } catch (error) {
        if (!isError(error, 'network', 'timed_out', 'rate_limited') || path === '/user') throw error;
        if (error.code === 'rate_limited') stopped = 'Rate limited';
        else missed('No more responses');
        return error.code === 'rate_limited' ? 'not sent' : 'no response';
      }
    },
  };
}

/** Waits until a minute has room for one more request. */
async function waitForTurn(times: readonly number[], ctx: Needs): Promise<void> {
  const first = times.at(-(await paceOf(ctx)));
  const ms = first === undefined ? 0 : first + MINUTE - ctx.clock.elapsed();
  if (ms <= 0) return;
  ctx.progress.spin('Reading the API', 'leaving room for other requests');
  await ctx.clock.sleep(ms, ctx.signal);
}

async function answerIn(response: HttpResponse): Promise<ProbeAnswer> {
  const { status, headers } = response;
  try {
    const { body, text, data } = await readReply<unknown>(response);
    return { status, headers, body, text, rows: [data].flat().filter(isObject) };
  } catch (error) {
    const isFault = error instanceof NetworkFault;
    // Too long, or nested too deeply.
    if (isFault ? error.reason === TOO_LARGE : isError(error, 'failed'))
      return { status, headers, body: undefined, text: undefined, large: true, rows: [] };
    throw isFault ? new DnxError('network', error.message, { cause: error }) : error;
  }
}
