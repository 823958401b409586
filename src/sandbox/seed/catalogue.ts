import type { Choice, Credential, GitProvider, GitRepository, Provider } from '../records.ts';
import { deployKey } from '../resources/git.ts';
import { seeded, seedId } from './ids.ts';
import type { Calendar } from './stamp.ts';

const choices = (named: Readonly<Record<string, string>>): Choice[] => Object.entries(named).map(([id, name]) => ({ id, name }));
const dashed = choices({ 'ubuntu-22.04': 'Ubuntu 22.04 LTS', 'ubuntu-24.04': 'Ubuntu 24.04 LTS' }).reverse();

/** What the supported clouds offer; a server at the custom provider brings its own. */
export const providers = (): Provider[] => [
  {
    id: 'digitalocean',
    name: 'DigitalOcean',
    regions: choices({ fra1: 'Frankfurt 1', ams3: 'Amsterdam 3', lon1: 'London 1', nyc3: 'New York 3', sgp1: 'Singapore 1' }),
    sizes: choices({
      's-1vcpu-1gb': '1 vCPU, 1 GB',
      's-2vcpu-2gb': '2 vCPU, 2 GB',
      's-2vcpu-4gb': '2 vCPU, 4 GB',
      's-4vcpu-8gb': '4 vCPU, 8 GB',
    }),
    images: choices({ 'ubuntu-24-04-x64': 'Ubuntu 24.04 LTS', 'ubuntu-22-04-x64': 'Ubuntu 22.04 LTS' }),
  },
  {
    id: 'hetzner',
    name: 'Hetzner',
    regions: choices({ fsn1: 'Falkenstein', nbg1: 'Nuremberg', hel1: 'Helsinki', ash: 'Ashburn' }),
    sizes: choices({ cx22: '2 vCPU, 4 GB', cx32: '4 vCPU, 8 GB', cx42: '8 vCPU, 16 GB', cax11: '2 vCPU Arm, 4 GB' }),
    images: dashed,
  },
  {
    id: 'vultr',
    name: 'Vultr',
    regions: choices({ fra: 'Frankfurt', ewr: 'New Jersey', nrt: 'Tokyo' }),
    sizes: choices({ 'vc2-1c-1gb': '1 vCPU, 1 GB', 'vc2-2c-4gb': '2 vCPU, 4 GB' }),
    images: choices({ '2284': 'Ubuntu 24.04 LTS', '1743': 'Ubuntu 22.04 LTS' }),
  },
  {
    id: 'linode',
    name: 'Linode',
    regions: choices({ 'eu-central': 'Frankfurt', 'us-east': 'Newark' }),
    sizes: choices({ 'g6-nanode-1': '1 vCPU, 1 GB', 'g6-standard-2': '2 vCPU, 4 GB' }),
    images: choices({ 'linode/ubuntu24.04': 'Ubuntu 24.04 LTS' }),
  },
  {
    id: 'aws',
    name: 'AWS',
    regions: choices({ 'eu-central-1': 'Frankfurt', 'us-east-1': 'North Virginia' }),
    sizes: choices({ 't3.small': '2 vCPU, 2 GB', 't3.medium': '2 vCPU, 4 GB' }),
    images: dashed,
  },
  { id: 'custom', name: 'Custom server', regions: [], sizes: [], images: [] },
];

/** The organization's credentials for its two clouds. */
export const credentials = ({ stamps }: Calendar): Credential[] => [
  { id: seedId('CRED', 1), provider: 'hetzner', name: 'Hetzner production', ...stamps(366) },
  { id: seedId('CRED', 2), provider: 'digitalocean', name: 'DigitalOcean', ...stamps(241) },
];

/** Connections to Git hosts. */
export const gitProviders = ({ stamps }: Calendar): GitProvider[] => [
  { id: seeded.gitProviders.github, provider: 'github', name: 'GitHub', url: null, ...stamps(366) },
  { id: seeded.gitProviders.gitlab, provider: 'gitlab', name: 'Our GitLab', url: 'https://gitlab.example.com', ...stamps(130) },
];

/** The repositories the sites are deployed from. */
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
