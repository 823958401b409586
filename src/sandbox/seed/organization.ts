import { hash } from '../auth.ts';
import type { Credential, GitProvider, GitRepository, NamedChoice, Provider, Size, TokenRow, User } from '../records.ts';
import { deployKey } from '../resources/organization.ts';
import { STATE_VERSION, type State } from '../state.ts';
import { type Calendar, calendar, seeded, seedId } from './ids.ts';
import { serverRows } from './servers.ts';
import { siteRows } from './sites.ts';

/** The owner of the seed's organization. */
export const SEED_EMAIL = 'ada@example.com';

/** The password of every seed user. */
export const SEED_PASSWORD = 'correct horse battery staple';

const VIEWER_EMAIL = 'grace@example.com';

/** The owner's token with every ability. It is valid whenever the sandbox starts. */
export const SEED_TOKEN = '1|0000000000sandbox0every0ability0000000000';

const OWNER_ID = seedId('VSER', 1);

/** The members of the organization, and what belongs to no server. */
const organizationRows = (days: Calendar) => ({
  users: users(),
  tokens: tokens(days),
  providers: providers(),
  credentials: credentials(days),
  git_providers: gitProviders(days),
  git_repositories: gitRepositories(days),
});

const users = (): User[] => [
  { id: OWNER_ID, name: 'Ada Lovelace', email: SEED_EMAIL, password: SEED_PASSWORD, role: 'owner' },
  { id: seedId('VSER', 2), name: 'Grace Hopper', email: VIEWER_EMAIL, password: SEED_PASSWORD, role: 'viewer' },
];

/** The owner's tokens: the one in use, one unused for months, one never used, and two with the same name. */
function tokens({ ago }: Calendar): TokenRow[] {
  const token = (id: number, name: string, abilities: string[], created: number, used: number | null): TokenRow => ({
    id,
    user_id: OWNER_ID,
    name,
    abilities,
    // No secret has this hash: these tokens can only be listed and deleted.
    hash: '',
    last_used_at: used === null ? null : ago(used),
    created_at: ago(created),
  });
  return [
    seedToken(ago(400)),
    token(2, 'GitHub Actions', ['site:deploy'], 210, 0.3),
    token(3, 'Old laptop', ['*'], 390, 127),
    token(4, 'Grafana', ['server:read', 'site:read', 'database:read'], 45, null),
    token(5, 'API Login', ['*'], 30, 12),
    token(6, 'API Login', ['*'], 3, 1.5),
  ];
}

/** Restores the owner and the seed token if they are missing in a saved state. */
export function ensureOwner(state: State, now: number): void {
  if (!state.users.some((user) => user.id === OWNER_ID)) state.users.unshift(...users().slice(0, 1));
  if (!state.tokens.some((token) => token.id === 1)) state.tokens.unshift(seedToken(calendar(now).ago(0)));
}

const seedToken = (created_at: string): TokenRow => ({
  id: 1,
  user_id: OWNER_ID,
  name: 'Sandbox',
  abilities: ['*'],
  hash: hash(SEED_TOKEN.slice(SEED_TOKEN.indexOf('|') + 1)),
  last_used_at: null,
  created_at,
});

const choices = (named: Readonly<Record<string, string>>): NamedChoice[] => Object.entries(named).map(([id, name]) => ({ id, name }));

/** Sizes by id, each as vCPUs, GB of memory, monthly price and an optional word for the name. Prices are made up. */
const sizes = (currency: string, named: Readonly<Record<string, readonly [number, number, number, string?]>>): Size[] =>
  Object.entries(named).map(([id, [vcpus, gigabytes, price_monthly, kind]]) => {
    const name = `${vcpus} vCPU${kind ? ` ${kind}` : ''}, ${gigabytes} GB`;
    return { id, name, vcpus, memory: gigabytes * 1024, price_monthly, currency };
  });

const dashed = choices({ 'ubuntu-22.04': 'Ubuntu 22.04 LTS', 'ubuntu-24.04': 'Ubuntu 24.04 LTS' }).reverse();

