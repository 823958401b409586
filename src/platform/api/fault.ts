import { NetworkFault } from '../../machine/world.ts';

/** Fault reasons that a retry would only repeat. */
export const TIMED_OUT = 'ETIMEDOUT';
export const TOO_LARGE = 'EMSGSIZE';
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

/** The fault of a 101, which dnx never requests. */
export const switched = (): NetworkFault =>
  new NetworkFault('the host switched to another protocol', { sent: true, reason: 'HPE_UPGRADE' });
