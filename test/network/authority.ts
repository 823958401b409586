import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A key and a certificate, as PEM files. */
export interface Pair {
  readonly key: string;
  readonly certificate: string;
}

/** What a certificate is for, and when it is valid (default: this year and the next). */
interface Wanted {
  readonly names?: string;
  readonly from?: Date;
  readonly to?: Date;
}

/** A certificate authority in a directory, made with openssl. */
export interface Authority {
  /** Its own certificate, as a PEM file. */
  readonly file: string;
  /** Issues a certificate for 127.0.0.1, ::1 and localhost, or other names. */
  issue(name: string, wanted?: Wanted): Pair;
  /** Makes a self-signed certificate. */
  selfSigned(name: string): Pair;
}

const LOOPBACK = 'IP:127.0.0.1,IP:::1,DNS:localhost';
const DAY_MS = 86_400_000;

/** Makes a certificate authority. */
export function openAuthority(directory: string): Authority {
  const file = (name: string) => join(directory, name);
  const run = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const pairOf = (name: string): Pair => ({ key: file(`${name}.key`), certificate: file(`${name}.pem`) });
  const time = (date: Date) => `${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`;

  const sign = (name: string, extra: readonly string[]): Pair => {
    const pair = pairOf(name);
    run('req', '-x509', ...key, '-keyout', pair.key, '-out', pair.certificate, '-subj', `/CN=${name}`, ...extra);
    return pair;
  };
  const own = sign('authority', ['-addext', 'keyUsage=critical,keyCertSign']);

  return {
    file: own.certificate,
    selfSigned: (name) => sign(name, ['-addext', `subjectAltName=${LOOPBACK}`]),
    issue(name, { names = LOOPBACK, from = new Date(Date.now() - DAY_MS), to = new Date(Date.now() + DAY_MS) } = {}) {
      const pair = pairOf(name);
      const request = file(`${name}.csr`);
      const extensions = file(`${name}.ext`);
      writeFileSync(extensions, `subjectAltName=${names}\n`);
      run('req', ...key, '-keyout', pair.key, '-out', request, '-subj', `/CN=${name}`);
      const validity = ['-not_before', time(from), '-not_after', time(to)];
      const issuer = ['-CA', own.certificate, '-CAkey', own.key, '-CAcreateserial'];
      run('x509', '-req', '-in', request, ...issuer, ...validity, '-extfile', extensions, '-out', pair.certificate);
      return pair;
    },
  };
}
