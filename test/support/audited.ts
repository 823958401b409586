import type { State } from '../../src/sandbox/index.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { hence, putPreview } from './known-preview.ts';

export const DAY = 86_400_000;

/** What an audit is expected to find, once. */
export interface Expected {
  readonly rule: string;
  readonly severity: string;
  readonly server: string | null;
  readonly site: string | null;
}

/** A fault that is put into a clean sandbox. */
export interface Plant extends Expected {
  readonly plant: (state: State, now: number) => void;
}

export const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z/, 'Z');

/** The first item of a list, which must be there. */
export function one<T>(items: readonly T[], wanted: (item: T) => boolean = () => true): T {
  const found = items.find(wanted);
  if (found === undefined) throw new Error('The sandbox has no such item.');
  return found;
}

const siteOf = (state: State, domain: string, server: keyof typeof seeded.servers) =>
  one(state.sites, (each) => each.domain === domain && each.server_id === seeded.servers[server]);

const certificateOf = (state: State, domain: string, server: keyof typeof seeded.servers) =>
  one(state.certificates, (each) => each.site_id === siteOf(state, domain, server).id);

const certificate =
  (domain: string, changes: (now: number) => object): Plant['plant'] =>
  (state, now) =>
    void Object.assign(certificateOf(state, domain, 'web-1'), changes(now));

const openPort =
  (changes: object): Plant['plant'] =>
  (state) => {
    const rule = one(state.network_rules, ({ port }) => port === 5432);
    const id = `01JQ8Z4T9G0000000RVLE${String(state.network_rules.length).padStart(5, '0')}`;
    state.network_rules.push({ ...rule, id, name: `rule ${JSON.stringify(changes)}`, source: null, ...changes });
  };

const onDb = { rule: 'database-port-open', severity: 'high', server: 'db-1', site: null } as const;
const onShop = { server: 'web-1', site: 'shop.example.com' } as const;
const onBlog = { server: 'web-1', site: 'blog.example.com' } as const;

/** Under the domain of the platform, they need no certificate. */
const previewLike = (branch: string, record?: (now: number) => string): Plant['plant'] => {
  const pattern = '{branch}.deploynix.cloud';
  return (state, now) => void putPreview(state, now, branch, { pattern, hours: 240, ...(record && { record: record(now) }) });
};

