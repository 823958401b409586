import { type DnxError, isError } from '../../../base/errors.ts';
import { NetworkFault } from '../../../machine/world.ts';

/** Fault reasons that a retry would only repeat. */
export const TIMED_OUT = 'ETIMEDOUT';
export const TOO_LARGE = 'EMSGSIZE';
/** The response came, but its compression cannot be undone. */
export const DAMAGED = 'EBADMSG';
/** The proxy wants other credentials. */
export const DENIED = 'EACCES';
/** The proxy failed. */
export const PROXY = 'EPROXY';

const late = (message: string): Error => Object.assign(new Error(message), { code: TIMED_OUT });

/** The error for a request that got no response in time. */
export const silence = (ms: number): Error => late(`no response within ${ms / 1000}s`);

/** The error for a connection that was not ready in time. */
export const noConnection = (ms: number): Error => late(`no connection within ${ms / 1000}s`);

/** The fault of a response over the size limit. */
export const tooLarge = (limit: number): NetworkFault =>
  new NetworkFault(`the response is larger than ${limit / 1_000_000} MB`, { sent: true, reason: TOO_LARGE });

/** The statuses of a gateway that got no response from Deploynix. The last three are Cloudflare's. */
const gateways = [502, 504, 520, 522, 524];

/**
 * True if the response to a request was lost or cannot be read, so that the request may have gone through. A 500 or 503 is a response of
 * Deploynix itself. At the end of `--timeout` there is no time left to find out, so `timed_out` is not included.
 */
export const isLost = (error: unknown): error is DnxError =>
  isError(error, 'network', 'failed') &&
  ((error.cause instanceof NetworkFault && error.cause.sent) || gateways.includes(error.status ?? 0));
