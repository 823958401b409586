import { usage } from '../base/errors.ts';
import { bytes } from '../base/text.ts';
import { command, group } from '../cli/language/command.ts';
import { argument, choice, flag, following, text } from '../cli/language/options.ts';
import { columns, done, rows } from '../cli/output/view.ts';
import { workResult } from '../cli/run/work-result.ts';
import { download } from '../features/backup/download.ts';
import { siteEndpoint } from '../features/deploy/snapshot.ts';
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

const resume = () => ['backup', 'list'];

const list = command({
  name: 'list',
  aliases: ['ls'],
  summary: 'List backups',
  description: 'Lists the backups of the organization, or with --database of one database.',
  calls: [backupsEndpoint, { when: 'database', instead: ofDatabase }],
  options: {
    status: choice('Only backups with this status', ['pending', 'in_progress', 'completed', 'failed', 'restored']),
    type: choice('Only backups of this type', ['application', 'database']),
  },
  shows: shown,
  examples: ['list', 'list --status completed --type database', 'list --database shop --server db-1 --json'],
  async run(ctx, { targets: { database }, options: { status, type } }) {
    if (!database) return rows(await ctx.list<Backup>(backupsEndpoint, { query: { status, type } }), shown, 'No backups.');
    // Only the list of the organization takes the filters.
    const backups = await ctx.list<Backup>(ofDatabase);
    const wanted = backups.filter((each) => (!status || each.status === status) && (!type || each.type === type));
    return rows(wanted, shown, 'No backups.');
  },
});

const create = command({
  name: 'create',
  summary: 'Back up a database, or the application of a site',
  description: 'Use --database with --server for a database, or --site for the application of a site.',
  calls: [
    { when: 'database', instead: createOfDatabase },
    { when: 'site', instead: createOfApplication },
    { when: 'wait', also: [backupsEndpoint] },
  ],
  options: following,
  fields: { site_id: { ...text('Site whose application to back up: domain or id', 'site'), as: 'site' } },
  shows: details,
  examples: ['create --database shop --server db-1', 'create --site shop.example.com', 'create --site shop.example.com --no-wait --json'],
  async run(ctx, { targets: { database, site }, options: { wait } }) {
    if (!database && !site)
      throw usage('No database or site given.', 'Use --database with --server, or --site for the application of a site.');
    const what = database ? `database ${database.label}` : (site?.label ?? '');
    return workResult(ctx, {
      reader: backupReader(ctx),
      what,
      job: `backup of ${what}`,
      doing: `Backing up ${what}`,
      did: `Backed up ${what}`,
      start: () => ctx.call(),
      columns: details,
      wait,
      resume,
    });
  },
});

const downloadCommand = command({
  name: 'download',
  summary: 'Download a backup to a file',
  description:
    'An incomplete download leaves no file. The default name is the one that Deploynix sends. Deploynix allows 10 downloads an hour.',
  calls: 'GET /backups/{backup}/download',
  options: {
    file: { ...text('File or folder to save to, or - for standard output', 'file'), short: 'O' },
    force: flag('Overwrite an existing file'),
  },
  examples: [
    'download 01JQ8Z4T9G000000000000BK06',
    'download 01JQ8Z4T9G000000000000BK06 -O shop.sql.gz --force',
    'download 01JQ8Z4T9G000000000000BK06 -O - > shop.sql.gz',
  ],
  run: (ctx, { targets, options }) => download(ctx, { backup: targets.backup.id, ...options }),
});

const restore = command({
  name: 'restore',
  summary: 'Restore a database or site from a backup',
  description: [
    'On a terminal you pick the backup and type the name of what it overwrites.',
    '--confirm takes that name: of the database, or the domain of the site for an application backup.',
  ].join(' '),
  calls: [
    { when: 'database', instead: ofDatabase },
    { when: 'site', instead: siteEndpoint },
    backupsEndpoint,
    // A backup needs no look-up of a site that the settings name.
    { when: 'backup', instead: backupsEndpoint },
    'POST /backups/{backup}/restore',
  ],
  consent: { level: 'severe', deferred: true },
  options: {
    backup: argument(text('Backup: its id', 'backup')),
    latest: flag('Restore the newest completed backup of --database or --site'),
    ...following,
  },
  shows: details,
  examples: ['restore 01JQ8Z4T9G000000000000BK06 --confirm shop', 'restore --latest --database shop --server db-1 --confirm shop'],
  run: async (ctx, { targets: { database, site }, options: { backup, latest, wait }, consent: { confirm } }) => {
    const of = { ...(database && { database }), ...(site && { site }) };
    return (await import('../features/backup/restore.ts')).restore(ctx, { backup, latest, of, confirm, wait, columns: details });
  },
});

const verify = command({
  name: 'verify',
  summary: 'Check that a backup is intact',
  calls: 'POST /backups/{backup}/verify',
  targets: 'each',
  examples: ['verify 01JQ8Z4T9G000000000000BK06'],
  run: async (ctx, { targets: { backup } }) => {
    const { data, message } = await ctx.call<object>();
    return done(`Backup ${backup.label} is intact`, data ?? { message: message ?? 'The backup is intact.' });
  },
});

export default group({
  name: 'backup',
  commands: [list, create, downloadCommand, restore, verify],
});
