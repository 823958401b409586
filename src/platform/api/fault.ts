import { DnxError } from '../../base/errors.ts';
import { hostName } from '../../machine/settings/host.ts';
import { NetworkFault } from '../../machine/world.ts';

/** Fault reasons that a retry would only repeat. */
export const TIMED_OUT = 'ETIMEDOUT';
export const TOO_LARGE = 'EMSGSIZE';

const words: Readonly<Record<string, string>> = {
  ENOTFOUND: 'host not found',
  EAI_AGAIN: 'DNS lookup failed',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed before the response arrived',
  UND_ERR_SOCKET: 'connection closed before the response arrived',
  EPIPE: 'connection closed before the response arrived',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'network unreachable',
  EPROTO: 'TLS failed (is this an http:// host?)',
  ERR_SSL_WRONG_VERSION_NUMBER: 'TLS failed (is this an http:// host?)',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate chain is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate cannot be verified',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
};

/** The error for a request that got no response in time. */
export const silence = (ms: number): Error => Object.assign(new Error(`no response within ${ms / 1000}s`), { code: TIMED_OUT });

/** Turns an error of node:http or undici into a NetworkFault with a readable message. */
export function faultOf(error: unknown, sent: boolean): NetworkFault {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  // The kernel and undici have shorter limits for the connection than dnx.
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || message.startsWith(`connect ${TIMED_OUT}`))
    return new NetworkFault('connecting timed out', { sent, reason: TIMED_OUT, cause: error });
  return new NetworkFault(wordsFor(code) ?? message, { sent, reason: code, cause: error });
}

/** True for a fault that is not worth a retry. */
export const isFinal = ({ reason }: NetworkFault): boolean => reason === TIMED_OUT || reason === TOO_LARGE;

/** Turns a fault into a DnxError, which says whether the request may have gone through. */
export function unreachable(fault: NetworkFault, method: string, host: string): DnxError {
  const { sent, reason, message } = fault;
  if (sent && method !== 'GET') {
    const text = `No response from ${hostName(host)}: ${message}. The request may have gone through.`;
    return new DnxError('network', text, { hint: 'Check the current state before you retry.', cause: fault });
  }
  if (reason !== TOO_LARGE)
    return new DnxError('network', `Could not reach ${hostName(host)}: ${message}.`, {
      hint: 'Check your network, your proxy and the host (--host or DNX_HOST).',
      cause: fault,
    });
  return new DnxError('failed', `Could not read the response from ${hostName(host)}: ${message}.`, {
    hint: 'Raise DNX_MAX_RESPONSE, such as to 256MB, or request less data.',
    cause: fault,
  });
}

function wordsFor(code = ''): string | undefined {
  if (code.startsWith('HPE_')) return 'the response is not HTTP';
  if (code.startsWith('ERR_SSL_')) return words[code] ?? 'TLS failed';
  return words[code];
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : codeOf(error.cause);
}
