import { usage } from '../base/errors.ts';
import { bytes } from '../base/text.ts';
import { command, group } from '../cli/language/command.ts';
import { choice, flag, following, text } from '../cli/language/options.ts';
import { action } from '../cli/language/resource.ts';
import { columns, rows } from '../cli/output/view.ts';
import { workResult } from '../cli/run/work-result.ts';
import { affectedBy } from '../features/backup/affected.ts';
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

const resume = () => ['backup', 'list'];

const list = command({
  name: 'list',
  aliases: ['ls'],
  summary: 'List backups',
  description: 'Of the whole organization, or with --database of one database.',
  calls: [backupsEndpoint, { when: 'database', instead: ofDatabase }],
  options: {
    status: choice('Only those in this status', ['pending', 'in_progress', 'completed', 'failed', 'restored']),
    type: choice('Only those of this kind', ['application', 'database']),
  },
  shows: shown,
  examples: ['list', 'list --status completed --type database', 'list --database shop --server db-1 --json'],
  async run(ctx, { targets: { database }, options: { status, type } }) {
    if (!database) return rows(await ctx.list<Backup>(backupsEndpoint, { query: { status, type } }), shown, 'No such backups.');
    // Only the organization's list takes the filters.
    const backups = await ctx.list<Backup>(ofDatabase);
    const wanted = backups.filter((each) => (!status || each.status === status) && (!type || each.type === type));
    return rows(wanted, shown, 'No such backups.');
  },
});

const create = command({
  name: 'create',
  summary: 'Back up a database, or the application of a site',
  description: 'With --database, that database of a server; with --site, the application.',
  calls: [
    { when: 'database', instead: createOfDatabase },
    { when: 'site', instead: createOfApplication },
    { when: 'wait', also: [backupsEndpoint] },
  ],
  options: following,
  fields: { site_id: { ...text('The site whose application to back up: domain or id', 'site'), as: 'site' } },
  shows: details,
  examples: ['create --database shop --server db-1', 'create --site shop.example.com', 'create --site shop.example.com --no-wait --json'],
  async run(ctx, { targets: { database, site }, options: { wait } }) {
    if (!database && !site)
      throw usage('A backup of what? Nothing says.', 'Pass --database and its --server, or --site for the application of a site.');
    return workResult(ctx, {
      reader: backupReader(ctx),
      doing: 'backup',
      what: database ? `database ${database.label}` : (site?.label ?? ''),
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
  description: 'The file is there whole or not at all, under the name that Deploynix gives it. Deploynix allows 10 downloads an hour.',
  calls: 'GET /backups/{backup}/download',
  options: {
    file: { ...text('Where to: a file, a folder, or - for standard output', 'file'), short: 'O' },
    force: flag('Overwrite the file if it is there'),
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
  summary: 'Restore from a backup',
  description: '--confirm takes the name of the database that is overwritten, or for the backup of an application the domain of its site.',
  calls: ['POST /backups/{backup}/restore', backupsEndpoint],
  consent: { level: 'severe', affects: affectedBy, named: 'the database or site' },
  options: following,
  shows: details,
  examples: ['restore 01JQ8Z4T9G000000000000BK06 --confirm shop'],
  run: (ctx, { targets: { backup }, options: { wait } }) =>
    workResult(ctx, {
      reader: backupReader(ctx),
      on: backup.id,
      doing: 'restore',
      what: `backup ${backup.label}`,
      start: () => ctx.call(),
      columns: details,
      wait,
      resume,
    }),
});

export default group({
  name: 'backup',
  commands: [
    list,
    create,
    downloadCommand,
    restore,
    action({
      name: 'verify',
      summary: 'Check that a backup is intact',
      calls: 'POST /backups/{backup}/verify',
      targets: 'each',
      done: 'The backup is intact.',
      examples: ['verify 01JQ8Z4T9G000000000000BK06'],
    }),
  ],
});
