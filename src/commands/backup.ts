import { bytes } from '../base/text.ts';
import { type Context, command, group } from '../cli/language/command.ts';
import { argument, choice, flag, following, text } from '../cli/language/options.ts';
import { item, listOf, number, objectOf, recordOf, severalOf, word } from '../cli/language/shape.ts';
import { columns, type LateCells, rows } from '../cli/output/view.ts';
import { backupsEndpoint, siteEndpoint } from '../platform/follow/readers.ts';
import { idIn, type Targets } from '../platform/names/names.ts';

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

type NameOf = Context['nameOf'];

const sizeInWords = { key: 'size', cell: ({ size }: Backup) => bytes(size) };

const shown = (nameOf: NameOf) =>
  columns<Backup>(
    { key: 'source', computed: true, cell: (backup) => sourceOf(backup, nameOf) },
    'id',
    'status',
    sizeInWords,
    'created_at',
    { key: 'type', wide: true },
    { key: 'server_id', title: 'Server', cell: ({ server_id }) => nameOf('server', server_id) ?? '', wide: true },
  );

/** What was backed up: `shop`, or `database on db-1` if the name is unknown. */
function sourceOf({ type, server_id, site_id, database_id }: Backup, nameOf: NameOf): string {
  const name = type === 'database' ? nameOf('database', database_id) : nameOf('site', site_id);
  if (name !== undefined) return name;
  const server = nameOf('server', server_id);
  return server === undefined ? type : `${type} on ${server}`;
}

/** Like `sourceOf`, with names that take further requests. */
function sourcesWith(ctx: Context): LateCells['read'] {
  const requested = new Map();
  return async (listed) => {
    const { subjectNames } = await import('../features/backup/choose.ts');
    const nameOf = await subjectNames(ctx, listed, requested);
    return (backup) => sourceOf(backup as unknown as Backup, nameOf);
  };
}

const details = (nameOf: NameOf) =>
  columns<Backup>(
    'type',
    'status',
    sizeInWords,
    { key: 'server_id', title: 'Server', cell: ({ server_id }) => nameOf('server', server_id) },
    { key: 'site_id', title: 'Site', cell: ({ site_id }) => nameOf('site', site_id) },
    { key: 'database_id', title: 'Database', cell: ({ database_id }) => nameOf('database', database_id) },
    'created_at',
    'completed_at',
    'id',
  );

const unnamed = () => undefined;

const ofDatabase = 'GET /servers/{server}/databases/{database}/backups';
const verification = 'POST /backups/{backup}/verify';
const createOfDatabase = 'POST /servers/{server}/databases/{database}/backups';
const createOfApplication = 'POST /backups/application';

const list = command({
  name: 'list',
  aliases: ['ls'],
  summary: 'List backups',
  description:
    'Lists every backup of the organization, those on one server with --server, or those of one database with --database as well.',
  calls: [backupsEndpoint, { when: 'database', instead: ofDatabase }],
  options: {
    status: choice('Filter by status', ['pending', 'in_progress', 'completed', 'failed', 'restored']),
    type: choice('Filter by type', ['application', 'database']),
  },
  prints: () => listOf(recordOf(shown(unnamed))),
  examples: ['list', 'list --status completed --type database', 'list --server db-1', 'list --database shop --server db-1 --json'],
  async run(ctx, { targets: { database }, options: { status, type } }) {
    const found = (backups: readonly Backup[]) => ({
      ...rows(backups, shown(ctx.nameOf), status || type || ctx.isGiven('server') ? 'No matching backups.' : 'No backups.'),
      late: { key: 'source', read: sourcesWith(ctx) },
    });
    if (!database) {
      const { server } = ctx.isGiven('server') ? await ctx.resolve('/servers/{server}') : {};
      const query = { status, type };
      if (!server) return found(await ctx.shown<Backup>(backupsEndpoint, { query }));
      const backups = await ctx.list<Backup>(backupsEndpoint, { query });
      return found(backups.filter(({ server_id }) => idIn(server_id) === server.id));
    }
    // Only the list of the organization takes the filters.
    const backups = await ctx.list<Backup>(ofDatabase);
    return found(backups.filter((item) => (!status || item.status === status) && (!type || item.type === type)));
  },
});