/** Faults that do not depend on each other, each of which an audit finds once. */
export const plants: Readonly<Record<string, Plant>> = {
  'a certificate that was never issued': {
    rule: 'certificate-missing',
    severity: 'high',
    server: 'web-2',
    site: 'api.example.com',
    plant: (state) => {
      const gone = certificateOf(state, 'api.example.com', 'web-2');
      state.certificates = state.certificates.filter((each) => each !== gone);
    },
  },
  'a certificate whose request failed': {
    rule: 'certificate-missing',
    severity: 'high',
    server: 'web-2',
    site: 'staging.example.com',
    plant: (state) =>
      void Object.assign(certificateOf(state, 'staging.example.com', 'web-2'), { status: 'failed', reason: 'NXDOMAIN', expires_at: null }),
  },
  'a certificate that ends in 29 days': {
    rule: 'certificate-expiring',
    severity: 'medium',
    ...onShop,
    plant: certificate('shop.example.com', (now) => ({ expires_at: iso(now + 29 * DAY) })),
  },
  'a certificate that ended': {
    rule: 'certificate-expiring',
    severity: 'high',
    ...onBlog,
    plant: certificate('blog.example.com', (now) => ({ status: 'expired', expires_at: iso(now - DAY) })),
  },
  'a certificate of a server that ends': {
    rule: 'certificate-expiring',
    severity: 'high',
    server: 'web-2',
    site: null,
    plant: (state, now) => {
      one(state.certificates, ({ server_id }) => server_id === seeded.servers['web-2']).expires_at = iso(now + 2 * DAY);
    },
  },
  'a database without a backup': {
    rule: 'database-backup-missing',
    severity: 'high',
    server: 'web-1',
    site: null,
    plant: (state) => {
      state.backups = state.backups.filter(({ database_id }) => database_id !== seeded.databases.blog);
    },
  },
  'a database whose backup is old': {
    rule: 'database-backup-missing',
    severity: 'high',
    server: 'db-1',
    site: null,
    plant: (state, now) => {
      const backup = one(state.backups, ({ database_id }) => database_id === seeded.databases.shop);
      Object.assign(backup, { completed_at: iso(now - 8 * DAY), created_at: iso(now - 8 * DAY) });
      state.backups.push({ ...backup, id: '01JQ8Z4T9G00000000BACK0099', status: 'failed', completed_at: null, created_at: iso(now) });
    },
  },
  'zero-downtime off': {
    rule: 'zero-downtime-off',
    severity: 'low',
    ...onShop,
    plant: (state) => {
      siteOf(state, 'shop.example.com', 'web-1').zero_downtime_enabled = false;
    },
  },
  'PostgreSQL open': { ...onDb, plant: openPort({}) },
  'Redis open over IPv6': { ...onDb, plant: openPort({ port: 6379, source: '::/0' }) },
  'a range of ports': { ...onDb, plant: openPort({ port: '3300:3310', source: '0.0.0.0/0' }) },
  'a list of ports': { ...onDb, plant: openPort({ port: '80,9200', source: 'any' }) },
  'every port': { ...onDb, plant: openPort({ port: 'any', protocol: 'any', source: 'Anywhere' }) },
  'Memcached over UDP': { ...onDb, plant: openPort({ port: 11211, protocol: 'udp' }) },
  'PHP past its end on a site': {
    rule: 'php-end-of-life',
    severity: 'high',
    ...onShop,
    plant: (state) => {
      siteOf(state, 'shop.example.com', 'web-1').php_version = '8.1';
    },
  },
  'PHP past its end on a server': {
    rule: 'php-end-of-life',
    severity: 'high',
    server: 'web-2',
    site: null,
    plant: (state) => {
      one(state.servers, ({ name }) => name === 'web-2').php_version = '7.3';
    },
  },
  'a failed deployment': {
    rule: 'deployment-failed',
    severity: 'medium',
    ...onShop,
    plant: (state) => {
      siteOf(state, 'shop.example.com', 'web-1').status = 'failed';
    },
  },
  'a stopped worker': {
    rule: 'queue-worker-stopped',
    severity: 'medium',
    ...onShop,
    plant: (state) => {
      one(state.queues, ({ queue }) => queue === 'mails').status = 'stopped';
    },
  },
  'a failed worker': {
    rule: 'queue-worker-stopped',
    severity: 'high',
    server: 'web-2',
    site: 'api.example.com',
    plant: (state) => {
      one(state.queues, ({ site_id }) => site_id === seeded.sites['api.example.com']).status = 'failed';
    },
  },
  'a stopped daemon': {
    rule: 'daemon-stopped',
    severity: 'medium',
    server: 'web-1',
    site: null,
    plant: (state) => {
      one(state.daemons).status = 'STOPPED';
    },
  },
  'a daemon that crashed': {
    rule: 'daemon-stopped',
    severity: 'high',
    server: 'web-2',
    site: null,
    plant: (state) => {
      one(state.daemons, ({ server_id }) => server_id === seeded.servers['web-2']).status = 'FATAL';
    },
  },
  'a key that a server lacks': {
    rule: 'ssh-key-differs',
    severity: 'low',
    server: null,
    site: null,
    plant: (state) => {
      state.ssh_keys = state.ssh_keys.filter(({ server_id }) => server_id !== seeded.servers['db-1']);
    },
  },
  'a key that only one server has': {
    rule: 'ssh-key-differs',
    severity: 'low',
    server: null,
    site: null,
    plant: (state) => {
      const key = one(state.ssh_keys);
      const public_key = `ssh-ed25519 ${Buffer.from('another key of 32 bytes in all..').toString('base64')}`;
      state.ssh_keys.push({ ...key, id: '01JQ8Z4T9G0000000000KEY099', name: 'grace@desktop', public_key, fingerprint: 'SHA256:another' });
    },
  },
  'a token with every ability': {
    rule: 'token-all-abilities',
    severity: 'medium',
    server: null,
    site: null,
    plant: (state) => {
      one(state.tokens, ({ name }) => name === 'Old laptop').abilities = ['*'];
    },
  },
  'a preview past its deadline': {
    rule: 'preview-overdue',
    severity: 'medium',
    server: 'web-2',
    site: 'old-mkiwzzlalxw2.deploynix.cloud',
    plant: previewLike('old', (now) => `shop.example.com/${hence(now, -1)}/seeded`),
  },
  'a preview without its record': {
    rule: 'preview-unmarked',
    severity: 'low',
    server: 'web-2',
    site: 'begun-mkiwzz3gcnwl.deploynix.cloud',
    plant: previewLike('begun'),
  },
};
