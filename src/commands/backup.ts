import { usage } from '../base/errors.ts';
import { bytes } from '../base/text.ts';
import { type Context, command, group } from '../cli/language/command.ts';
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

/** Names things by their ids, as far as they are known. */
type NameOf = Context['nameOf'];

const sizeInWords = { key: 'size', cell: ({ size }: Backup) => bytes(size) };

const shown = (nameOf: NameOf) =>
  columns<Backup>(
    'id',
    { key: 'source', computed: true, cell: (backup) => sourceOf(backup, nameOf) },
    'status',
    sizeInWords,
    'created_at',
    { key: 'type', wide: true },
    { key: 'server_id', title: 'Server', cell: ({ server_id }) => nameOf(server_id), wide: true },
  );

/** What was backed up: `shop`, or `database on db-1` where the name is not known. */
function sourceOf({ type, server_id, site_id, database_id }: Backup, nameOf: NameOf): string {
  const server = nameOf(server_id);
  return nameOf(site_id) ?? nameOf(database_id) ?? (server === undefined ? type : `${type} on ${server}`);
}

const details = (nameOf: NameOf) =>
  columns<Backup>(
    'type',
    'status',
    sizeInWords,
    { key: 'server_id', title: 'Server', cell: ({ server_id }) => nameOf(server_id) },
    { key: 'site_id', title: 'Site', cell: ({ site_id }) => nameOf(site_id) },
    { key: 'database_id', title: 'Database', cell: ({ database_id }) => nameOf(database_id) },
    'created_at',
    'completed_at',
    'id',
  );

const unnamed = () => undefined;

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
  shows: shown(unnamed),
  examples: ['list', 'list --status completed --type database', 'list --database shop --server db-1 --json'],
  async run(ctx, { targets: { database }, options: { status, type } }) {
    const found = (items: readonly Backup[]) => rows(items, shown(ctx.nameOf), status || type ? 'No matching backups.' : 'No backups.');
    if (!database) return found(await ctx.list<Backup>(backupsEndpoint, { query: { status, type } }));
    // Only the organization's list takes the filters.
    const backups = await ctx.list<Backup>(ofDatabase);
    return found(backups.filter((each) => (!status || each.status === status) && (!type || each.type === type)));
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
  shows: details(unnamed),
  examples: ['create --database shop --server db-1', 'create --site shop.example.com', 'create --site shop.example.com --no-wait --json'],
  async run(ctx, { targets: { database, site }, options: { wait } }) {
    if (!database && !site)
      throw usage('A backup of what? Nothing says.', 'Pass --database and its --server, or --site for the application of a site.');
    return workResult(ctx, {
      reader: backupReader(ctx),
      doing: 'backup',
      what: database ? `database ${database.label}` : (site?.label ?? ''),
      start: () => ctx.call(),
      columns: details(ctx.nameOf),
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
  consent: { level: 'severe', affects: affectedBy },
  options: following,
  shows: details(unnamed),
  examples: ['restore 01JQ8Z4T9G000000000000BK06 --confirm shop'],
  run: (ctx, { targets: { backup }, options: { wait } }) =>
    workResult(ctx, {
      reader: backupReader(ctx),
      on: backup.id,
      doing: 'restore',
      what: `backup ${backup.label}`,
      start: () => ctx.call(),
      columns: details(ctx.nameOf),
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
