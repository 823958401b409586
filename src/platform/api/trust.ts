import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { usage } from '../../base/errors.ts';
import { readText } from '../../machine/files/text-file.ts';

const HINT = 'Check --ca-file or DNX_CA_FILE.';
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates to trust: the default ones, those in NODE_EXTRA_CA_CERTS, and those in this PEM file. */
export function readTrust(file: string): SecureContext {
  const text = readText(file);
  if (text === undefined) throw usage(`The CA file ${file} does not exist.`, HINT);
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0)
    throw usage(`The CA file ${file} contains no certificate.`, 'It must be a PEM file, which has BEGIN CERTIFICATE lines.');
  const secure = createSecureContext();
  for (const [index, block] of blocks.entries()) {
    try {
      secure.context.addCACert(new X509Certificate(block).toString());
    } catch {
      throw usage(`Certificate ${index + 1} in the CA file ${file} cannot be read.`, HINT);
    }
  }
  return secure;
}
