import type { Choice, Credential, GitProvider, GitRepository, Provider, Size } from '../records.ts';
import { deployKey } from '../resources/git.ts';
import { seeded, seedId } from './ids.ts';
import type { Calendar } from './stamp.ts';

const choices = (named: Readonly<Record<string, string>>): Choice[] => Object.entries(named).map(([id, name]) => ({ id, name }));

/** Sizes by id, each as vCPUs, GB of memory, monthly price and an optional word for the name. Prices are made up. */
const sizes = (currency: string, named: Readonly<Record<string, readonly [number, number, number, string?]>>): Size[] =>
  Object.entries(named).map(([id, [vcpus, gigabytes, price_monthly, kind]]) => {
    const name = `${vcpus} vCPU${kind ? ` ${kind}` : ''}, ${gigabytes} GB`;
    return { id, name, vcpus, memory: gigabytes * 1024, price_monthly, currency };
  });

const dashed = choices({ 'ubuntu-22.04': 'Ubuntu 22.04 LTS', 'ubuntu-24.04': 'Ubuntu 24.04 LTS' }).reverse();

/** The supported clouds and their offers. The custom provider has none: users bring their own machines. */
export const providers = (): Provider[] => [
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

/** The organization's cloud credentials. */
export const credentials = ({ stamps }: Calendar): Credential[] => [
  { id: seedId('CRED', 1), provider: 'hetzner', name: 'Hetzner production', ...stamps(366) },
  { id: seedId('CRED', 2), provider: 'digitalocean', name: 'DigitalOcean', ...stamps(241) },
];

/** Connections to Git hosts. */
export const gitProviders = ({ stamps }: Calendar): GitProvider[] => [
  { id: seeded.gitProviders.github, provider: 'github', name: 'GitHub', url: null, ...stamps(366) },
  { id: seeded.gitProviders.gitlab, provider: 'gitlab', name: 'Our GitLab', url: 'https://gitlab.example.com', ...stamps(130) },
];

/** The repositories that the sites deploy. */
export function gitRepositories({ stamps }: Calendar): GitRepository[] {
  const { gitRepositories: ids, gitProviders: hosts } = seeded;
  const shop = ids['example/shop'];
  return [
    {
      id: shop,
      git_provider_id: hosts.github,
      name: 'example/shop',
      auto_deploy_enabled: true,
      deploy_key: deployKey(shop),
      ...stamps(364),
    },
    {
      id: ids['example/blog'],
      git_provider_id: hosts.github,
      name: 'example/blog',
      auto_deploy_enabled: false,
      deploy_key: null,
      ...stamps(300),
    },
    {
      id: ids['example/api'],
      git_provider_id: hosts.gitlab,
      name: 'example/api',
      auto_deploy_enabled: true,
      deploy_key: null,
      ...stamps(129),
    },
  ];
}
