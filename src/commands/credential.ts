import { group } from '../cli/language/command.ts';
import { assumed, from, natural, required, secret, text } from '../cli/language/options.ts';
import { create, list, remove, resource } from '../cli/language/resource.ts';
import { columns } from '../cli/output/view.ts';

const credentials = resource({
  noun: 'credential',
  path: '/providers/credentials',
  columns: columns('name', 'provider', 'created_at', { key: 'id', wide: true }),
  example: { target: 'DigitalOcean', create: "'Hetzner staging' --provider hetzner --token -" },
});

const fields = {
  name: natural(required(assumed(text('Name of the credential')))),
  provider: from(required(assumed(text('Cloud provider, such as hetzner'))), { list: 'GET /providers' }),
  token: required(assumed(secret("The provider's API token"))),
};

export default group({
  name: 'credential',
  commands: [
    list(credentials),
    { ...create(credentials, fields), aliases: ['add'] },
    { ...remove(credentials), aliases: ['revoke', 'rm'] },
  ],
});
