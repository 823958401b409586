import { DnxError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { phaseOf } from '../../base/status.ts';
import { bytes, wordOf } from '../../base/text.ts';
import { ago, shownDay, timeOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { backupsEndpoint } from '../../platform/follow/backup.ts';
import { idIn, type Targets } from '../../platform/names/names.ts';

/** How a command line chooses a backup. */
export interface BackupChoice {
  /** An id. */
  readonly backup: string | undefined;
  readonly latest: boolean | undefined;
  /** A database with its server, a site, or neither. */
  readonly of: Partial<Targets>;
}

const seeBackups = { command: ['backup', 'list'], why: 'See' };

/** Fails if the command line does not choose exactly one backup. */
export function requireChoice({ backup, latest, of }: BackupChoice, { allowed }: Pick<Context['ask'], 'allowed'>): void {
  if (backup !== undefined && latest) throw usage('--latest cannot be combined with a backup.', 'Use only one of them.');
  if (latest && !of.database && !of.site) throw usage('--latest needs a database or site.', 'Use --database with --server, or --site.');
  if (backup === undefined && !latest && !allowed)
    throw usage('No backup given. Use --latest with --database or --site, or run in a terminal to pick one.', undefined, seeBackups);
}

/** Finds the backup by id, as the newest completed one, or with a prompt. */
export async function findBackup(ctx: Pick<Context, 'api' | 'ask' | 'clock'>, choice: BackupChoice): Promise<JsonObject> {
  const { backup, latest, of } = choice;
  const all = await ctx.api.list<JsonObject>(backupsEndpoint);
  if (backup !== undefined) {
    const found = all.find(({ id }) => idIn(id) === backup);
    if (!found) throw new DnxError('not_found', `Backup '${backup}' not found.`, { next: [seeBackups] });
    return found;
  }
  const completed = all.filter(({ status }) => phaseOf(status) === 'good').sort((one, other) => timeIn(other) - timeIn(one));
  const own = completed.filter(({ database_id, site_id }) =>
    of.database ? wordOf(database_id) === of.database.id : !of.site || wordOf(site_id) === of.site.id,
  );
  const [newest] = own;
  if (!newest) {
    const what = of.database ? ` of database ${of.database.label}` : of.site ? ` of ${of.site.label}` : '';
    throw new DnxError('not_found', `No completed backup${what} found.`, { next: [seeBackups] });
  }
  return latest ? newest : pick(ctx, own);
}

/** Prompts for a backup by name, type, age and size. */
async function pick({ api, ask, clock }: Pick<Context, 'api' | 'ask' | 'clock'>, backups: readonly JsonObject[]): Promise<JsonObject> {
  const names = await namesOf(api, backups);
  const cells = backups.map((each) => [
    names.get(subjectOf(each)) ?? subjectOf(each),
    wordOf(each.type),
    ago(wordOf(each.created_at), clock.now()),
    wordOf(bytes(each.size)),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const rows = cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return ask.select(
    'Restore which backup?',
    backups.map((value, index) => ({ name: (rows[index] ?? '').trimEnd(), short: `${cells[index]?.[0]}, ${cells[index]?.[2]}`, value })),
  );
}

const subjectOf = ({ database_id, site_id }: JsonObject): string => wordOf(database_id) || wordOf(site_id);

/** The names of the databases and sites of these backups, by id. Skips what the token cannot read. */
async function namesOf(api: Context['api'], backups: readonly JsonObject[]): Promise<ReadonlyMap<string, string>> {
  const servers = [...new Set(backups.map(({ server_id }) => wordOf(server_id)).filter(Boolean))];
  const lists = await Promise.all(
    servers.flatMap((server) =>
      (['GET /servers/{server}/databases', 'GET /servers/{server}/sites'] as const).map((endpoint) =>
        api.list<JsonObject>(endpoint, { server }).catch(() => []),
      ),
    ),
  );
  return new Map(lists.flat().map(({ id, name, domain }) => [wordOf(id), wordOf(name) || wordOf(domain)]));
}

const timeIn = ({ created_at }: JsonObject): number => timeOf(created_at) ?? 0;

/** `24 Nov 03:07 UTC (416 kB)`. */
export function describe({ created_at, size }: JsonObject): string {
  const parts = [shownDay(created_at), typeof size === 'number' ? `(${bytes(size)})` : ''];
  return parts.filter(Boolean).join(' ');
}
