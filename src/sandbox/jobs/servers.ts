import type { Server } from '../records.ts';
import { type State, schedule } from '../state.ts';
import { timestamp } from '../time.ts';
import { timings } from '../timings.ts';

/** Starts provisioning a server. */
export function provisionServer(state: State, server: Server, now: number): void {
  server.status = 'provisioning';
  server.updated_at = timestamp(now);
  schedule(state, now + timings.serverProvisions, 'server.provisioned', server.id);
}

/** Finishes provisioning. Fails if the server's name starts with `fail-`. */
export function serverProvisioned(state: State, id: string, at: number): void {
  const server = state.servers.find((row) => row.id === id);
  if (server?.status !== 'provisioning') return;
  server.updated_at = timestamp(at);
  if (server.name.startsWith('fail-')) {
    server.status = 'failed';
    return;
  }
  server.status = 'active';
  server.provisioned_at = timestamp(at);
  server.ip_address ??= freeAddress(state);
}

/** An address from the range reserved for documentation (RFC 5737). */
function freeAddress(state: State): string {
  const taken = new Set(state.servers.map((server) => server.ip_address));
  const free = Array.from({ length: 254 }, (_, index) => `203.0.113.${index + 1}`).find((address) => !taken.has(address));
  return free ?? '203.0.113.254';
}
