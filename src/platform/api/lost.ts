import { type DnxError, isError } from '../../base/errors.ts';
import { NetworkFault } from '../../machine/world.ts';

/** The statuses of a gateway that got no response from Deploynix. The last three are Cloudflare's. */
const gateways = [502, 504, 520, 522, 524];

/**
 * True if the response to a request was lost or cannot be read, so that the request may have gone through. A 500 or 503 is a response of
 * Deploynix itself. At the end of `--timeout` there is no time left to find out, so `timed_out` is not included.
 */
export const isLost = (error: unknown): error is DnxError =>
  isError(error, 'network', 'failed') &&
  ((error.cause instanceof NetworkFault && error.cause.sent) || gateways.includes(error.status ?? 0));
