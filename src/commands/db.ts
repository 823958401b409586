import { usage } from '../base/errors.ts';
import { command, group } from '../cli/language/command.ts';
import { argument, content, flag, list, required, rest, text } from '../cli/language/options.ts';
import { anything, either, listOf, mapOf, nullable, number, objectOf, severalOf, word, words, yes } from '../cli/language/shape.ts';
import { databaseCalls } from '../features/database/credentials.ts';
import { localPort, userOption } from '../features/remote/options.ts';

const forwarding = {
  user: userOption,
  port: localPort,
};

/** Rejects what is no id of a connection. */
function checkIds(ids: readonly string[]): void {
  const wrong = ids.find((id) => !/^[1-9]\d{0,18}$/.test(id));
  if (wrong !== undefined) throw usage(`'${wrong}' is not an id.`, 'See: dnx db ps');
}

const dumped = { database: word, bytes: number, duration_s: number };

const tunnel = command({
  name: 'tunnel',
  reach: 'server',
  summary: 'Make the database of a site available on this machine',
  description:
    'Forwards a local port to the database over SSH until Ctrl-C, and reconnects if the connection is lost. With a command after --, it runs the command with DB_HOST, DB_PORT, DB_USERNAME, DB_PASSWORD and so on in its environment instead, and ends with it.',
  effect: 'program',
  calls: databaseCalls,
  checks: true,
  options: { ...forwarding, command: { ...rest('Command to run, after --'), required: false } },
  exits: 'with a command, those of the command',
  prints: async () => (await import('../features/database/tunnel.ts')).databaseTunnel,
  examples: ['tunnel shop.example.com', 'tunnel shop.example.com --port 33061', 'tunnel shop.example.com -- php artisan migrate:status'],
  run: async (ctx, { targets, options }) => (await import('../features/database/tunnel.ts')).openTunnel(ctx, targets, options),
});

const shell = command({
  name: 'shell',
  reach: 'server',
  summary: 'Open a database client for the database of a site',
  description:
    'Runs mysql, mariadb or psql of this machine through a tunnel. Options after -- are for the client. The password is passed in its environment.',
  effect: 'program',
  calls: databaseCalls,
  checks: true,
  options: { ...forwarding, options: { ...rest('Options of the client, after --'), required: false } },
  exits: 'those of the client',
  examples: ['shell shop.example.com', "shell shop.example.com -- -e 'SELECT COUNT(*) FROM users'", 'shell shop.example.com < report.sql'],
  run: async (ctx, { targets, options }) => (await import('../features/database/tunnel.ts')).openShell(ctx, targets, options),
});

const anonymized = { anonymized: nullable(words), uncovered: nullable(words) };

const rowless = {
  anonymize: text('YAML file of rules that replace personal data on the server, such as users.email: email', 'file'),
  exclude_table_data: { ...list('Leave out the rows of this table; * stands for any text', 'table') },
  only: { ...list('Leave out the rows of all other tables', 'table') },
};

const query = command({
  name: 'query',
  reveals: 'rows',
  summary: 'Run a statement in the database of a site, and print its rows',
  description:
    'The statement runs on the server of the site. Without --write it must be one that reads, and the database refuses to write. Ctrl-C ends it in the database. Every value is text, as the database prints it, or null.',
  calls: databaseCalls,
  checks: true,
  options: {
    user: userOption,
    sql: { ...argument(required(content('Statement in SQL'))), placeholder: 'sql|@file|-', follows: true },
    write: { ...flag('Let the statement change the database'), effect: 'change', reach: 'server' },
  },
  prints: () => either(listOf(mapOf(nullable(word))), objectOf({ site: word, database: word, rows_changed: number })),
  examples: [
    "query shop.example.com 'SELECT COUNT(*) FROM orders'",
    "query shop.example.com 'SELECT id, total FROM orders ORDER BY id LIMIT 5' -o csv",
    "query shop.example.com 'DELETE FROM orders WHERE id = 7' --write",
  ],
  run: async (ctx, { targets, options }) => (await import('../features/database/query.ts')).query(ctx, targets, options),
});

const ps = command({
  name: 'ps',
  reveals: 'rows',
  summary: 'List the connections to the database of a site',
  description:
    'Shows what each of them runs, for how long, and which others it waits for. An account of MySQL or MariaDB without the privilege PROCESS sees its own connections only.',
  calls: databaseCalls,
  checks: true,
  options: { user: userOption },
  prints: async () => listOf((await import('../features/database/processes.ts')).processShape),
  examples: ['ps shop.example.com', 'ps shop.example.com --json'],
  run: async (ctx, { targets, options }) => (await import('../features/database/processes.ts')).listProcesses(ctx, targets, options),
});

