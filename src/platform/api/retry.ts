import { NetworkFault } from '../../machine/world.ts';
import type { ClientOptions, SendOptions } from './api.ts';
import type { Exchange } from './exchange.ts';
import { isFinal, unreachable } from './fault.ts';
import { type Reply, readReply } from './reply.ts';

const RETRIES_MS = [500, 1_000, 2_000];

/** Sends a request and reads the whole response. */
export type Send = <T>(method: string, path: string, options: SendOptions) => Promise<Reply<T>>;

/** Retries a GET after a network fault or a 5xx; any other request is sent once. */
export async function persisting<T>(
  { clock, signal, host }: ClientOptions,
  limited: Exchange,
  method: string,
  path: string,
  send: SendOptions,
): Promise<Reply<T>> {
  const delays = method === 'GET' && send.retry !== false && !send.casual ? RETRIES_MS : [];
  for (let attempt = 0; ; attempt++) {
    const delay = delays[attempt];
    try {
      const reply = await readReply<T>(await limited(method, path, send));
      if (reply.status < 500 || delay === undefined) return reply;
    } catch (error) {
      if (!(error instanceof NetworkFault)) throw error;
      if (delay === undefined || isFinal(error)) throw unreachable(error, method, host);
    }
    await clock.sleep(delay ?? 0, signal);
  }
}
