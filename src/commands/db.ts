import { command, group } from '../cli/language/command.ts';
import { count, destination, rest, text } from '../cli/language/options.ts';
import { columns } from '../cli/output/view.ts';
import { databaseCalls } from '../features/database/credentials.ts';

const ways = {
  destination: destination('Site (default: that of the project)'),
  user: text('User to sign in as (default: that of Deploynix)', 'name'),
  port: { ...count('Local port (default: a free one)'), placeholder: 'port' },
};

const tunnel = command({
  name: 'tunnel',
  summary: 'Make the database of a site available on this machine',
  description:
    'Forwards a local port to the database over SSH until Ctrl-C, and reconnects if the connection is lost. With a command after --, it runs the command with DB_HOST, DB_PORT, DB_USERNAME, DB_PASSWORD and so on in its environment instead, and ends with it.',
  calls: databaseCalls,
  options: { ...ways, command: { ...rest('Command to run, after --'), required: false } },
  exits: 'with a command, those of the command',
  shows: columns('host', 'port', 'database', 'username', 'driver'),
  examples: ['tunnel shop.example.com', 'tunnel shop.example.com --port 33061', 'tunnel shop.example.com -- php artisan migrate:status'],
  run: async (ctx, { targets, options }) => (await import('../features/database/tunnel.ts')).openTunnel(ctx, targets, options),
});

const shell = command({
  name: 'shell',
  summary: 'Open a database client for the database of a site',
  description:
    'Runs mysql, mariadb or psql of this machine through a tunnel. Options after -- are for the client. The password is passed in its environment.',
  calls: databaseCalls,
  options: { ...ways, options: { ...rest('Options of the client, after --'), required: false } },
  exits: 'those of the client',
  examples: ['shell shop.example.com', "shell shop.example.com -- -e 'SELECT COUNT(*) FROM users'", 'shell shop.example.com < report.sql'],
  run: async (ctx, { targets, options }) => (await import('../features/database/shell.ts')).openShell(ctx, targets, options),
});

const dump = command({
  name: 'dump',
  summary: 'Save the database of a site to a file',
  calls: databaseCalls,
  examples: ['dump --site shop.example.com'],
  run: async () => {
    throw new Error('not yet');
  },
});

const pull = command({
  name: 'pull',
  summary: 'Copy the database of a site into a local database',
  calls: databaseCalls,
  examples: ['pull --site shop.example.com --confirm shop'],
  run: async () => {
    throw new Error('not yet');
  },
});

export default group({ name: 'db', commands: [tunnel, shell, dump, pull] });
