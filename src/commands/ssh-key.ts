import { group } from '../cli/language/command.ts';
import { ensure } from '../cli/language/ensure.ts';
import { assumed, content, natural, required, text } from '../cli/language/options.ts';
import { create, list, remove, resource, show } from '../cli/language/resource.ts';
import { columns } from '../cli/output/view.ts';

const sshKeys = resource({
  noun: 'ssh_key',
  path: '/servers/{server}/ssh-keys',
  columns: columns('name', 'fingerprint', 'created_at', { key: 'id', wide: true }),
  details: columns('name', 'fingerprint', 'public_key', 'created_at', 'id'),
  example: {
    target: 'ada@laptop',
    parents: '--server web-1',
    create: 'ada@desktop --public-key @~/.ssh/id_ed25519.pub',
  },
});

const fields = {
  name: natural(required(assumed(text('Name of the key, such as ada@laptop')))),
  public_key: required(assumed(content('Public key, such as @~/.ssh/id_ed25519.pub'))),
};

export default group({
  name: 'ssh-key',
  commands: [list(sshKeys), show(sshKeys), create(sshKeys, fields), ensure(sshKeys, fields, { update: false }), remove(sshKeys)],
});
