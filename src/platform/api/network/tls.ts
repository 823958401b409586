import type { Socket } from 'node:net';
import { getBuiltinModule } from 'node:process';
import type { SecureContext, TLSSocket } from 'node:tls';
import { isError, usage } from '../../../base/errors.ts';
import { readText } from '../../../machine/files/text-file.ts';
import type { ServerCertificate } from '../../../machine/world.ts';

const HINT = 'Check --ca-file or DNX_CA_FILE.';
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The certificates to trust: the default ones, those in this PEM file, and those in NODE_EXTRA_CA_CERTS. Fails at once for a file without any. The
 * returned function decodes them and loads the default ones, which takes longer.
 */
export function readTrust(file: string, extra: string | undefined): () => SecureContext {
  const blocks = blocksIn(file);
  return () => {
    const certificates = [...decoded(blocks, file), ...(extra ? extraIn(extra) : [])];
    const secure = getBuiltinModule('node:tls').createSecureContext();
    // `ca` would replace the default ones. So does this in Node 20, but only those in NODE_EXTRA_CA_CERTS.
    for (const each of certificates) secure.context.addCACert(each);
    return secure;
  };
}

function blocksIn(file: string): readonly string[] {
  const text = readText(file);
  if (text === undefined) throw usage(`The CA file ${file} does not exist.`, HINT);
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0)
    throw usage(`The CA file ${file} contains no certificate.`, 'It must be a PEM file, which has BEGIN CERTIFICATE lines.');
  return blocks;
}

const decoded = (blocks: readonly string[], file: string): readonly string[] =>
  blocks.map((block, index) => {
    try {
      return new (getBuiltinModule('node:crypto').X509Certificate)(block).toString();
    } catch {
      throw usage(`Certificate ${index + 1} in the CA file ${file} cannot be read.`, HINT);
    }
  });

/** Node only warns about a file that it cannot read. */
function extraIn(file: string): readonly string[] {
  try {
    return decoded(blocksIn(file), file);
  } catch (error) {
    if (isError(error)) return [];
    throw error;
  }
}

/** What is wrong with a TLS connection, and what to do about it. */
export interface TlsProblem {
  readonly message: string;
  readonly hint: string;
}

const OWN_CA =
  'If the host uses your own CA, pass the CA certificate with --ca-file or NODE_EXTRA_CA_CERTS. Otherwise do not trust this network.';
const CLOCK = 'Check the clock of this machine. If it is right, the host needs a new certificate.';
const NAME = 'Check the host (--host or DNX_HOST), or use a name that the certificate contains.';
const UNKNOWN = { message: 'the certificate is from an unknown authority', hint: OWN_CA };

/** By OpenSSL's name of the verification error. */
const certificates: Readonly<Record<string, TlsProblem>> = {
  CERT_HAS_EXPIRED: { message: 'the certificate has expired', hint: CLOCK },
  CERT_NOT_YET_VALID: { message: 'the certificate is not valid yet', hint: CLOCK },
  ERR_TLS_CERT_ALTNAME_INVALID: { message: 'the certificate is for another name', hint: NAME },
  DEPTH_ZERO_SELF_SIGNED_CERT: { message: 'the certificate is self-signed', hint: OWN_CA },
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN,
};

/** Other verification errors, such as CERT_REVOKED and INVALID_PURPOSE. */
const REJECTED = /^(CERT_|CRL_|INVALID_(CA|PURPOSE)|PATH_LENGTH|UNABLE_TO_|ERROR_IN_CERT|HOSTNAME_MISMATCH|CA_MD|EE_KEY)/;

/** By the text of OpenSSL's error, because its code is EPROTO if the error occurs while Node writes. */
const handshakes: readonly (readonly [RegExp, TlsProblem])[] = [
  [
    /wrong.version.number|packet.length.too.long|http.request|unknown.protocol|record.layer.failure/,
    { message: 'the host does not speak TLS (is this an http:// host?)', hint: 'Check the host (--host or DNX_HOST) and its port.' },
  ],
  [/./, { message: 'the TLS handshake failed', hint: 'Check whether a proxy or firewall intercepts TLS.' }],
];

/** Explains an error of `node:tls`. Undefined for any other error. */
export function tlsProblem(code: string, message: string): TlsProblem | undefined {
  const known = certificates[code];
  if (known) return known;
  if (REJECTED.test(code)) return { message: `the certificate was rejected (${code})`, hint: OWN_CA };
  if (code !== 'EPROTO' && !code.startsWith('ERR_SSL_')) return undefined;
  const text = `${code} ${message}`.toLowerCase();
  return handshakes.find(([pattern]) => pattern.test(text))?.[1];
}

/** True for the reason of a fault in TLS. */
export const isTls = (reason: string): boolean => tlsProblem(reason, '') !== undefined;

/** The certificate of a connection that was made whatever it is; undefined without TLS. OpenSSL alone would not see that it is for another host, too. */
export function certificateOf(socket: Socket | TLSSocket, host: string): ServerCertificate | undefined {
  if (!('getPeerCertificate' in socket)) return undefined;
  const found = socket.getPeerCertificate();
  const { subject, issuer, subjectaltname = '', valid_to } = found;
  const names = subjectaltname.split(', ').flatMap((name) => /^DNS:(.+)$/.exec(name)?.[1] ?? []);
  const isOther = getBuiltinModule('node:tls').checkServerIdentity(host, found) !== undefined;
  // Codes, whatever the types say.
  const codes = [
    ...(isOther ? ['ERR_TLS_CERT_ALTNAME_INVALID'] : []),
    ...(socket.authorizationError ? [String(socket.authorizationError)] : []),
  ];
  const problems = new Set(codes.map((code) => tlsProblem(code, '')?.message ?? code));
  return {
    names: names.length > 0 ? names : [subject?.CN ?? []].flat(),
    issuer: [issuer?.O ?? issuer?.CN ?? ''].flat().join(', '),
    expiresAt: Date.parse(valid_to) || undefined,
    problem: [...problems].join(', ') || null,
  };
}
