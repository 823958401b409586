import fc from 'fast-check';
import type { ApiResponse, Faults, State } from '../../src/sandbox/index.ts';
import { seedId } from '../../src/sandbox/seed/ids.ts';

/** What the lists of a sandbox have. A site, a worker or a user names what has it. */
export type Fleet = Readonly<Record<(typeof LISTS)[number], readonly Readonly<Record<string, unknown>>[]>>;

/** The tables of the lists of which a state file speaks, but for repositories. */
export const LISTS = [
  'servers',
  'databases',
  'database_users',
  'ssh_keys',
  'network_rules',
  'daemons',
  'crontabs',
  'sites',
  'environment_variables',
  'queues',
  'redirects',
  'certificates',
] as const satisfies readonly (keyof State)[];

/** Words that YAML takes for something else. */
const HOSTILE = [
  '',
  ' a ',
  ...'8.10 010 1e3 null yes ~ << "h" it\'s op://x/y/z'.split(' '),
  '- b',
  '# c',
  '{ d',
  '&e *f !g',
  'a: b',
  'ä\nb',
];

/** The value of what is secret. */
export const SECRET = 'correct-horse-battery';

const SERVERS = ['web-1', 'web-2', '010'];
const DOMAINS = ['shop.example.com', 'xn--mnchen-3ya.example', 'null.example'];
const DATABASES = ['shop', 'true', 'null'];
const PEOPLE = ['ada', 'yes'];

const server = fc.constantFrom(...SERVERS);
const site = fc.constantFrom(...DOMAINS);
const publicKey = (words: string) =>
  `ssh-ed25519 ${Buffer.from(`\0\0\0\x0bssh-ed25519\0\0\0 ${words}`.padEnd(51, '.')).toString('base64')}`;

const rows = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>, maxLength: number) => fc.array(fc.record(fields), { maxLength });

/** One of each key: what the API does not take twice. */
const unique = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>, keys: readonly string[], maxLength: number, minLength = 0) =>
  fc.uniqueArray(fc.record(fields), { minLength, maxLength, selector: (row) => JSON.stringify(keys.map((key) => row[key])) });

/** A random account. Its names are few, so that two of them have much in common. */
export const fleet: fc.Arbitrary<Fleet> = fc.record({
  servers: fc
    .constant(SERVERS.map((name) => ({ name })))
    .chain((all) => fc.tuple(...all.map((row) => fc.boolean().map((monitoring_enabled) => ({ ...row, monitoring_enabled }))))),
  databases: unique({ server, name: fc.constantFrom(...DATABASES) }, ['server', 'name'], 3),
  database_users: unique(
    { server, database: fc.constantFrom(...DATABASES), username: fc.constantFrom(...PEOPLE) },
    ['server', 'database', 'username'],
    2,
  ),
  ssh_keys: unique(
    { server, name: fc.constantFrom(...PEOPLE), public_key: fc.constantFrom(...['a', 'b', 'c'].map(publicKey)) },
    ['server', 'name'],
    3,
  ),
  network_rules: rows(
    {
      server,
      name: fc.constantFrom(null, 'Web'),
      port: fc.constantFrom(22, 8080),
      protocol: fc.constantFrom('tcp', 'udp'),
      action: fc.constantFrom('allow', 'deny'),
      source: fc.constantFrom(null, '10.0.0.5', '10.0.0.0/8', '2001:db8::/32'),
    },
    4,
  ),
  daemons: rows(
    {
      server,
      command: fc.constantFrom('node a.js', 'php artisan horizon', '- x: # y'),
      directory: fc.constantFrom(null, '/srv/a', '/srv/b'),
      user: fc.constantFrom('deploynix', 'root'),
      processes: fc.constantFrom(1, 2),
    },
    4,
  ),
  crontabs: rows(
    {
      server,
      command: fc.constantFrom('date', 'echo "a: b" # c', 'null'),
      frequency: fc.constantFrom('* * * * *', '0 3 * * *', '010 3 * * 1-5'),
      user: fc.constantFrom('deploynix', 'root'),
    },
    4,
  ),
  sites: unique(
    {
      server,
      domain: site,
      type: fc.constantFrom('laravel', 'static'),
      branch: fc.constantFrom('main', '1e3', '8.10'),
      repository: fc.constantFrom(null, 0, 1),
      web_directory: fc.constantFrom('/public', '/'),
      php_version: fc.constantFrom(null, '8.3', '8.4'),
      zero_downtime_enabled: fc.boolean(),
      status: fc.constantFrom('active', 'active', 'suspended', 'failed'),
    },
    ['domain'],
    3,
    1,
  ),
  environment_variables: unique(
    {
      site,
      key: fc.constantFrom('APP_NAME', 'APP_NAME', 'LOG_LEVEL', 'LOG_LEVEL', 'MAIL_PASSWORD'),
      value: fc.constantFrom('true', 'debug', '42', ...HOSTILE),
    },
    ['site', 'key'],
    6,
  ).map((all) => all.map((row) => (row.key === 'MAIL_PASSWORD' ? { ...row, value: SECRET } : row))),
  queues: rows(
    {
      site,
      queue: fc.constantFrom('default', 'mail', 'no'),
      connection: fc.constantFrom('redis', 'database'),
      processes: fc.constantFrom(1, 2),
      tries: fc.constantFrom(0, 3),
    },
    3,
  ),
  redirects: unique(
    {
      site,
      from: fc.constantFrom('/old', '/sale?a=1', '/ä'),
      to: fc.constantFrom('/new', 'https://example.org/'),
      type: fc.constantFrom(301, 302),
    },
    ['site', 'from'],
    3,
  ),
  certificates: rows({ site, type: fc.constantFrom('letsencrypt', 'wildcard'), status: fc.constantFrom('active', 'active', 'failed') }, 2),
});

