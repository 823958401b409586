import type { Env, Transport } from '../../machine/world.ts';
import { directTransport } from './direct.ts';

const IDLE_MS = 30_000;
const variables = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'];

/** The network as the environment describes it: direct, or through a proxy. */
export async function openNetwork(env: Env, idleMs = IDLE_MS): Promise<Transport> {
  if (variables.some((name) => env[name])) {
    const { proxiedTransport } = await import('./proxied.ts');
    return proxiedTransport({ env, idleMs });
  }
  return directTransport({ idleMs });
}
