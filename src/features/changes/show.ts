import { type Detail, DnxError } from '../../base/errors.ts';
import { counted } from '../../base/text.ts';
import { shownTimeIn } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { columns, overview, record } from '../../cli/output/view.ts';
import { git } from '../../machine/git.ts';
import type { Targets } from '../../platform/names/names.ts';
import { inProgress, shortened } from '../deploy/release.ts';
import { readReleases, readSite, siteReference } from '../deploy/site.ts';
import { type ChangePart, type Changes, changesOf } from './changes.ts';
import { type Commit, type Migration, reasonWords } from './clone.ts';
import type { Php } from './php.ts';

/** `dnx changes`. */
export async function changes(ctx: Context, targets: Targets, { fetch, exit_code }: Given<{ fetch: boolean; exit_code: boolean }>) {
  const [site, releases] = await Promise.all([readSite(ctx, siteReference(targets)), readReleases(ctx, siteReference(targets))]);
  const siteRef = siteReference(targets, site.domain);
  const found = await changesOf(ctx, { siteRef, site, releases, fetch });
  const view = shownChanges(found, ctx);
  const going = releases && inProgress(releases).length > 0;
  const note = going ? `A deployment of ${found.site} is in progress. This compares the release that is live now.` : undefined;
  return { view, ...(note !== undefined && { note }), ...(exit_code && { exit: verdictOf(found)?.withHint(note) }) };
}

function verdictOf(found: Changes): DnxError | undefined {
  if (differs(found)) return new DnxError('differences', `The next deployment of ${found.site} would bring changes.`);
  return found.unknown.length > 0 ? new DnxError('failed', 'Not everything is known, and nothing known differs.') : undefined;
}

/** The most commits, and files or keys, that are shown. `--json` has all of them. */
const MOST_SHOWN = 15;
const SUBJECT = 44;

const partNames: Readonly<Record<ChangePart, string>> = {
  commits: 'commits',
  migrations: 'migrations',
  missing_keys: 'variables',
  php: 'PHP version',
};

function shownChanges(changes: Changes, { clock, world }: Context) {
  const time = (at: string) => shownTimeIn(at, { now: clock.now(), terminal: world.stdout.isTTY === true });
  const title = titleOf(changes);
  const details = changeDetails(changes, time);
  const fields = columns<Changes>('site', 'server', 'live', 'target', 'commits', 'undone', 'migrations', 'missing_keys', 'php', 'unknown');
  return isUpToDate(changes) ? record(changes, fields, title, details) : overview(changes, fields, title, details);
}

/** True if the next deployment would change something, or something is wrong. */
export const differs = ({ commits, undone, migrations, missing_keys, php }: Changes): boolean =>
  [commits, undone, migrations, missing_keys].some((item) => item && item.length > 0) || php?.allowed === false;

const isUpToDate = (changes: Changes): boolean => !differs(changes) && changes.unknown.length === 0;

function titleOf(changes: Changes): string {
  const { site, commits, undone, migrations, missing_keys: missing, php, target } = changes;
  if (isUpToDate(changes)) return `${site} is up to date with ${target?.ref}`;
  const found = [
    ...countedList(commits, 'commit'),
    ...countedList(undone, 'undone commit'),
    ...countedList(migrations, 'migration'),
    ...countedList(missing, 'missing variable'),
    ...(php?.allowed === false ? ['a PHP version that is not allowed'] : []),
  ];
  if (found.length > 0) return `Next deployment of ${site}: ${found.join(', ')}`;
  return commits ? `Next deployment of ${site}: no changes that dnx can see` : `Next deployment of ${site}: unknown`;
}

/** `2 migrations`; nothing if there are none. */
export const countedList = (all: readonly unknown[] | null, noun: string): readonly string[] => {
  const count = all?.length ?? 0;
  return count === 0 ? [] : [counted(count, noun)];
};

