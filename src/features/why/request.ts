import { DnxError, isError, isStop } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { NetworkFault } from '../../machine/world.ts';
import { transportUntil } from '../../platform/api/deadline.ts';
import type { Answer } from './facts.ts';

/** How long the site may take to answer, in ms. */
const LIMIT_MS = 10_000;

/** Requests the site once, without the token and without following a redirect. */
export async function requestSite(ctx: Pick<Context, 'clock' | 'settings' | 'signal' | 'world'>, url: string): Promise<Answer> {
  const { clock, settings, signal, world } = ctx;
  const started = clock.elapsed();
  const transport = transportUntil(await world.connect(settings.caFile), clock, started + LIMIT_MS);
  const ended = (answer: Pick<Answer, 'status' | 'error' | 'reason'>): Answer => ({
    url,
    ...answer,
    duration_ms: Math.round(clock.elapsed() - started),
  });
  try {
    const response = await transport.request({ method: 'GET', url, headers: { accept: '*/*', 'user-agent': 'dnx' }, signal });
    response.discard();
    return ended({ status: response.status, error: null, reason: null });
  } catch (error) {
    if (error instanceof NetworkFault) return ended({ status: null, error: error.message, reason: error.reason ?? null });
    if (isError(error, 'timed_out')) return ended({ status: null, error: 'no answer in 10s', reason: 'ETIMEDOUT' });
    if (!(error instanceof DnxError) || isStop(error)) throw error;
    return ended({ status: null, error: error.message.replace(/\.$/, ''), reason: null });
  } finally {
    await transport.close();
  }
}
