import { type DnxError, isError } from '../../base/errors.ts';
import { NetworkFault } from '../../machine/world.ts';
import type { Remembered } from './runs.ts';

/** Sends the one request of a run that was written down before it. A refusal forgets the run; a lost answer keeps it, for `look` to tell. */
export async function sendOnce(run: Remembered | undefined, look: string, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!isError(error)) throw error;
    if (!neverPerformed(error)) throw error.withHint(`Look before you try again: ${look}`);
    run?.forget();
    throw error;
  }
}

/** True where Deploynix refused the request, or never got it. */
function neverPerformed({ code, cause, status }: DnxError): boolean {
  if (code === 'network') return cause instanceof NetworkFault && !cause.sent;
  return status !== undefined && status < 500;
}