/** The lines below the title. What was not read has none. */
export function changeDetails(changes: Changes, time: (at: string) => string): readonly Detail[] {
  const { live, target, commits, undone, migrations, missing_keys: missing, php } = changes;
  const lines: readonly (readonly Detail[] | undefined | null | false)[] = [
    live && [['live', liveWords(live, time)]],
    target && [['branch', branchWords(target, time)]],
    commits && shownList('commits', commits, (item) => commitWords(item, time), 'commit'),
    undone && undone.length > 0 && [['undone', undoneWords(undone.length, target?.ref ?? '')]],
    undone && undone.length > 0 && shownList('', undone, (item) => commitWords(item, time), 'commit'),
    migrations && shownList('migrations', migrations, migrationWords, 'migration'),
    missing && shownList('missing', missing, keyWords, 'variable'),
    php !== null && php.current !== null && [['PHP', phpWords(php)]],
    target && target.unpushed > 0 && [['not pushed', unpushedWords(target.unpushed, target.branch)]],
    unknownParts(changes).map((words): Detail => ['unknown', words]),
  ];
  return lines.flatMap((line) => line || []);
}

export const migrationWords = ({ file, change }: Migration): string => `${file}${change === 'modified' ? ' (modified)' : ''}`;
export const keyWords = (key: string): string => key;

/** One line for each, the label only on the first. */
export function shownList<T>(label: string, all: readonly T[], words: (item: T) => string, noun: string): readonly Detail[] {
  if (all.length === 0) return [[label, 'none']];
  const left = all.length - MOST_SHOWN;
  const more = left > 1 ? [`… and ${left} more ${noun}s; --json has all`] : [];
  const some = more.length > 0 ? all.slice(0, MOST_SHOWN) : all;
  return [...some.map(words), ...more].map((item, at) => [at === 0 ? label : '', oneLine(item)]);
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

const commitWords = ({ commit, subject, committed_at }: Commit, time: (at: string) => string): string =>
  `${commit.slice(0, 7)} ${shortened(oneLine(subject), SUBJECT)}, ${time(committed_at)}`;

function liveWords({ release, commit, message, created_at }: NonNullable<Changes['live']>, time: (at: string) => string): string {
  const what = [commit?.slice(0, 7), shortened(message ?? '', SUBJECT)].filter(Boolean).join(' ') || release;
  return oneLine(created_at === null ? what : `${what}, ${time(created_at)}`);
}

function branchWords({ ref, commit, remote, as_of, checked_out }: NonNullable<Changes['target']>, time: (at: string) => string): string {
  const words = [remote === null ? `local branch ${ref}` : ref, commit.slice(0, 7), ...(as_of === null ? [] : [`as of ${time(as_of)}`])];
  return `${words.join(', ')}${checked_out ? ' (checked out here; the API does not name the branch)' : ''}`;
}

const undoneWords = (count: number, ref: string): string =>
  `live has ${count} commit${count === 1 ? '' : 's'} that ${ref} lacks; a deployment would undo ${count === 1 ? 'it' : 'them'}:`;

const unpushedWords = (count: number, branch: string): string =>
  count === 1 ? `1 commit of ${branch} is not pushed` : `${count} commits of ${branch} are not pushed`;

/** `8.1 is not allowed: composer.json requires ^8.2`. */
export function phpWords({ current, required, platform, allowed }: Php): string {
  const requires = [...(required === null ? [] : [required]), ...(platform === null ? [] : [`platform ${platform}`])].join(', ');
  return `${current} is ${allowed ? 'allowed' : 'not allowed'}: composer.json requires ${requires}`;
}

/** Each reason once: `commits, migrations: this directory is not in a Git repository. Run it in a clone.` */
export function unknownParts({ unknown }: Pick<Changes, 'unknown'>): readonly string[] {
  const reasons = [...new Set(unknown.map(({ why }) => why))];
  return reasons.map((reason) => {
    const same = unknown.filter(({ why }) => why === reason);
    const fix = same[0]?.fix ?? null;
    return oneLine(`${same.map(({ what }) => partNames[what]).join(', ')}: ${reasonWords(reason, fix)}`);
  });
}

/** Warns if the branch to deploy has commits in this clone that its remote lacks. Says nothing if Git does not know. */
export async function warnUnpushed({ progress, world }: Context, branch: string): Promise<void> {
  if (branch.includes('\0')) return;
  const done = await git(world, ['for-each-ref', '--format=%(refname) %(upstream:track)', `refs/heads/${branch}`]);
  const lines = (done?.stdout ?? '').split('\n').map((line) => /^(\S+) \[ahead (\d+)/.exec(line));
  const [, , ahead] = lines.find((found) => found?.[1] === `refs/heads/${branch}`) ?? [];
  if (ahead !== undefined)
    progress.warn(`${unpushedWords(Number(ahead), branch)}, so ${ahead === '1' ? 'it is' : 'they are'} not deployed.`);
}
