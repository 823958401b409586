import type { LookupFunction } from 'node:net';
import { getBuiltinModule } from 'node:process';
import { usage } from '../../../base/errors.ts';
import type { Env, Timer, Transport } from '../../../machine/world.ts';
import type { Limits } from './response.ts';
import { httpTransport } from './transport.ts';

const MB = 1_000_000;
/** Just below the longest string in Node. */
const MOST_MB = 500;
const LIMITS: Limits = { connectMs: 10_000, headMs: 30_000, silenceMs: 30_000, bodyMs: 300_000, bodyBytes: 64 * MB };

/** What the network needs. */
export interface NetworkNeeds {
  readonly env: Env;
  readonly after: Timer;
  /** The absolute path of a file with certificates to trust. */
  readonly caFile: string | undefined;
  /** For requests that nobody waits for. */
  readonly background?: boolean | undefined;
  /** The time in ms; without it, no connection is opened before a request. */
  readonly elapsed?: (() => number) | undefined;
  readonly limits?: Partial<Limits>;
}

/** Opens a transport that uses the proxies of the environment, and trusts the certificates in `caFile` too. */
export async function openNetwork({ env, after, caFile, background, elapsed, limits: changed }: NetworkNeeds): Promise<Transport> {
  const limits = { ...LIMITS, bodyBytes: mostBytes(env), ...changed };
  const proxyOf = namesProxy(env) ? (await import('./proxy.ts')).proxiesIn(env) : undefined;
  const trust = caFile === undefined ? undefined : (await import('./tls.ts')).readTrust(caFile, env.NODE_EXTRA_CA_CERTS);
  return httpTransport({ limits, after, proxyOf, trust, elapsed, lookup: background ? backgroundLookup : undefined });
}

/** True if a variable may name a proxy. */
const namesProxy = (env: Env): boolean => Object.keys(env).some((name) => /^(https?|all)_proxy$/i.test(name) && env[name]);

/** DNX_MAX_RESPONSE in bytes: a whole number of MB. */
function mostBytes({ DNX_MAX_RESPONSE: value }: Env): number {
  if (!value) return LIMITS.bodyBytes;
  const most = /^\d{1,3}(?= ?(MB)?$)/i.exec(value)?.[0];
  if (most && Number(most) >= 1 && Number(most) <= MOST_MB) return Number(most) * MB;
  throw usage(`DNX_MAX_RESPONSE is not a valid size: '${value}'.`, `Set it to a size from 1MB to ${MOST_MB}MB, such as 256MB.`);
}

/**
 * Looks up the addresses of a name with a resolver that ends with dnx. The system's lookup runs in a thread, for which `exit` waits: up to
 * 10 s without a network. It reads no hosts file.
 */
const backgroundLookup: LookupFunction = (name, { all }, callback) => {
  const resolver = new (getBuiltinModule('node:dns').Resolver)();
  const found = (family: 4 | 6) => (error: Error | null, addresses: readonly string[]) => {
    const [first] = addresses ?? [];
    if (error || first === undefined) {
      if (family === 4) resolver.resolve6(name, found(6));
      else callback(error ?? new Error('no address'), '');
    } else if (all)
      callback(
        null,
        addresses.map((address) => ({ address, family })),
      );
    else callback(null, first, family);
  };
  resolver.resolve4(name, found(4));
};
