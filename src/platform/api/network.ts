import { usage } from '../../base/errors.ts';
import type { Env, Timer, Transport } from '../../machine/world.ts';
import { directTransport } from './direct.ts';
import type { Limits } from './response.ts';

const MB = 1_000_000;
/** Just below the longest string in Node. */
const MOST_MB = 500;
const LIMITS: Limits = { headMs: 30_000, silenceMs: 30_000, bodyMs: 300_000, bodyBytes: 64 * MB };
const variables = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'];

/** Opens a direct transport, or one through the proxy of the environment. */
export async function openNetwork(env: Env, after: Timer, changed: Partial<Limits> = {}): Promise<Transport> {
  const limits = { ...LIMITS, bodyBytes: mostBytes(env), ...changed };
  if (variables.some((name) => env[name])) {
    const { proxiedTransport } = await import('./proxied.ts');
    return proxiedTransport({ env, limits, after });
  }
  return directTransport({ limits, after });
}

/** DNX_MAX_RESPONSE in bytes: a whole number of MB. */
function mostBytes({ DNX_MAX_RESPONSE: value }: Env): number {
  if (!value) return LIMITS.bodyBytes;
  const most = /^\d{1,3}(?= ?(MB)?$)/i.exec(value)?.[0];
  if (most && Number(most) >= 1 && Number(most) <= MOST_MB) return Number(most) * MB;
  throw usage(`DNX_MAX_RESPONSE is not a valid size: '${value}'.`, `Set it to a size from 1MB to ${MOST_MB}MB, such as 256MB.`);
}
