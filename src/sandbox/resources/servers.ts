import { resource, showing } from '../crud.ts';
import { invalid, unprocessable } from '../http/refusal.ts';
import { accepted, ok } from '../http/response.ts';
import { provisionServer } from '../jobs/servers.ts';
import { type Operation, operation } from '../operation.ts';
import type { Choice, Server } from '../records.ts';
import { address, exists, flag, oneOf, text } from '../rules.ts';
import type { State } from '../state.ts';
import { timestamp } from '../time.ts';

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
  name: text(),
  provider: text(),
  credential_id: text().optional(),
  region: text().optional(),
  size: text().optional(),
  image: text().optional(),
  type: oneOf('app', 'web', 'database', 'cache', 'worker', 'meilisearch', 'load_balancer').optional(),
  php_version: oneOf('8.0', '8.1', '8.2', '8.3', '8.4').optional(),
  database_type: oneOf('mysql', 'mariadb', 'postgresql').optional(),
  webserver: text().optional(),
  ip_address: address().optional(),
  monitoring_enabled: flag().optional(),
};

const offers = (choices: readonly Choice[], id: string | undefined): boolean =>
  id === undefined || choices.some((choice) => choice.id === id);

/** Servers, their logs, restarts and provisioning. */
export const servers: Operation[] = [
  ...resource({
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
  operation('GET /servers/{server}/logs', 'server:read', (_request, { server }) => ok({ content: logs(server) })),
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
