import { group } from '../cli/language/command.ts';
import { create, list, remove, resource } from '../cli/language/crud.ts';
import { assumed, natural, offered, required, secret, text } from '../cli/language/options.ts';
import { columns } from '../cli/output/view.ts';

interface Credential {
  readonly id: string;
  readonly provider: string;
  readonly name: string;
  readonly created_at: string;
}

const credentials = resource({
  noun: 'credential',
  path: '/providers/credentials',
  columns: columns<Credential>('name', 'provider', 'created_at', 'id'),
  example: { target: 'DigitalOcean', create: "'Hetzner staging' --provider hetzner --token -" },
});

const fields = {
  name: natural(required(assumed(text('Name of the credential')))),
  provider: offered(required(assumed(text('Cloud provider, such as hetzner'))), 'GET /providers'),
  token: required(assumed(secret("The provider's API token"))),
};

export default group({
  name: 'credential',
  noun: 'credential',
  summary: 'Credentials for cloud providers',
  commands: [
    list(credentials),
    { ...create(credentials, fields), aliases: ['add'] },
    { ...remove(credentials), aliases: ['revoke', 'rm'] },
  ],
});
