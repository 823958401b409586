import { crud, showing } from '../crud.ts';
import { operation, type SandboxOperation } from '../operation.ts';
import type { NamedChoice, Server } from '../records.ts';
import { accepted, invalid, okResponse, unprocessable } from '../response.ts';
import { address, exists, flagRule, oneOf, textRule } from '../rules.ts';
import { type State, scheduleChange } from '../state.ts';
import { timestamp, timings } from '../time.ts';

const columns = showing<Server>(
  'id',
  'name',
  'provider',
  'type',
  'ip_address',
  'ssh_user',
  'region',
  'size',
  'php_version',
  'database_type',
  'webserver',
  'status',
  'monitoring_enabled',
  'provisioned_at',
  'created_at',
  'updated_at',
);
const present = (server: Server, state: State): Record<string, unknown> => ({
  ...columns(server),
  sites_count: state.sites.filter((site) => site.server_id === server.id).length,
});

const fields = {
  name: textRule(),
  provider: textRule(),
  credential_id: textRule().optional(),
  region: textRule().optional(),
  size: textRule().optional(),
  image: textRule().optional(),
  type: oneOf('app', 'web', 'database', 'cache', 'worker', 'meilisearch', 'load_balancer').optional(),
  php_version: oneOf('8.0', '8.1', '8.2', '8.3', '8.4').optional(),
  database_type: oneOf('mysql', 'mariadb', 'postgresql').optional(),
  webserver: textRule().optional(),
  ip_address: address().optional(),
  monitoring_enabled: flagRule().optional(),
};

const offers = (choices: readonly NamedChoice[], id: string | undefined): boolean =>
  id === undefined || choices.some((choice) => choice.id === id);

/** Servers, their logs, restarts and provisioning. */
export const servers: SandboxOperation[] = [
  ...crud({
    noun: 'server',
    path: '/servers',
    ability: 'server',
    present,
    fields,
    changeable: ['name', 'monitoring_enabled'],
    fresh: ({ provider }, { state }) => {
      const offered = state.providers.find((row) => row.id === provider);
      return {
        type: 'app',
        ip_address: null,
        ssh_user: 'deploynix',
        region: offered?.regions[0]?.id ?? null,
        size: offered?.sizes[0]?.id ?? null,
        image: offered?.images[0]?.id ?? null,
        php_version: '8.3',
        database_type: null,
        webserver: 'nginx',
        status: 'provisioning',
        monitoring_enabled: false,
        provisioned_at: null,
      };
    },
    check: (input, { request: { state }, row }) => {
      if (row !== undefined) return;
      const provider = state.providers.find((candidate) => candidate.id === input.provider);
      exists(provider !== undefined, 'provider');
      exists(offers(provider?.regions ?? [], input.region), 'region');
      exists(offers(provider?.sizes ?? [], input.size), 'size');
      exists(offers(provider?.images ?? [], input.image), 'image');
      const credential = state.credentials.find(({ id }) => id === input.credential_id);
      exists(input.credential_id === undefined || credential?.provider === provider?.id, 'credential_id');
      if (input.provider === 'custom' && input.ip_address === undefined) {
        throw invalid({ ip_address: ['The ip address field is required when provider is custom.'] });
      }
      const cap = state.plan.max_servers;
      if (state.servers.length >= cap) {
        throw unprocessable(`You have reached the limit of ${cap} servers on the ${state.plan.name} plan. Upgrade your plan to add more.`);
      }
    },
    afterCreate: (server, { state, now }) => provisionServer(state, server, now),
  }),
  // Assumed: logs are one text with several lines.
  operation('GET /servers/{server}/logs', 'server:read', (_request, { server }) => okResponse({ content: logs(server) })),
  operation('POST /servers/{server}/restart', 'server:update', ({ state, now }, { server }) => {
    server.updated_at = timestamp(now);
    return accepted('Server restart started.', present(server, state));
  }),
  operation('POST /servers/{server}/provision', 'server:update', ({ state, now }, { server }) => {
    provisionServer(state, server, now);
    return accepted('Provisioning started.', present(server, state));
  }),
];

function logs(server: Server): string {
  const at = (server.provisioned_at ?? server.created_at).replace('T', ' ').replace('Z', '');
  return [
    `[${at}] provisioning: ${server.name} (${server.provider} ${server.region ?? 'custom'})`,
    `[${at}] apt: upgraded 12 packages, 0 to remove`,
    `[${at}] ${server.webserver}: configuration test is successful`,
    ...(server.php_version ? [`[${at}] php${server.php_version}-fpm: ready to handle connections`] : []),
    ...(server.database_type ? [`[${at}] ${server.database_type}: ready for connections`] : []),
    `[${at}] ufw: firewall is active and enabled on system startup`,
    `[${at}] status: ${server.status}`,
  ].join('\n');
}

/** Starts provisioning a server. */
function provisionServer(state: State, server: Server, now: number): void {
  server.status = 'provisioning';
  server.updated_at = timestamp(now);
  scheduleChange(state, now + timings.serverProvisions, 'server.provisioned', server.id);
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
