import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cancelled, DnxError, usage } from '../../base/errors.ts';
import { bytes, counted, quotedName } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { either, listOf, number, objectOf, word } from '../../cli/language/shape.ts';
import { columns, done, rows } from '../../cli/output/view.ts';
import { confirmName, requireName } from '../../cli/run/consent.ts';
import { pathToWrite } from '../../machine/files/own-files.ts';
import type { Targets } from '../../platform/names/names.ts';
import { readSiteOnMachine, type SiteOnMachine, siteDirectories } from '../remote/machine.ts';
import type { SiteOptions } from '../remote/options.ts';
import SITE from '../remote/site.sh';
import { scripted } from '../remote/ssh.ts';
import { isDirectoryAt } from './local-files.ts';
import PATHS from './paths.sh';
import STORAGE from './storage.sh';
import { type Change, change, hasRsync, requireCopied, rsync, sumOf, type Transferred } from './transfer.ts';

/** What scripts get: with `--dry-run`, each change. */
export const synchronized = either(
  objectOf({ site: word, directory: word, files: number, bytes: number, deleted: number, duration_s: number }),
  listOf(change),
);

type StorageOptions = SiteOptions &
  Given<{ directory: string; exclude: readonly string[]; delete: boolean; dry_run: boolean; confirm: string }> & { readonly yes: boolean };

/** Both directories, and what to leave out. */
interface Sides {
  readonly toSite: boolean;
  readonly place: SiteOnMachine;
  /** An absolute path here, and as the user named it. */
  readonly path: string;
  readonly shown: string;
  readonly exclude: readonly string[];
  readonly directories: readonly string[];
}

/** `dnx storage pull` and `push`: makes storage/app here like that of a site, or the other way around. Deletes only what was listed before. */
export async function synchronize(ctx: Context, targets: Targets, toSite: boolean, options: StorageOptions) {
  const { clock, progress } = ctx;
  const { dry_run: isDry = false, confirm, exclude = [] } = options;
  if (options.delete && !isDry && confirm === undefined && !ctx.ask.allowed)
    throw usage('This cannot be undone and requires confirmation.', 'Use --confirm with the name of the site, or --dry-run.').with({
      reason: 'name_to_type',
    });
  const path = localDirectory(ctx, options.directory, toSite);
  const [place, near] = await Promise.all([readSiteOnMachine(ctx, targets, options.user), hasRsync(ctx.world)]);
  if (!near) throw usage('This needs rsync 3.2.5 or later on this machine.', 'Install it: sudo apt install rsync, or brew install rsync.');
  const named = { noun: 'site', label: place.domain };
  if (confirm !== undefined) requireName(confirm, named);
  const sides = { toSite, place, path, exclude, shown: options.directory ?? DEFAULT, directories: siteDirectories(place, options.path) };
  const mustAsk = toSite && !options.yes && !isDry;
  const plan = isDry || options.delete || mustAsk ? await runRsync(ctx, sides, ['-n', ...(options.delete ? ['--delete'] : [])]) : undefined;
  const [copied, deleted] = [sumOf(plan?.changes ?? []), (plan?.changes ?? []).filter(({ action }) => action === 'delete')];
  if (plan && isDry)
    return { view: rows(plan.changes, shownColumns, 'Nothing to copy.'), note: `${inWords(copied, deleted.length)}. Nothing was changed.` };
  if (deleted.length > 0) {
    const listed = deleted.map(({ path: name }) => ['delete', name] as const);
    progress.alert(`This deletes ${counted(deleted.length, 'file')} ${toSite ? `of ${place.domain}` : `in ${sides.shown}`}:`, listed);
    await confirmName(ctx, confirm, named);
  } else if (mustAsk && copied.files > 0 && !(await ctx.ask.confirm(`Copy ${inWords(copied, 0)} to storage/app of ${place.domain}?`)))
    throw cancelled();
  const started = clock.elapsed();
  if (!toSite) mkdirSync(path, { recursive: true });
  const ran = await (deleted.length > 0
    ? runRsync(ctx, sides, ['--delete', '--from0', '--filter=. -'], onlyThese(deleted))
    : runRsync(ctx, sides, []));
  const { files, bytes: size } = sumOf(ran.changes);
  const gone = new Set(ran.changes.filter(({ action }) => action === 'delete').map(({ path: name }) => name));
  const left = deleted.filter(({ path: name }) => !gone.has(name));
  const errors = [...ran.errors, ...left.map(({ path: name }) => `${name}: not deleted`)];
  for (const error of errors) progress.warn(error);
  const ms = clock.elapsed() - started;
  const data = { site: place.domain, directory: path, files, bytes: size, deleted: gone.size, duration_s: Math.round(ms / 1_000) };
  const sentence = `Copied ${inWords({ files, bytes: size }, gone.size)} ${toSite ? `to ${place.domain}` : `to ${quotedName(sides.shown)}`} in ${duration(ms)}`;
  return { view: done(sentence, data), exit: errors.length > 0 ? new DnxError('partial', 'Not everything was copied.') : undefined };
}

