import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { DAY } from '../../base/time.ts';

const NAME = 'dnx sandbox';

/** An authority that lives as long as the process: its key is never written. */
export type Authority = ReturnType<typeof createAuthority>;

/** Creates an authority whose certificates are valid for a few days. All is PEM. */
export function createAuthority(now: number) {
  const root = newKey();
  // An X.509 certificate of version 3 (RFC 5280).
  const certified = (subject: string, subjectKey: KeyObject, ...extensions: readonly Buffer[]): string => {
    const algorithm = sequence(identifier('1.2.840.10045.4.3.2'));
    const body = sequence(
      tagged(0xa0, integer(Buffer.from([2]))),
      integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
      algorithm,
      nameOf(NAME),
      sequence(time(now - DAY), time(now + 7 * DAY)),
      nameOf(subject),
      subjectKey.export({ type: 'spki', format: 'der' }),
      tagged(0xa3, sequence(...extensions)),
    );
    const signature = tagged(0x03, Buffer.from([0]), sign('sha256', body, root.privateKey));
    const lines = sequence(body, algorithm, signature)
      .toString('base64')
      .replace(/.{1,64}/g, '$&\n');
    return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
  };
  return {
    certificate: certified(NAME, root.publicKey, basicConstraints(true)),
    issue(domain: string) {
      const { privateKey, publicKey } = newKey();
      const names = extension('2.5.29.17', sequence(tagged(0x82, Buffer.from(domain))));
      const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      return { certificate: certified(domain, publicKey, basicConstraints(false), names), key };
    },
  };
}

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

const nameOf = (commonName: string): Buffer =>
  sequence(tagged(0x31, sequence(identifier('2.5.4.3'), tagged(0x0c, Buffer.from(commonName)))));
const basicConstraints = (isAuthority: boolean): Buffer =>
  extension('2.5.29.19', sequence(...(isAuthority ? [tagged(0x01, Buffer.from([0xff]))] : [])));
const extension = (id: string, value: Buffer): Buffer => sequence(identifier(id), tagged(0x01, Buffer.from([0xff])), tagged(0x04, value));
const time = (ms: number): Buffer => tagged(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));
const integer = (bytes: Buffer): Buffer => tagged(0x02, bytes);
const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, ...parts);

function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  const inBase128 = (value: number): number[] =>
    value < 128 ? [value] : [...inBase128(value >> 7).map((byte) => byte | 0x80), value & 0x7f];
  return tagged(0x06, Buffer.from([first * 40 + second, ...others.flatMap(inBase128)]));
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const contents = Buffer.concat(parts);
  const { length } = contents;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), contents]);
}
