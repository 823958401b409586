import { group } from '../cli/language/command.ts';
import { ensure } from '../cli/language/ensure.ts';
import { assumed, natural, required, secret, text } from '../cli/language/options.ts';
import { create, list, remove, resource, show, update } from '../cli/language/resource.ts';
import { columns } from '../cli/output/view.ts';

const users = resource({
  noun: 'user',
  path: '/servers/{server}/databases/{database}/users',
  columns: columns('username', 'created_at', { key: 'id', wide: true }),
  details: columns('username', 'password', 'created_at', 'id'),
  example: { target: 'shop', parents: '--database shop --server db-1', create: 'reporting', update: '--password -' },
});

const password = assumed(secret('Password (default: generated and shown once)'));
const fields = { username: natural(required(assumed(text('Username')))), password };

export default group({
  name: 'database-user',
  noun: 'user',
  commands: [
    list(users),
    show(users),
    create(users, fields),
    ensure(users, fields, { generates: true }),
    update(users, { password: assumed(secret('New password')) }),
    remove(users),
  ],
});