const DEFAULT = join('storage', 'app');

const shownColumns = columns<Change>('action', { key: 'size', cell: ({ size }) => bytes(size) }, { key: 'path', verbatim: true });

const inWords = ({ files, bytes: size }: { readonly files: number; readonly bytes: number }, deleted: number): string =>
  `${counted(files, 'file')} (${bytes(size)})${deleted > 0 ? `, ${deleted} deleted` : ''}`;

function localDirectory({ world }: Context, word: string | undefined, toSite: boolean): string {
  const path = pathToWrite(word ?? DEFAULT, world);
  if (word === undefined && !isDirectoryAt(dirname(path)))
    throw usage('This directory has no storage directory.', 'Name one after the site.');
  if (toSite && !isDirectoryAt(path)) throw usage(`Directory ${word ?? DEFAULT} does not exist.`);
  return path;
}

/** What rsync does, or would do with `-n`. `input`: the rules of `--delete`. */
async function runRsync(ctx: Context, { toSite, place, path, exclude, directories }: Sides, more: readonly string[], input?: string) {
  const { machine, domain } = place;
  const transfer = {
    machine,
    command: scripted(SITE + PATHS + STORAGE, ...directories.slice(0, 2)),
    step: more.includes('-n') ? `Comparing storage/app of ${domain}` : `Copying storage/app ${toSite ? 'to' : 'of'} ${domain}`,
  };
  // New files on a server get the modes that its umask leaves, those that exist keep theirs.
  const modes = toSite ? ['--chmod=ugo=rwX'] : [];
  const ran = await rsync(ctx, transfer, {
    options: ['-rltO', '--safe-links', ...modes, ...exclude.map((pattern) => `--exclude=${pattern}`), ...more],
    ...(toSite ? { from: [`${path}/`], to: 'server' } : { from: 'server', to: `${path}/` }),
    ...(input !== undefined && { input }),
  });
  requireSuccess(ran, place);
  return ran;
}

/** Rules of rsync by which it deletes these, which a person has agreed to, and nothing that came later. */
const onlyThese = (deleted: readonly Change[]): string => {
  // A backslash is one of the name where there is no wildcard.
  const literal = (path: string) => (/[*?[]/.test(path) ? path.replace(/[\\*?[]/g, '\\$&') : path);
  return [...deleted.map(({ path }) => `R /${literal(path)}`), 'P *', ''].join('\0');
};

function requireSuccess(ran: Transferred, { domain, machine }: SiteOnMachine): void {
  const { refusal } = ran;
  const { label } = machine.server;
  if (refusal === 'no-rsync')
    throw new DnxError('failed', `${label} has no rsync.`, {
      next: [{ command: ['ssh', `root@${label}`, '--', 'apt-get', 'install', '-y', 'rsync'], why: 'Install it' }],
    });
  if (refusal === 'no-site' || refusal === 'no-directory')
    throw new DnxError('not_found', `${domain} has no storage/app on ${label}.`, { hint: 'Use --path.' });
  requireCopied(ran, `storage/app of ${domain}`, label);
}
