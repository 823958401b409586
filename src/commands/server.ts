import { wordOf } from '../base/text.ts';
import { command, group } from '../cli/language/command.ts';
import { assumed, following, from, natural, prompted, required, suggest, text, toggle, watching } from '../cli/language/options.ts';
import { creation, creationOf, remove, resource, restart, show, update, workResult } from '../cli/language/resource.ts';
import { listOf, recordOf, shownRecordOf, statedOfServer } from '../cli/language/shape.ts';
import { columns, type Item, rows, running } from '../cli/output/view.ts';
import { serverEndpoint, serverReader, serversEndpoint } from '../platform/follow/readers.ts';

/** `ssh deploynix@203.0.113.10`. */
const sshCommand = ({ ssh_user, ip_address }: Item): string | null =>
  ssh_user && ip_address ? `ssh ${wordOf(ssh_user)}@${wordOf(ip_address)}` : null;

const servers = resource({
  noun: 'server',
  path: '/servers',
  columns: columns(
    'name',
    running,
    'ip_address',
    'region',
    'php_version',
    'sites_count',
    { key: 'provider', wide: true },
    { key: 'size', wide: true },
    { key: 'database_type', wide: true },
    { key: 'id', wide: true },
  ),
  details: columns(
    'name',
    running,
    'ip_address',
    { key: 'ssh', computed: true, cell: sshCommand },
    { key: 'sites', computed: true, wrap: true },
    'provider',
    'region',
    'size',
    'type',
    'php_version',
    'database_type',
    'webserver',
    'monitoring_enabled',
    'provisioned_at',
    'created_at',
    'id',
  ),
  stated: statedOfServer,
  more: async (ctx, server, targets) => (await import('../features/overview/overview.ts')).serverOverview(ctx, server, targets),
  example: { target: 'web-1', create: 'web-3 --provider hetzner', update: '--monitoring-enabled' },
});

const list = command({
  name: 'list',
  aliases: ['ls'],
  summary: 'List servers',
  description:
    'With --watch, reads the servers every 6 seconds. On a terminal, the table is updated in place; elsewhere, it is printed again when it changes. Use -o ndjson for a line of JSON per changed server. Press Ctrl-C to stop.',
  calls: serversEndpoint,
  options: { watch: watching },
  prints: () => listOf(shownRecordOf(servers.columns, servers.stated)),
  examples: ['list', 'list --json'],
  async run(ctx, { options: { watch } }) {
    const empty = 'No servers.';
    if (!watch) return rows(await ctx.shown<Item>(), servers.columns, empty, creation('server', {}));
    const { watchedList } = await import('../features/watch/watch.ts');
    return watchedList(ctx, (options) => ctx.list<Item>(serversEndpoint, options), servers.columns, empty);
  },
});

/** Prompts unless the server is of one of these types. */
const without = (...types: readonly string[]) => ({
  when: ({ type }: Readonly<Record<string, unknown>>) => !types.includes(String(type)),
});

/** What is wrong with a name that no host can have. */
const wrongName = (typed: string): string | undefined =>
  /^[a-z0-9.-]+$/i.test(typed) ? undefined : 'Use letters, digits, dots and hyphens, as in web-1.';

const types = {
  app: 'web server, PHP and database: a server for everything',
  web: 'web server and PHP, without a database',
  worker: 'PHP for queue workers, without a web server',
  database: 'database alone',
  cache: 'cache alone, such as Redis',
  meilisearch: 'search engine alone',
  load_balancer: 'distributes requests to web servers',
} as const;

const fields = {
  name: prompted(natural(required(text('Server name'))), { check: wrongName }),
  provider: from(required(text('Cloud provider, such as hetzner')), { list: 'GET /providers' }),
  credential_id: prompted(
    from(assumed(text('Credential: name or id')), { list: 'GET /providers/credentials', where: 'provider', resolve: true }),
  ),
  region: prompted(from(assumed(text('Region, such as fsn1')), { list: 'GET /providers/{provider}/regions' })),
  size: prompted(from(assumed(text('Size, such as cx32')), { list: 'GET /providers/{provider}/sizes' })),
  image: prompted(from(assumed(text('Image, such as ubuntu-24.04')), { list: 'GET /providers/{provider}/images' })),
  type: prompted(suggest(assumed(text('Server type')), ...Object.keys(types)), { explained: types }),
  php_version: prompted(
    suggest(assumed(text('PHP version')), '8.4', '8.3', '8.2', '8.1', '8.0'),
    without('database', 'cache', 'meilisearch', 'load_balancer'),
  ),
  database_type: prompted(
    suggest(assumed(text('Database type')), 'mysql', 'mariadb', 'postgresql'),
    without('cache', 'worker', 'meilisearch', 'load_balancer'),
  ),
  webserver: assumed(text('Web server')),
  ip_address: prompted(assumed(text('IP address of your own server, for --provider custom')), {
    when: ({ provider }) => provider === 'custom',
  }),
};

const changes = { name: fields.name, monitoring_enabled: assumed(toggle('Monitor the server')) };

const follows = { when: 'wait', also: [serverEndpoint, serversEndpoint] } as const;
const resume = (id: string) => ['server', 'show', id];

const create = command({
  name: 'create',
  summary: 'Create a server',
  description:
    'On a terminal, prompts for missing options, then asks before it creates the server. A complete command line runs without a prompt.',
  exits: '0 active, or requested with --no-wait; 1 failed; 124 timed out, and the creation continues',
  calls: ['POST /servers', follows],
  review: 'Create this server?',
  options: following,
  fields,
  prints: () => recordOf(servers.details, servers.stated),
  examples: ['create web-3 --provider hetzner --region fsn1 --size cx32', 'create cache-1 --provider hetzner --type cache --no-wait'],
  run: async (ctx, { options: { wait }, body }) =>
    workResult(ctx, {
      reader: serverReader(ctx),
      start: () => ctx.call(),
      creates: creationOf('server', serversEndpoint, {}, body),
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
  consent: { level: 'moderate', warning: 'This reinstalls and reconfigures the software on the server.' },
  options: following,
  prints: () => recordOf(servers.details, servers.stated),
  examples: ['provision web-2 --yes', 'provision web-2 --yes --no-wait'],
  run: async (ctx, { targets: { server }, options: { wait } }) =>
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
  prints: async () => (await import('../features/logs/server-log.ts')).serverLogShape,
  examples: ['logs web-1'],
  run: async (ctx) => (await import('../features/logs/server-log.ts')).serverLog(ctx),
});

export default group({
  name: 'server',
  commands: [
    list,
    show(servers),
    create,
    update(servers, changes),
    remove(servers, { level: 'severe', warning: 'The machine, its sites and its data will be lost.' }),
    logs,
    restart(servers, { level: 'moderate', warning: 'Its sites are down until it is back up.' }),
    provision,
  ],
});
