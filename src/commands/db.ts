import { command, group } from '../cli/language/command.ts';
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
