import { usage } from '../base/errors.ts';
import { bytes } from '../base/text.ts';
import { command, group } from '../cli/language/command.ts';
import { action } from '../cli/language/crud.ts';
import { choice, flag, text, using, waiting, within } from '../cli/language/options.ts';
import { columns, rows } from '../cli/output/view.ts';
import { startAndFollow } from '../cli/run/start-and-follow.ts';
import { download } from '../features/backup/download.ts';
import { backupReader, backupsEndpoint } from '../platform/follow/backup.ts';

interface Backup {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly size: number | null;
  readonly server_id: string;
  readonly site_id: string | null;
  readonly database_id: string | null;
  readonly created_at: string;
  readonly completed_at: string | null;
}

const shown = columns<Backup>(
  'id',
  'type',
  'status',
  { key: 'size', cell: ({ size }) => bytes(size) },
  { key: 'database_id', title: 'Database or site', cell: ({ database_id, site_id }) => database_id ?? site_id },
  'created_at',
);

const details = columns<Backup>(
  'id',
  'type',
  'status',
  { key: 'size', cell: ({ size }) => bytes(size) },
  'server_id',
  'site_id',
  'database_id',
  'created_at',
  'completed_at',
);

const ofDatabase = 'GET /servers/{server}/databases/{database}/backups';
const createOfDatabase = 'POST /servers/{server}/databases/{database}/backups';
const createOfApplication = 'POST /backups/application';

const wait = waiting(backupsEndpoint);
const look = () => 'dnx backup list';

const list = command({
  name: 'list',
  aliases: ['ls'],
  summary: 'List backups',
  description: 'Of the whole organization, or with --database of one database.',
  endpoint: backupsEndpoint,
  options: {
    status: choice('Only those in this status', ['pending', 'in_progress', 'completed', 'failed', 'restored']),
    type: choice('Only those of this kind', ['application', 'database']),
    database: within(text('Only those of this database: name or id', 'database'), ofDatabase),
  },
  shows: shown,
  examples: ['list', 'list --status completed --type database', 'list --database shop --server db-1 --json'],
  async run(ctx, { status, type, database }) {
    const server = ctx.targets.server?.id;
    if (database === undefined || server === undefined) {
      return rows(await ctx.api.list<Backup>(backupsEndpoint, {}, { query: { status, type } }), shown, 'No such backups.');
    }
    // Only the organization's list takes the filters.
    const backups = await ctx.api.list<Backup>(ofDatabase, { server, database });
    const wanted = backups.filter((each) => (!status || each.status === status) && (!type || each.type === type));
    return rows(wanted, shown, 'No such backups.');
  },
});

const create = command({
  name: 'create',
  summary: 'Back up a database, or the application of a site',
  description: 'With --database, that database of a server; with --site, the application.',
  options: {
    server: text('The server: name or id', 'server'),
    database: using(text('The database to back up: name or id', 'database'), createOfDatabase),
    site: using(text('The site whose application to back up: domain or id', 'site'), createOfApplication),
    ...wait,
  },
  body: true,
  shows: details,
  examples: ['create --database shop --server db-1', 'create --site shop.example.com', 'create --site shop.example.com --no-wait --json'],
  async run(ctx, { server, database, site, wait, timeout, ...rest }) {
    const { extra } = rest as { extra?: object };
    if (database !== undefined && site !== undefined) throw usage('A backup is of a database or of a site, not of both.');
    const following = { doing: 'backup', reader: backupReader(ctx), columns: details, wait, timeout, look };
    if (database !== undefined) {
      const targets = await ctx.resolve(createOfDatabase, { server, database });
      const place = { server: targets.server?.id, database: targets.database?.id };
      return startAndFollow(ctx, {
        ...following,
        what: `database ${targets.database?.label ?? database}`,
        start: () => ctx.api.send(createOfDatabase, place, { body: extra }),
      });
    }
    if (site === undefined && ctx.settings.site === undefined) {
      throw usage('A backup of what? Nothing says.', 'Pass --database and its --server, or --site for the application of a site.');
    }
    const targets = await ctx.resolve('GET /servers/{server}/sites/{site}', { server, site });
    return startAndFollow(ctx, {
      ...following,
      what: targets.site?.label ?? 'the site',
      start: () => ctx.api.send(createOfApplication, {}, { body: { site_id: targets.site?.id, ...extra } }),
    });
  },
});

const downloadCommand = command({
  name: 'download',
  summary: 'Download a backup to a file',
  description: 'The file is there whole or not at all, under the name that Deploynix gives it. Deploynix allows 10 downloads an hour.',
  endpoint: 'GET /backups/{backup}/download',
  options: {
    file: { ...text('Where to: a file, a folder, or - for standard output', 'file'), short: 'O' },
    force: flag('Overwrite the file if it is there'),
  },
  examples: [
    'download 01JQ8Z4T9G000000000000BK06',
    'download 01JQ8Z4T9G000000000000BK06 -O shop.sql.gz --force',
    'download 01JQ8Z4T9G000000000000BK06 -O - > shop.sql.gz',
  ],
  run: (ctx, { backup, file, force }) => download(ctx, { backup, file, force }),
});

const restore = command({
  name: 'restore',
  summary: 'Restore from a backup',
  endpoint: 'POST /backups/{backup}/restore',
  consent: { level: 'severe', warning: 'What is there now is overwritten by what is in the backup.' },
  options: wait,
  shows: details,
  examples: ['restore 01JQ8Z4T9G000000000000BK06 --confirm 01JQ8Z4T9G000000000000BK06'],
  run: (ctx, { backup, wait, timeout }) =>
    startAndFollow(ctx, {
      reader: backupReader(ctx),
      on: backup,
      doing: 'restore',
      what: `backup ${backup}`,
      start: () => ctx.api.send('POST /backups/{backup}/restore', { backup }),
      columns: details,
      wait,
      timeout,
      look,
    }),
});

export default group({
  name: 'backup',
  noun: 'backup',
  summary: 'Backups of databases and applications',
  commands: [
    list,
    create,
    downloadCommand,
    restore,
    action({
      name: 'verify',
      summary: 'Check that a backup is intact',
      endpoint: 'POST /backups/{backup}/verify',
      many: true,
      done: 'The backup is intact.',
      examples: ['verify 01JQ8Z4T9G000000000000BK06'],
    }),
  ],
});
