import { DnxError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { backupsEndpoint } from '../../platform/follow/readers.ts';
import { called, idIn, type Target, type Targets } from '../../platform/names/names.ts';
import { newestOf } from './newest.ts';
import { subjectOf } from './subject.ts';

/** How a command line chooses a backup. */
export interface BackupChoice {
  /** An id. */
  readonly backup: string | undefined;
  readonly latest: boolean | undefined;
  /** A database or a site with its server, or nothing. */
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

/** Finds the backup by id, as the newest completed one, or with a prompt. Throws if it is not a backup of the database or site that is named. */
export async function findBackup(
  ctx: Pick<Context, 'api' | 'ask' | 'clock' | 'progress' | 'world'>,
  { backup, latest, of }: BackupChoice,
): Promise<JsonObject> {
  const all = await ctx.api.list<JsonObject>(backupsEndpoint);
  const named = namedIn(of);
  const own = named ? all.filter((each) => isOf(each, named)) : all;
  if (backup !== undefined) {
    const found = all.find(({ id }) => idIn(id) === backup);
    if (!found) throw new DnxError('not_found', `Backup '${backup}' not found.`, { next: [seeBackups] });
    if (named && !own.includes(found))
      throw usage(`Backup ${backup} is not a backup of ${whereIs(named)}. Nothing was changed.`, undefined, seeBackups);
    return found;
  }
  if (latest && named) return newestOf(own, wordsFor(named), ctx.clock.now());
  return (await import('./pick.ts')).pickBackup(ctx, own, named ? ` of ${wordsFor(named)}` : '');
}

/** The database or site that a command line names, and its server. */
interface Named {
  readonly noun: 'database' | 'site';
  readonly target: Target;
  readonly server: Target | undefined;
}

function namedIn({ database, site, server }: Partial<Targets>): Named | undefined {
  if (database) return { noun: 'database', target: database, server };
  return site && { noun: 'site', target: site, server };
}

const wordsFor = ({ noun, target }: Named): string => (noun === 'database' ? called(noun, target) : target.label);

const whereIs = (named: Named): string => `${wordsFor(named)}${named.server ? ` on ${named.server.label}` : ''}`;

function isOf(backup: JsonObject, { noun, target, server }: Named): boolean {
  const subject = subjectOf(backup);
  return subject?.noun === noun && subject.id === target.id && (server === undefined || subject.server === server.id);
}
