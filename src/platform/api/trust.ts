import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { isError, usage } from '../../base/errors.ts';
import { readText } from '../../machine/files/text-file.ts';

const HINT = 'Check --ca-file or DNX_CA_FILE.';
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates to trust: the default ones, those in this PEM file, and those in NODE_EXTRA_CA_CERTS. */
export function readTrust(file: string, extra: string | undefined): SecureContext {
  const secure = createSecureContext();
  // `ca` would replace the default ones. So does this in Node 20, but only those in NODE_EXTRA_CA_CERTS.
  for (const each of [...certificatesIn(file), ...(extra ? extraIn(extra) : [])]) secure.context.addCACert(each);
  return secure;
}

function certificatesIn(file: string): string[] {
  const text = readText(file);
  if (text === undefined) throw usage(`The CA file ${file} does not exist.`, HINT);
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0)
    throw usage(`The CA file ${file} contains no certificate.`, 'It must be a PEM file, which has BEGIN CERTIFICATE lines.');
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block).toString();
    } catch {
      throw usage(`Certificate ${index + 1} in the CA file ${file} cannot be read.`, HINT);
    }
  });
}

/** Node only warns about a file that it cannot read. */
function extraIn(file: string): string[] {
  try {
    return certificatesIn(file);
  } catch (error) {
    if (isError(error)) return [];
    throw error;
  }
}