const KINDS: Readonly<Record<(typeof LISTS)[number], string>> = {
  servers: 'SV',
  databases: 'DB',
  database_users: 'DV',
  ssh_keys: 'SK',
  network_rules: 'NR',
  daemons: 'DM',
  crontabs: 'CT',
  sites: 'ST',
  environment_variables: 'EV',
  queues: 'QV',
  redirects: 'RD',
  certificates: 'CE',
};

/** Gives a sandbox a fleet. What names a site, server or database that is not there is left out. */
export function settle(
  state: State,
  { repositories, stamp }: { readonly repositories: readonly string[]; readonly stamp: string },
  random: Fleet,
): void {
  const stamps = { created_at: stamp, updated_at: stamp };
  const ids = new Map<string, string>();
  const row = (list: (typeof LISTS)[number], at: number, fields: object) => ({ id: seedId(KINDS[list], at + 1), ...fields, ...stamps });
  const common = {
    provider: 'hetzner',
    type: 'app',
    ssh_user: 'deploynix',
    webserver: 'nginx',
    status: 'active',
    region: 'fsn1',
    size: 'cx32',
  };
  const machine = { image: 'ubuntu-24.04', php_version: '8.3', database_type: 'mysql', provisioned_at: stamp };
  const made: Record<string, unknown[]> = {};
  for (const list of LISTS) {
    made[list] = random[list].flatMap(({ server: on, site: at, database, repository, ...fields }, index) => {
      const parents: readonly (readonly [string, string | undefined])[] = [
        ...(on === undefined || list === 'database_users' ? [] : [['server_id', ids.get(`server ${String(on)}`)] as const]),
        ...(at === undefined ? [] : [['site_id', ids.get(`site ${String(at)}`)] as const]),
        ...(database === undefined ? [] : [['database_id', ids.get(`database ${String(on)} ${String(database)}`)] as const]),
      ];
      if (parents.some(([, id]) => id === undefined)) return [];
      const extra = extras(list, { ip: `203.0.113.${index + 1}`, common: { ...common, ...machine }, stamp, domain: at });
      const source = list === 'sites' ? { git_repository_id: repository === null ? null : repositories[Number(repository)] } : {};
      const result = row(list, index, { ...extra, ...fields, ...source, ...Object.fromEntries(parents) });
      if (list === 'servers') ids.set(`server ${String(fields.name)}`, result.id);
      if (list === 'sites') ids.set(`site ${String(fields.domain)}`, result.id);
      if (list === 'databases') ids.set(`database ${String(on)} ${String(fields.name)}`, result.id);
      return [result];
    });
  }
  Object.assign(state, made, { releases: [], webhooks: [], backups: [], deployments: [], due: [] });
}

