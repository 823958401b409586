import { NetworkFault } from '../../machine/world.ts';

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

/** Errors that happen while connecting: nothing was sent. */
const connecting = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EPROXY', 'UND_ERR_CONNECT_TIMEOUT']);

/** A library's error as a NetworkFault in words that a person understands. `seconds` is how long a silence was tolerated. */
export function faultOf(error: unknown, state: { sent: boolean; seconds: number }): NetworkFault {
  const code = codeOf(error);
  const timeout = code !== undefined && (code === 'ETIMEDOUT' || code.endsWith('_TIMEOUT'));
  const message = timeout
    ? `no answer within ${state.seconds} s`
    : (code && words[code]) || (error instanceof Error ? error.message : String(error));
  const before =
    code !== undefined && (connecting.has(code) || code.startsWith('CERT_') || code.startsWith('ERR_TLS') || code.includes('SIGNED'));
  return new NetworkFault(message, { sent: state.sent && !before, reason: code, cause: error });
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : codeOf(error.cause);
}
