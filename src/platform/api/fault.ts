import { DnxError } from '../../base/errors.ts';
import { NetworkFault } from '../../machine/world.ts';

/** The `reason` of a fault that asking again would only repeat: the time was up, or the answer too large. */
export const TIMED_OUT = 'ETIMEDOUT';
export const TOO_LARGE = 'EMSGSIZE';

const words: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name is not known to DNS',
  EAI_AGAIN: 'DNS did not answer',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed before an answer came',
  UND_ERR_SOCKET: 'the connection was closed before an answer came',
  EPIPE: 'the connection was closed before an answer came',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'there is no network',
  EPROTO: 'TLS failed (does it speak http there, not https?)',
  ERR_SSL_WRONG_VERSION_NUMBER: 'TLS failed (does it speak http there, not https?)',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate chain is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate cannot be verified',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** No answer for so long: the error that ends a request. */
export const silence = (ms: number): Error => Object.assign(new Error(`no answer within ${ms / 1000} s`), { code: TIMED_OUT });

/** A library's error as a NetworkFault in words that a person understands. */
export function faultOf(error: unknown, sent: boolean): NetworkFault {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  // The kernel and undici have shorter limits than ours for the connection alone.
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || message.startsWith(`connect ${TIMED_OUT}`))
    return new NetworkFault('no connection was made in time', { sent, reason: TIMED_OUT, cause: error });
  return new NetworkFault(wordsFor(code) ?? message, { sent, reason: code, cause: error });
}

/** True for a fault that another attempt would most likely only repeat, after as long a wait. */
export const isFinal = ({ reason }: NetworkFault): boolean => reason === TIMED_OUT || reason === TOO_LARGE;

/** A fault as the failure of a request to this host. What may have changed something is told so. */
export function unreachable(fault: NetworkFault, method: string, host: string): DnxError {
  const { sent, reason, message } = fault;
  if (sent && method !== 'GET') {
    const lost = `The request was sent to ${host}, but ${message}: it may have been performed.`;
    return new DnxError('network', lost, { hint: 'Look at the current state before you try again.', cause: fault });
  }
  if (reason !== TOO_LARGE)
    return new DnxError('network', `Cannot reach ${host}: ${message}.`, {
      hint: 'Look at the network, the proxy and DNX_HOST.',
      cause: fault,
    });
  return new DnxError('failed', `Cannot read what ${host} sent: ${message}.`, {
    hint: 'Ask for less, or set DNX_MAX_RESPONSE to more, such as 256MB.',
    cause: fault,
  });
}

function wordsFor(code = ''): string | undefined {
  if (code.startsWith('HPE_')) return 'the answer is not HTTP';
  if (code.startsWith('ERR_SSL_')) return words[code] ?? 'TLS failed';
  return words[code];
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : codeOf(error.cause);
}
