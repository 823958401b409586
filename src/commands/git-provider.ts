import { group } from '../cli/language/command.ts';
import { assumed, natural, required, secret, suggest, text } from '../cli/language/options.ts';
import { create, list, remove, resource, show, update } from '../cli/language/resource.ts';
import { columns } from '../cli/output/view.ts';

const gitProviders = resource({
  noun: 'git_provider',
  path: '/git-providers',
  columns: columns('name', 'provider', 'created_at', { key: 'url', wide: true }, { key: 'id', wide: true }),
  example: {
    target: 'GitHub',
    create: "'Our other GitLab' --provider gitlab --url https://git.example.com --token -",
    update: "--name 'GitHub (example)'",
  },
});

const fields = {
  name: natural(assumed(text('Name of the connection'))),
  provider: required(suggest(assumed(text('Git host')), 'github', 'gitlab', 'bitbucket', 'custom')),
  token: required(assumed(secret('Access token for the Git host'))),
  url: assumed(text('URL of a self-hosted Git host', 'url')),
};

export default group({
  name: 'git-provider',
  commands: [
    list(gitProviders),
    show(gitProviders),
    create(gitProviders, fields),
    update(gitProviders, { name: fields.name, token: fields.token }),
    remove(gitProviders),
  ],
});
