import { hostName } from '../../machine/settings/host.ts';
import { type HttpResponse, NetworkFault } from '../../machine/world.ts';
import type { ClientOptions, SendOptions } from './api.ts';
import { isReadMethod } from './endpoint.ts';
import type { Exchange } from './exchange.ts';
import { retryAfter } from './rate-limit.ts';
import { emptyReply, type Reply, readReply } from './reply.ts';

const MOST_RETRIES = 3;
/** The longest first pause; it doubles for each further one, up to 4 s. */
const FIRST_MS = 1_000;
/** A retry starts at most this long after the first failure. */
const TOTAL_MS = 30_000;

/** Sends a request and reads the whole response. */
export type Send = <T>(method: string, path: string, options: SendOptions) => Promise<Reply<T>>;

/** Retries a GET after a network fault or a 5xx, with full jitter; any other request is sent once. */
export async function persisting<T>(
  options: ClientOptions,
  limited: Exchange,
  method: string,
  path: string,
  send: SendOptions,
): Promise<Reply<T>> {
  const { clock, signal, host, requests } = options;
  const most = isReadMethod(method) && send.retry !== false && !send.casual ? MOST_RETRIES : 0;
  let since: number | undefined;
  for (let retry = 1; ; retry++) {
    const outcome = await attempt<T>(limited, method, path, send);
    if (!(outcome instanceof NetworkFault) && outcome.status < 500) return outcome;
    since ??= clock.elapsed();
    const pause = retry <= most && (await isTemporary(outcome)) ? pauseBefore(retry, outcome, options) : Number.POSITIVE_INFINITY;
    if (clock.elapsed() + pause > since + TOTAL_MS) {
      if (outcome instanceof NetworkFault) throw (await import('./unreachable.ts')).unreachable(outcome, method, host);
      return outcome;
    }
    const reason = outcome instanceof NetworkFault ? outcome.message : `server error ${outcome.status}`;
    const resume = requests.retrying(`${hostName(host)}: ${reason}`, pause, `${retry} of ${most}`);
    await clock.sleep(pause, signal).finally(resume);
  }
}

/** Sends a request once. A network fault is returned. */
async function attempt<T>(limited: Exchange, method: string, path: string, send: SendOptions): Promise<Reply<T> | NetworkFault> {
  let response: HttpResponse | undefined;
  try {
    response = await limited(method, path, send);
    return await readReply<T>(response);
  } catch (error) {
    if (!(error instanceof NetworkFault)) throw response ? (await import('./unreachable.ts')).whileSending(error, method) : error;
    // The status is enough to know that a change failed.
    if (!isReadMethod(method) && response && response.status >= 300) return emptyReply(response);
    return error;
  }
}

/** Full jitter, on top of what the server asks for. */
function pauseBefore(retry: number, outcome: Reply | NetworkFault, { random, clock }: ClientOptions): number {
  const asked = outcome instanceof NetworkFault || !outcome.headers['retry-after'] ? 0 : (retryAfter(outcome, clock.now()) ?? 0);
  return asked + random() * FIRST_MS * 2 ** (retry - 1);
}

/** True for a response, which is a 5xx, and for a fault that a retry may avoid. */
const isTemporary = async (outcome: Reply | NetworkFault): Promise<boolean> =>
  !(outcome instanceof NetworkFault) || !(await import('./unreachable.ts')).isFinal(outcome);