/** The supported clouds and their offers. The custom provider has none: users bring their own machines. */
const providers = (): Provider[] => [
  {
    id: 'digitalocean',
    name: 'DigitalOcean',
    regions: choices({ fra1: 'Frankfurt 1', ams3: 'Amsterdam 3', lon1: 'London 1', nyc3: 'New York 3', sgp1: 'Singapore 1' }),
    sizes: sizes('USD', {
      's-1vcpu-1gb': [1, 1, 6],
      's-2vcpu-2gb': [2, 2, 18],
      's-2vcpu-4gb': [2, 4, 24],
      's-4vcpu-8gb': [4, 8, 48],
    }),
    images: choices({ 'ubuntu-24-04-x64': 'Ubuntu 24.04 LTS', 'ubuntu-22-04-x64': 'Ubuntu 22.04 LTS' }),
  },
  {
    id: 'hetzner',
    name: 'Hetzner',
    regions: choices({ fsn1: 'Falkenstein', nbg1: 'Nuremberg', hel1: 'Helsinki', ash: 'Ashburn' }),
    sizes: sizes('EUR', { cx22: [2, 4, 3.79], cx32: [4, 8, 6.8], cx42: [8, 16, 16.4], cax11: [2, 4, 3.79, 'Arm'] }),
    images: dashed,
  },
  {
    id: 'vultr',
    name: 'Vultr',
    regions: choices({ fra: 'Frankfurt', ewr: 'New Jersey', nrt: 'Tokyo' }),
    sizes: sizes('USD', { 'vc2-1c-1gb': [1, 1, 5], 'vc2-2c-4gb': [2, 4, 20] }),
    images: choices({ '2284': 'Ubuntu 24.04 LTS', '1743': 'Ubuntu 22.04 LTS' }),
  },
  {
    id: 'linode',
    name: 'Linode',
    regions: choices({ 'eu-central': 'Frankfurt', 'us-east': 'Newark' }),
    sizes: sizes('USD', { 'g6-nanode-1': [1, 1, 5], 'g6-standard-2': [2, 4, 24] }),
    images: choices({ 'linode/ubuntu24.04': 'Ubuntu 24.04 LTS' }),
  },
  {
    id: 'aws',
    name: 'AWS',
    regions: choices({ 'eu-central-1': 'Frankfurt', 'us-east-1': 'North Virginia' }),
    sizes: sizes('USD', { 't3.small': [2, 2, 15.18], 't3.medium': [2, 4, 30.37] }),
    images: dashed,
  },
  { id: 'custom', name: 'Custom server', regions: [], sizes: [], images: [] },
];

const credentials = ({ stamps }: Calendar): Credential[] => [
  { id: seedId('CRED', 1), provider: 'hetzner', name: 'Hetzner production', ...stamps(366) },
  { id: seedId('CRED', 2), provider: 'digitalocean', name: 'DigitalOcean', ...stamps(241) },
];

const gitProviders = ({ stamps }: Calendar): GitProvider[] => [
  { id: seeded.gitProviders.github, provider: 'github', name: 'GitHub', url: null, ...stamps(366) },
  { id: seeded.gitProviders.gitlab, provider: 'gitlab', name: 'Our GitLab', url: 'https://gitlab.example.com', ...stamps(130) },
];

function gitRepositories({ stamps }: Calendar): GitRepository[] {
  const { gitRepositories: ids, gitProviders: hosts } = seeded;
  const repository = (name: keyof typeof ids, host: keyof typeof hosts, automatic: boolean, days: number): GitRepository => ({
    id: ids[name],
    git_provider_id: hosts[host],
    name,
    auto_deploy_enabled: automatic,
    deploy_key: null,
    ...stamps(days),
  });
  return [
    { ...repository('example/shop', 'github', true, 364), deploy_key: deployKey(ids['example/shop']) },
    repository('example/blog', 'github', false, 300),
    repository('example/api', 'gitlab', true, 129),
  ];
}

/** A realistic organization at `now` (epoch ms); only its timestamps vary. */
export function seed(now: number): State {
  const days = calendar(now);
  const organization = organizationRows(days);
  return {
    version: STATE_VERSION,
    fail_deploys: false,
    plan: { name: 'Professional', api_access: true, max_servers: 10 },
    next_token_id: organization.tokens.length + 1,
    ...organization,
    ...serverRows(days),
    ...siteRows(days),
    deployments: [],
    due: [],
  };
}
