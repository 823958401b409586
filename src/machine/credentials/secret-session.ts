import { createRequire } from 'node:module';
import { type Bus, BusError } from './bus.ts';
import type { MethodCall } from './dbus.ts';
import type { Value, Variant } from './dbus-values.ts';

// Lazy: only the keychain needs it.
const loadCrypto = (): typeof import('node:crypto') => createRequire(import.meta.url)('node:crypto') as typeof import('node:crypto');

/** Transfers secrets over the bus, encrypted if the service supports it. */
export interface Session {
  readonly path: string;
  /** Encodes a secret as `(oayays)`. */
  seal(secret: string): Value;
  /** Decodes a secret from a reply. */
  unseal(sealed: Value): string;
}

type Open = Pick<MethodCall, 'destination' | 'path' | 'face'>;

const CIPHER = 'aes-128-cbc';

/** Opens a session of the Secret Service. https://specifications.freedesktop.org/secret-service-spec/latest/transfer-secrets.html */
export async function openSession(bus: Bus, service: Open): Promise<Session> {
  const open = (algorithm: string, input: Variant) =>
    bus.call({ ...service, member: 'OpenSession', signature: 'sv', args: [algorithm, input] });
  const { createCipheriv, createDecipheriv, getDiffieHellman, hkdfSync, randomBytes } = loadCrypto();
  const exchange = getDiffieHellman('modp2');
  let answer: readonly Value[];
  try {
    answer = await open('dh-ietf1024-sha256-aes128-cbc-pkcs7', { type: 'ay', value: exchange.generateKeys() });
  } catch (error) {
    // KWallet supports encryption only with a plugin.
    if (!(error instanceof BusError) || error.code === 'closed') throw error;
    const [, path = ''] = (await open('plain', { type: 's', value: '' })) as readonly [Variant, string];
    return {
      path,
      seal: (secret) => [path, Buffer.alloc(0), Buffer.from(secret), 'text/plain'],
      unseal: (sealed) => bytesIn(sealed, 2).toString(),
    };
  }
  const [output, path] = answer as readonly [Variant, string];
  const key = Buffer.from(hkdfSync('sha256', exchange.computeSecret(output.value as Buffer), '', '', 16));
  return {
    path,
    seal(secret) {
      const iv = randomBytes(16);
      const cipher = createCipheriv(CIPHER, key, iv);
      return [path, iv, Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]), 'text/plain'];
    },
    unseal(sealed) {
      const decipher = createDecipheriv(CIPHER, key, bytesIn(sealed, 1));
      return Buffer.concat([decipher.update(bytesIn(sealed, 2)), decipher.final()]).toString();
    },
  };
}

const bytesIn = (sealed: Value, index: number): Buffer => (sealed as readonly Buffer[])[index] ?? Buffer.alloc(0);