const kill = command({
  name: 'kill',
  summary: 'Stop queries in the database of a site',
  description: 'Stops what the connection runs and leaves it open, or with --connection closes it, which ends its transaction, too.',
  effect: 'change',
  reach: 'server',
  calls: databaseCalls,
  checks: true,
  consent: { level: 'moderate', deferred: true },
  options: {
    user: userOption,
    id: { ...argument(required(list('Ids of connections, as in dnx db ps', 'id'))), follows: true, check: checkIds },
    connection: flag('Close the connection'),
  },
  exits: '6 there is no such connection (any more)',
  prints: async () => severalOf(objectOf({ id: number, user: word, state: word, query: nullable(word), connection: yes })),
  examples: ['kill shop.example.com 412', 'kill shop.example.com 412 --connection --yes'],
  run: async (ctx, { targets, options, consent }) =>
    (await import('../features/database/processes.ts')).kill(ctx, targets, options, consent),
});

const dump = command({
  name: 'dump',
  reveals: 'rows',
  summary: 'Save the database of a site to a file',
  description:
    'The dump runs on the server of the site, over SSH. The file is compressed, unless its name ends in .sql. An incomplete dump leaves no file.',
  effect: 'local',
  calls: databaseCalls,
  checks: true,
  options: {
    user: userOption,
    file: { ...text('File or directory to save to, or - for stdout', 'file'), short: 'O' },
    force: flag('Overwrite an existing file'),
    schema_only: flag('Leave out the rows'),
    ...rowless,
  },
  exits: '141 stdout was closed before the dump was complete',
  prints: () => objectOf({ ...dumped, site: word, file: word, size: number, ...anonymized }),
  examples: ['dump shop.example.com', 'dump shop.example.com -O shop.sql --force', 'dump shop.example.com -O - > shop.sql'],
  run: async (ctx, { targets, options }) => (await import('../features/database/dump.ts')).dump(ctx, targets, options),
});

const pull = command({
  name: 'pull',
  reveals: 'rows',
  summary: 'Copy the database of a site into a local database',
  description: [
    'Replaces the database in the .env of the working directory.',
    'The old copy is kept until the new one is complete, so a failed pull changes nothing.',
  ].join(' '),
  effect: 'local',
  calls: databaseCalls,
  checks: true,
  consent: { level: 'severe', deferred: true, named: 'the local database' },
  options: {
    user: userOption,
    // Not --env-file, which Node itself would read.
    into: text('Dotenv file that names the local database (default .env)', 'file'),
    ...rowless,
    force: flag('Disconnect the users of a local PostgreSQL database'),
    trust_server: flag('Let the dump use every right of the local account, such as to run programs'),
  },
  prints: () =>
    objectOf({
      ...dumped,
      site: word,
      local_database: word,
      host: anything,
      port: anything,
      socket: nullable(word),
      tables: number,
      without_rows: words,
      ...anonymized,
    }),
  examples: [
    'pull shop.example.com',
    'pull shop.example.com --confirm shop_local',
    'pull shop.example.com --into .env.local --confirm shop_local',
    'pull shop.example.com --anonymize anonymize.yml',
    "pull shop.example.com --exclude-table-data sessions --exclude-table-data 'telescope_*'",
  ],
  run: async (ctx, { targets, options, consent }) =>
    (await import('../features/database/replace.ts')).pull(ctx, targets, {
      ...options,
      trust: options.trust_server,
      confirm: consent.confirm,
    }),
});

const importing = command({
  name: 'import',
  summary: 'Replace a local database, or that of a site, by a dump',
  description: [
    'Without a site, also in a linked project, replaces the database in the .env of the working directory, as pull does.',
    'With a site, first saves its database to a file, and says how to get it back.',
    'The dump is SQL, which may be compressed with gzip.',
  ].join(' '),
  calls: databaseCalls,
  targets: 'optional',
  named: true,
  checks: true,
  consent: { level: 'severe', deferred: true, named: 'the local database or the site' },
  options: {
    file: { ...argument(required(text('Dump, such as shop.sql.gz', 'file'))), follows: true },
    user: userOption,
    into: text('Dotenv file that names the local database (default .env)', 'file'),
    force: flag('Disconnect the users of a local PostgreSQL database'),
    trust_dump: flag('Let the dump use every right of the local account, such as to run programs'),
  },
  prints: () =>
    either(
      objectOf({ file: word, local_database: word, tables: number, bytes: number, duration_s: number }),
      objectOf({ ...dumped, site: word, file: word, saved: word }),
    ),
  examples: [
    'import shop.sql.gz',
    'import shop.sql.gz --confirm shop_local',
    'import shop.example.com shop.sql.gz --confirm shop.example.com',
  ],
  run: async (ctx, { targets, options, consent }) =>
    (await import('../features/database/import.ts')).importDump(ctx, targets, {
      ...options,
      trust: options.trust_dump,
      confirm: consent.confirm,
    }),
});

export default group({ name: 'db', noun: 'site', commands: [tunnel, shell, query, ps, kill, dump, pull, importing] });
