import { createHash } from 'node:crypto';
import { crud, showing } from '../crud.ts';
import { operation, type SandboxOperation } from '../operation.ts';
import type { Crontab, Daemon, NamedChoice, NetworkRule, Server, SshKey } from '../records.ts';
import { accepted, invalid, okResponse, unprocessable } from '../response.ts';
import { address, exists, flagRule, integerRule, oneOf, patternRule, textRule } from '../rules.ts';
import { type State, scheduleChange } from '../state.ts';
import { timestamp, timings, touch } from '../time.ts';

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

const offers = (choices: readonly NamedChoice[] = [], id: string | undefined): boolean =>
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
      exists(offers(provider?.regions, input.region), 'region');
      exists(offers(provider?.sizes, input.size), 'size');
      exists(offers(provider?.images, input.image), 'image');
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
    afterCreate: (server, { state, now }) => provision(state, server, now),
    actions: { restart: ['Server restart started.'] },
  }),
  // Assumed: logs are one text with several lines.
  operation('GET /servers/{server}/logs', 'server:read', (_request, { server }) => okResponse({ content: logs(server) })),
  operation('POST /servers/{server}/provision', 'server:update', ({ state, now }, { server }) => {
    provision(state, server, now);
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

function provision(state: State, server: Server, now: number): void {
  touch(server, now, { status: 'provisioning' });
  scheduleChange(state, now + timings.serverProvisions, 'server.provisioned', server.id);
}

/** Finishes provisioning. Fails if the server's name starts with `fail-`. */
export function serverProvisioned(state: State, server: Server, at: number): void {
  if (server.status !== 'provisioning') return;
  if (server.name.startsWith('fail-')) touch(server, at, { status: 'failed' });
  else touch(server, at, { status: 'active', provisioned_at: timestamp(at), ip_address: server.ip_address ?? freeAddress(state) });
}

/** An address from the range reserved for documentation (RFC 5737). */
function freeAddress(state: State): string {
  const taken = new Set(state.servers.map((server) => server.ip_address));
  const free = Array.from({ length: 254 }, (_, index) => `203.0.113.${index + 1}`).find((candidate) => !taken.has(candidate));
  return free ?? '203.0.113.254';
}

const FIVE_CRON_FIELDS = /^[\d*/,A-Za-z-]+( +[\d*/,A-Za-z-]+){4}$/;

/** Cron jobs of a server. */
export const crontabs: SandboxOperation[] = crud({
  noun: 'crontab',
  path: '/servers/{server}/crontabs',
  ability: 'crontab',
  present: showing<Crontab>('id', 'command', 'frequency', 'user', 'status', 'created_at', 'updated_at'),
  fields: { command: textRule(1_000), frequency: patternRule(FIVE_CRON_FIELDS), user: textRule().optional() },
  fresh: () => ({ user: 'deploynix', status: 'active' }),
});

/** Processes that Supervisor keeps running. */
export const daemons: SandboxOperation[] = crud({
  noun: 'daemon',
  path: '/servers/{server}/daemons',
  ability: 'daemon',
  present: showing<Daemon>('id', 'command', 'directory', 'user', 'processes', 'status', 'created_at', 'updated_at'),
  fields: {
    command: textRule(1_000),
    directory: textRule().nullish(),
    user: textRule().optional(),
    processes: integerRule(1, 100).optional(),
  },
  fresh: () => ({ directory: null, user: 'deploynix', processes: 1, status: 'running' }),
  actions: { restart: ['Daemon restart started.', () => ({ status: 'running' })] },
});

/** Firewall rules of a server. */
export const networkRules: SandboxOperation[] = crud({
  noun: 'network_rule',
  path: '/servers/{server}/network-rules',
  ability: 'network-rule',
  verbs: ['list', 'show', 'create', 'delete'],
  present: showing<NetworkRule>('id', 'name', 'port', 'protocol', 'action', 'source', 'created_at'),
  fields: {
    name: textRule().optional(),
    port: integerRule(1, 65_535),
    protocol: oneOf('tcp', 'udp').optional(),
    action: oneOf('allow', 'deny').optional(),
    source: textRule().optional(),
  },
  fresh: () => ({ name: null, protocol: 'tcp', action: 'allow', source: null }),
});

const PUBLIC_KEY = /^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-\S+@openssh\.com) [A-Za-z0-9+/]+={0,2}( .*)?$/;

/** The fingerprint of a public key, as `ssh-keygen -l` prints it. */
export const fingerprint = (publicKey: string): string => {
  const digest = createHash('sha256').update(Buffer.from(publicKey.split(' ')[1] ?? '', 'base64'));
  return `SHA256:${digest.digest('base64').replace(/=+$/, '')}`;
};

/** Public SSH keys of a server. */
export const sshKeys: SandboxOperation[] = crud({
  noun: 'ssh_key',
  path: '/servers/{server}/ssh-keys',
  ability: 'ssh-key',
  verbs: ['list', 'show', 'create', 'delete'],
  present: showing<SshKey>('id', 'name', 'public_key', 'fingerprint', 'created_at'),
  fields: { name: textRule(), public_key: patternRule(PUBLIC_KEY, 10_000) },
  fresh: ({ public_key }) => ({ fingerprint: fingerprint(public_key) }),
});
