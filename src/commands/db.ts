import { command, group } from '../cli/language/command.ts';
import { destination, flag, text } from '../cli/language/options.ts';
import { databaseCalls } from '../features/database/credentials.ts';

const tunnel = command({
  name: 'tunnel',
  summary: 'Make the database of a site available on this machine',
  calls: databaseCalls,
  examples: ['tunnel --site shop.example.com'],
  run: async () => {
    throw new Error('not yet');
  },
});

const shell = command({
  name: 'shell',
  summary: 'Open a database client for the database of a site',
  calls: databaseCalls,
  examples: ['shell --site shop.example.com'],
  run: async () => {
    throw new Error('not yet');
  },
});

const user = text('User to sign in as (default: that of Deploynix)', 'name');

const dump = command({
  name: 'dump',
  summary: 'Save the database of a site to a file',
  description:
    'The dump runs on the server of the site, over SSH. The file is compressed, unless its name ends in .sql. An incomplete dump leaves no file.',
  calls: databaseCalls,
  options: {
    destination: destination('Site (default: that of the project)'),
    file: { ...text('File or directory to save to, or - for stdout', 'file'), short: 'O' },
    force: flag('Overwrite an existing file'),
    schema_only: flag('Leave out the rows'),
    user,
  },
  examples: ['dump shop.example.com', 'dump shop.example.com -O shop.sql --force', 'dump shop.example.com -O - > shop.sql'],
  run: async (ctx, { targets, options }) => (await import('../features/database/dump/dump.ts')).dump(ctx, targets, options),
});

const pull = command({
  name: 'pull',
  summary: 'Copy the database of a site into a local database',
  description: [
    'Replaces the database in the .env of the working directory.',
    'The old copy is kept until the new one is complete, so a failed pull changes nothing.',
  ].join(' '),
  calls: databaseCalls,
  consent: { level: 'severe', deferred: true, named: 'the local database' },
  options: {
    destination: destination('Site (default: that of the project)'),
    // Not --env-file, which Node itself would read.
    into: text('Dotenv file that names the local database (default .env)', 'file'),
    force: flag('Disconnect the users of a local PostgreSQL database'),
    user,
  },
  examples: [
    'pull shop.example.com',
    'pull shop.example.com --confirm shop_local',
    'pull shop.example.com --into .env.local --confirm shop_local',
  ],
  run: async (ctx, { targets, options, consent }) =>
    (await import('../features/database/pull/pull.ts')).pull(ctx, targets, { ...options, confirm: consent.confirm }),
});

export default group({ name: 'db', commands: [tunnel, shell, dump, pull] });