/** What a row has besides what a file says of it. */
function extras(
  list: (typeof LISTS)[number],
  { ip, common, stamp, domain }: { ip: string; common: object; stamp: string; domain: unknown },
): object {
  switch (list) {
    case 'servers':
      return { ...common, ip_address: ip };
    case 'databases':
      return { status: 'active', size: 0 };
    case 'sites':
      return { scheduled_deploy_at: null, last_deployed_at: stamp, dotenv: '' };
    case 'queues':
      return { status: 'running', timeout: 60, sleep: 3 };
    case 'daemons':
      return { status: 'running' };
    case 'crontabs':
      return { status: 'active' };
    case 'ssh_keys':
      return { fingerprint: 'SHA256:sandbox' };
    case 'certificates':
      return { domain, server_id: null, reason: null, expires_at: '2099-01-01T00:00:00Z' };
    default:
      return {};
  }
}

/** Everything that a state file can say, and what nobody else changes. */
export const contentOf = (state: State) => structuredClone(Object.fromEntries(LISTS.map((list) => [list, state[list]])));

/** How an API shows what it has: fields that it leaves out, values that it hides, and other spellings of the same. */
export const dialect = fc.record({
  absent: fc.subarray(
    [
      'directory',
      'user',
      'processes',
      'connection',
      'tries',
      'branch',
      'php_version',
      'public_key',
      'protocol',
      'source',
      'type',
      'zero_downtime_enabled',
    ],
    { maxLength: 4 },
  ),
  values: fc.constantFrom('shown', 'shown', 'masked', 'null', 'absent'),
  isSummary: fc.boolean(),
  isText: fc.boolean(),
  isSpelled: fc.boolean(),
});

type Dialect = typeof dialect extends fc.Arbitrary<infer D> ? D : never;

/** Makes the API of a sandbox speak a dialect. */
export function speak(faults: Faults, { absent, values, isSummary, isText, isSpelled }: Dialect): void {
  const shown = (item: Row, isListed: boolean): Row => {
    const entries = Object.entries(item).filter(([field]) => !absent.includes(field) && !(values === 'absent' && field === 'value'));
    const spelled = entries.map(([field, value]) => {
      if (field === 'value') return [field, values === 'masked' ? '••••••••' : values === 'null' ? null : value];
      if (isText && typeof value === 'number') return [field, String(value)];
      return [field, isSpelled ? (SPELLINGS[field]?.(value) ?? value) : value];
    });
    const whole: Row = Object.fromEntries(spelled);
    if (!isSummary || !isListed || !('domain' in item && 'branch' in item)) return whole;
    return Object.fromEntries(['id', 'domain'].map((field) => [field, whole[field]]));
  };
  const reply = (answer: ApiResponse): ApiResponse => {
    const body = JSON.parse(JSON.stringify(answer.body ?? {})) as { data?: unknown };
    const { data } = body;
    if (Array.isArray(data)) return { ...answer, body: { ...body, data: data.map((item) => shown(item as Row, true)) } };
    return typeof data === 'object' && data !== null ? { ...answer, body: { ...body, data: shown(data as Row, false) } } : answer;
  };
  faults.always({ path: /./ }, reply);
}

type Row = Readonly<Record<string, unknown>>;

const SPELLINGS: Readonly<Record<string, (value: unknown) => unknown>> = {
  protocol: (value) => String(value).toUpperCase(),
  action: (value) => (value === 'allow' ? 'Allow' : value),
  source: (value) => value ?? '0.0.0.0/0',
  php_version: (value) => (value === null ? null : `php${String(value)}`),
  web_directory: (value) => String(value).replace(/^\//, ''),
  directory: (value) => (value === null ? '' : `${String(value)}/`),
  from: (value) => String(value).replace(/^\//, ''),
  frequency: (value) => String(value).replace(' ', '  '),
  monitoring_enabled: (value) => (value ? 1 : 0),
};
