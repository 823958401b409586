import { DnxError, isError, isStop } from '../../../base/errors.ts';
import { hostName, isLoopback } from '../../../machine/settings/host.ts';
import { NetworkFault } from '../../../machine/world.ts';
import { isReadMethod } from '../endpoint.ts';
import { DAMAGED, DENIED, PROXY, TIMED_OUT, TOO_LARGE } from './fault.ts';
import { isTls, tlsProblem } from './tls.ts';

const CLOSED = 'connection closed before the response arrived';
const words: Readonly<Record<string, string>> = {
  ENOTFOUND: 'host not found',
  EAI_AGAIN: 'DNS lookup failed',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: CLOSED,
  EPIPE: CLOSED,
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'network unreachable',
};

const hints: Readonly<Record<string, string>> = {
  [DENIED]: 'Put them into the proxy URL: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT',
  [TOO_LARGE]: 'Raise DNX_MAX_RESPONSE, such as to 256MB, or request less data.',
  [DAMAGED]: 'Check the host, and the proxies in between.',
  [PROXY]: 'Check the proxy (HTTPS_PROXY), or exclude the host with NO_PROXY.',
};
const STOPPED = 'The sandbox is not running. Start it with dnx sandbox start, or go back to Deploynix: dnx login --host deploynix.io';
const CHECK = 'Check your network, your proxy and the host (--host or DNX_HOST).';

const STATE = 'Check the current state before you retry.';

/** Turns an error of node:http into a NetworkFault with a readable message. */
export function faultOf(error: unknown, sent: boolean): NetworkFault {
  if (error instanceof NetworkFault) return error;
  const { code = '', message } = originOf(error);
  // The kernel may have a shorter limit for the connection than dnx.
  if (message.startsWith(`connect ${TIMED_OUT}`))
    return new NetworkFault('connecting timed out', { sent, reason: TIMED_OUT, cause: error });
  return new NetworkFault(wordsFor(code, message, sent), { sent, reason: code || undefined, cause: error });
}

/** The fault of a connection to a proxy. */
export function proxyFault(error: unknown): NetworkFault {
  const { message, reason = '', cause } = faultOf(error, false);
  const kept = reason === TIMED_OUT || tlsProblem(reason, message) !== undefined;
  const text = words[reason] === CLOSED ? 'the proxy closed the connection' : `could not connect to the proxy: ${message}`;
  return new NetworkFault(text, { sent: false, reason: kept ? reason : PROXY, cause });
}

/** An unknown host, and another protocol than HTTP. A DNS server that does not respond is EAI_AGAIN. */
const LASTING = /^(ENOTFOUND$|HPE_|ERR_TLS_)/;

/** True for a fault that a retry would only repeat. */
export const isFinal = ({ reason = '' }: NetworkFault): boolean =>
  [TIMED_OUT, TOO_LARGE, DENIED].includes(reason) || LASTING.test(reason) || isTls(reason);

/** Turns a fault into a DnxError, which says whether the request may have gone through. */
export function unreachable(fault: NetworkFault, method: string, host: string): DnxError {
  const { sent, reason = '', message } = fault;
  const arrived = reason === TOO_LARGE || reason === DAMAGED;
  if (sent && !isReadMethod(method)) {
    const text = `${arrived ? 'Could not read the' : 'No'} response from ${hostName(host)}: ${message}. The request may have gone through.`;
    return new DnxError('network', text, { hint: STATE, reason: 'answer_lost', cause: fault });
  }
  const stopped = reason === 'ECONNREFUSED' && isLoopback(new URL(host).hostname) ? STOPPED : undefined;
  const hint = stopped ?? faultHint(fault) ?? CHECK;
  return arrived
    ? new DnxError('failed', `Could not read the response from ${hostName(host)}: ${message}.`, { hint, cause: fault })
    : new DnxError('network', `Could not reach ${hostName(host)}: ${message}.`, { hint, reason: 'host_unreachable', cause: fault });
}

/** What to do about a fault of TLS, a proxy or a response. Undefined if it may be gone the next time. */
export const faultHint = ({ reason = '', cause }: NetworkFault): string | undefined =>
  tlsProblem(reason, originOf(cause).message)?.hint ?? hints[reason];

/** The error of a signal during a request, which may have gone through unless it is a GET. Any other error unchanged. */
export function whileSending(error: unknown, method: string): unknown {
  if (isReadMethod(method) || !isError(error) || !isStop(error)) return error;
  const hint = `The request may have gone through. ${STATE}`;
  return error.with({ hint, cause: new NetworkFault('interrupted', { sent: true }) });
}

function wordsFor(code: string, message: string, sent: boolean): string {
  const tls = tlsProblem(code, message)?.message;
  if (tls) return tls;
  if (code.startsWith('HPE_')) return 'the response is not HTTP (is this an https:// host?)';
  // Nothing is sent before the end of the handshake.
  if (!sent && words[code] === CLOSED) return 'connection closed during the TLS handshake';
  return words[code] ?? message;
}

/** The first error with a code, among the causes of an error. */
function originOf(error: unknown): { readonly code?: string | undefined; readonly message: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  const { code } = error as { code?: unknown };
  if (error instanceof AggregateError || (typeof code !== 'string' && inner !== undefined)) return originOf(inner);
  return { code: typeof code === 'string' ? code : undefined, message: error.message };
}
