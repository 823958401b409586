import { isObject, toJson } from '../base/json.ts';
import { wordOf } from '../base/text.ts';
import { command, group } from '../cli/language/command.ts';
import { assumed, following, from, natural, prompted, required, suggest, text, toggle } from '../cli/language/options.ts';
import { list, remove, resource, restart, show, update } from '../cli/language/resource.ts';
import { columns, log, message } from '../cli/output/view.ts';
import { workResult } from '../cli/run/work-result.ts';
import { serverEndpoint, serverReader, serversEndpoint } from '../platform/follow/server.ts';

interface Server {
  readonly id: string;
  readonly name: string;
  readonly type?: string;
  readonly provider: string;
  readonly ip_address: string | null;
  readonly ssh_user: string;
  readonly region: string;
  readonly size: string;
  readonly php_version: string;
  readonly database_type: string;
  readonly webserver: string;
  readonly status: string;
  readonly monitoring_enabled: boolean;
  readonly provisioned_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly sites_count: number;
}

const servers = resource({
  noun: 'server',
  path: '/servers',
  columns: columns<Server>('name', 'status', 'ip_address', 'provider', 'region', 'php_version', 'sites_count', 'id'),
  details: columns<Server>(
    'id',
    'name',
    'type',
    'status',
    'provider',
    'region',
    'size',
    'ip_address',
    'ssh_user',
    'php_version',
    'database_type',
    'webserver',
    'monitoring_enabled',
    'sites_count',
    'provisioned_at',
    'created_at',
    'updated_at',
  ),
  example: { target: 'web-1', update: '--monitoring-enabled' },
});

const fields = {
  name: natural(required(text('Name of the server'))),
  provider: from(required(text('Cloud provider, such as hetzner')), { list: 'GET /providers' }),
  credential_id: prompted(
    from(assumed(text('Credential for the provider, by name or id')), {
      list: 'GET /providers/credentials',
      where: 'provider',
      resolve: true,
    }),
  ),
  region: prompted(from(assumed(text('Region, such as fsn1')), { list: 'GET /providers/{provider}/regions' })),
  size: prompted(from(assumed(text('Size, such as cx32')), { list: 'GET /providers/{provider}/sizes' })),
  image: prompted(from(assumed(text('Image, such as ubuntu-24.04')), { list: 'GET /providers/{provider}/images' })),
  type: suggest(assumed(text('What it is for')), 'app', 'web', 'database', 'cache', 'worker', 'meilisearch', 'load_balancer'),
  php_version: suggest(assumed(text('PHP version')), '8.0', '8.1', '8.2', '8.3', '8.4'),
  database_type: suggest(assumed(text('Database to install')), 'mysql', 'mariadb', 'postgresql'),
  webserver: assumed(text('Web server to install')),
  ip_address: assumed(text('Address of a machine of your own, for the provider custom')),
};

const changes = { name: fields.name, monitoring_enabled: assumed(toggle('Whether it is monitored')) };

const follows = { when: 'wait', also: [serverEndpoint, serversEndpoint] } as const;
const resume = (id: string) => ['server', 'show', id];

const create = command({
  name: 'create',
  summary: 'Create a server',
  description:
    'On a terminal, whatever is left out of provider, credential, region, size and image is asked for.\n\nExit code 0: it is active, or with --no-wait: it was ordered. 1: it failed. 124: it goes on after --timeout.',
  calls: ['POST /servers', follows],
  options: following,
  fields,
  shows: servers.details,
  examples: ['create web-3 --provider hetzner --region fsn1 --size cx32', 'create cache-1 --provider hetzner --type cache --no-wait'],
  run: (ctx, { options: { wait }, body }) =>
    workResult(ctx, {
      reader: serverReader(ctx),
      start: () => ctx.call(),
      what: `server ${wordOf(body.name)}`,
      job: `creation of server ${wordOf(body.name)}`,
      doing: `Creating server ${wordOf(body.name)}`,
      did: `Created server ${wordOf(body.name)}`,
      columns: servers.details,
      wait,
      resume,
    }),
});

const provision = command({
  name: 'provision',
  summary: 'Provision a server again',
  calls: ['POST /servers/{server}/provision', follows],
  targets: 'each',
  consent: { level: 'moderate', warning: 'Provisioning runs again over what is on the server.' },
  options: following,
  shows: servers.details,
  examples: ['provision web-2 --yes', 'provision web-2 --yes --no-wait'],
  run: (ctx, { targets: { server }, options: { wait } }) =>
    workResult(ctx, {
      reader: serverReader(ctx),
      on: server.id,
      start: () => ctx.call(),
      what: `server ${server.label}`,
      job: `provisioning of server ${server.label}`,
      doing: `Provisioning server ${server.label}`,
      did: `Provisioned server ${server.label}`,
      columns: servers.details,
      wait,
      resume,
    }),
});

const logs = command({
  name: 'logs',
  summary: 'Show the logs of a server',
  calls: 'GET /servers/{server}/logs',
  examples: ['logs web-1'],
  async run(ctx) {
    const { data, body } = await ctx.call();
    const text = logOf(data);
    return text === '' ? message('No logs.', body ?? null) : log(text, data);
  },
});

/** The API reference does not say how logs are answered: one text, lines, or an object that holds either. */
function logOf(data: unknown): string {
  if (data === undefined || data === null) return '';
  if (typeof data === 'string') return data;
  if (Array.isArray(data)) return data.map(logOf).join('\n');
  if (!isObject(data)) return String(data);
  const holder = ['content', 'logs', 'log', 'output', 'message'].find((key) => key in data);
  return holder ? logOf(data[holder]) : toJson(data);
}

export default group({
  name: 'server',
  commands: [
    list(servers),
    show(servers),
    create,
    update(servers, changes),
    remove(servers, { level: 'severe', warning: 'The machine and everything on it will be gone.' }),
    logs,
    restart(servers, { level: 'moderate', warning: 'Its sites do not answer until it is back.' }),
    provision,
  ],
});
