import { bytes } from '../base/text.ts';
import { group } from '../cli/language/command.ts';
import { ensure } from '../cli/language/ensure.ts';
import { assumed, natural, required, text } from '../cli/language/options.ts';
import { create, list, remove, resource, show } from '../cli/language/resource.ts';
import { columns } from '../cli/output/view.ts';

const databases = resource({
  noun: 'database',
  path: '/servers/{server}/databases',
  columns: columns('name', 'status', { key: 'size', cell: ({ size }) => bytes(size) }, 'created_at', { key: 'id', wide: true }),
  example: { target: 'shop', parents: '--server db-1', create: 'reports' },
});

const fields = { name: natural(required(assumed(text('Name of the database')))) };

export default group({
  name: 'database',
  commands: [
    list(databases),
    show(databases),
    create(databases, fields),
    ensure(databases, fields, { update: false }),
    remove(databases, { level: 'severe', warning: 'The database and all its data will be lost.' }),
  ],
});