const create = command({
  name: 'create',
  summary: 'Back up a database or site',
  description: 'Use --database and --server to back up a database, or --site to back up the application of a site.',
  calls: [
    { when: 'database', instead: createOfDatabase },
    { when: 'site', instead: createOfApplication },
    { when: 'wait', also: [backupsEndpoint] },
  ],
  options: following,
  fields: { site_id: { ...text('Site: domain or id', 'site'), as: 'site', short: 's' } },
  prints: () => recordOf(details(unnamed)),
  examples: ['create --database shop --server db-1', 'create --site shop.example.com', 'create --site shop.example.com --no-wait --json'],
  async run(ctx, { targets, options: { wait }, body }) {
    const { database, site } = targets;
    const { backUp, backUpPicked } = await import('../features/backup/create.ts');
    const options = { wait, body, columns: details };
    return database || site ? backUp(ctx, targets, () => ctx.call(), options) : backUpPicked(ctx, options);
  },
});

const downloadCommand = command({
  name: 'download',
  reveals: 'rows',
  summary: 'Download a backup to a file',
  description:
    'Without --file, the file gets the name that Deploynix sends. An incomplete download leaves no file. Deploynix allows 10 downloads per hour.',
  effect: 'local',
  calls: 'GET /backups/{backup}/download',
  options: {
    file: { ...text('File or directory to save to, or - for stdout', 'file'), short: 'O' },
    force: flag('Overwrite an existing file'),
  },
  exits: '141 stdout was closed before the download was complete',
  prints: () => objectOf({ id: word, file: word, size: number }),
  examples: [
    'download 01JQ8Z4T9G000000000000BK06',
    'download 01JQ8Z4T9G000000000000BK06 -O shop.sql.gz --force',
    'download 01JQ8Z4T9G000000000000BK06 -O - > shop.sql.gz',
  ],
  run: async (ctx, { targets, options }) =>
    (await import('../features/backup/download.ts')).download(ctx, { backup: targets.backup.id, ...options }),
});

const restore = command({
  name: 'restore',
  summary: 'Restore a database or site from a backup',
  description: [
    'On a terminal, you pick the backup and type the name of the database or site that it overwrites.',
    'Elsewhere, give that name with --confirm: the database, or the domain for an application backup.',
    'If Deploynix does not say what the backup belongs to, it is the id of the backup.',
  ].join(' '),
  calls: [
    { when: 'database', instead: ofDatabase },
    { when: 'site', instead: siteEndpoint },
    backupsEndpoint,
    // A backup needs no look-up of a site that the settings name.
    { when: 'backup', instead: backupsEndpoint },
    'POST /backups/{backup}/restore',
  ],
  consent: { level: 'severe', deferred: true, named: 'the database or site' },
  options: {
    backup: argument(text('Backup: id', 'backup')),
    latest: flag('Restore the newest completed backup of --database or --site'),
    ...following,
  },
  prints: () => recordOf(details(unnamed)),
  examples: ['restore 01JQ8Z4T9G000000000000BK06 --confirm shop', 'restore --latest --database shop --server db-1 --confirm shop'],
  run: async (ctx, { targets, options: { backup, latest, wait }, consent: { confirm } }) => {
    return (await import('../features/backup/restore.ts')).restoreBackup(ctx, {
      backup,
      latest,
      owner: targets,
      confirm,
      wait,
      columns: details(ctx.nameOf),
    });
  },
});

/** What the command line limits a command to. */
async function ownerOf({ isGiven, resolve }: Context): Promise<Partial<Targets>> {
  if (isGiven('database')) return resolve('/servers/{server}/databases/{database}');
  if (isGiven('site')) return resolve('/servers/{server}/sites/{site}');
  return isGiven('server') ? resolve('/servers/{server}') : {};
}

const verify = command({
  name: 'verify',
  summary: 'Check that backups are intact',
  description:
    'With --all, verifies every completed backup, four at a time, and with --latest the newest one of each database and site: of everything, or of --server, --site, or --database with --server. Each takes a request.',
  calls: [
    verification,
    { when: 'all', instead: backupsEndpoint },
    { when: 'latest', instead: backupsEndpoint },
    { when: 'database', instead: ofDatabase },
    { when: 'site', instead: siteEndpoint },
    { when: ['all', 'latest', 'database', 'site'], also: [verification] },
  ],
  named: true,
  targets: 'each',
  options: {
    all: flag('Verify every completed backup'),
    latest: flag('Verify the newest completed backup of each database and site'),
  },
  prints: () => severalOf(item),
  examples: ['verify 01JQ8Z4T9G000000000000BK06', 'verify --latest', 'verify --all --site shop.example.com'],
  run: async (ctx, { targets, options: { all, latest } }) => {
    const { verifyBackup, verifyBackups } = await import('../features/backup/verify.ts');
    const { backup }: Partial<typeof targets> = targets;
    if (backup) return verifyBackup(ctx, backup);
    return verifyBackups(ctx, { all, latest, owner: () => ownerOf(ctx), sources: sourcesWith(ctx) });
  },
});

export default group({
  name: 'backup',
  commands: [list, create, downloadCommand, restore, verify],
});
