import { basename, dirname } from 'node:path';
import { DnxError, usage } from '../../base/errors.ts';
import { bytes, counted, quotedName } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { number, objectOf, word, words } from '../../cli/language/shape.ts';
import { done } from '../../cli/output/view.ts';
import { pathOf } from '../../machine/world.ts';
import SITE from '../remote/site.sh';
import { scripted } from '../remote/ssh.ts';
import FROM from './from.sh';
import { isDirectoryAt, localTarget, removePartial, tallyOf, unpacked } from './local-files.ts';
import { type Path, type Place, pathIn, placeOf } from './path.ts';
import PATHS from './paths.sh';
import TO from './to.sh';
import { hasRsync, isDirectory, requireCopied, rsync, sumOf, type Tally, type Transferred, tar } from './transfer.ts';

/** What scripts get. */
export const copied = objectOf({ sources: words, target: word, files: number, bytes: number, duration_s: number });

type CopyOptions = Given<{ recursive: boolean; user: string }>;

/** `dnx cp`: copies from or to a server or a site. What arrives goes to its place once it is whole. */
export async function copy(ctx: Context, { paths, ...options }: CopyOptions & { readonly paths: readonly string[] }) {
  const { clock, world, settings } = ctx;
  const parts = paths.map((path) => pathIn(path, world.platform));
  const [target, sources] = [parts.at(-1), parts.slice(0, -1)];
  if (!target || sources.length === 0) throw usage('Missing the target.', 'It comes last, such as . for the working directory.');
  requireOneSide(sources, target);
  if (target.host !== undefined && settings.readOnly)
    throw new DnxError('read_only', `DNX_READ_ONLY does not allow copying to ${target.host}. Nothing was copied.`);
  const started = clock.elapsed();
  const { failed, ...tally } = await (target.host === undefined ? receive : send)(ctx, sources, target, options);
  const ms = clock.elapsed() - started;
  const what = sources.length === 1 && tally.files === 1 ? basename(sources[0]?.path ?? '') : counted(tally.files, 'file');
  const data = { sources: sources.map((source) => source.word), target: target.word, ...tally, duration_s: Math.round(ms / 1_000) };
  return {
    view: done(`Copied ${what} to ${quotedName(target.word)} (${bytes(tally.bytes)}) in ${duration(ms)}`, data),
    exit: failed ? new DnxError('partial', 'Not everything was copied.') : undefined,
  };
}

function requireOneSide(sources: readonly Path[], target: Path): void {
  const away = sources.find(({ host }) => host !== undefined);
  if (target.host === undefined && sources.every(({ host }) => host !== undefined)) return;
  if (target.host !== undefined && away === undefined) return;
  if (away === undefined) throw usage('No path is on a server.', 'Write one as SITE:PATH or SERVER:PATH.');
  if (target.host === undefined) throw usage('Some sources are on this machine, as is the target.', 'Copy them on their own.');
  throw usage('Both sides are on servers.').with({ next: [{ command: ['cp', away.word, '.'], why: 'Copy to this machine first' }] });
}

interface Outcome extends Tally {
  /** True if something could not be copied. */
  failed: boolean;
}

/** From servers. */
async function receive(ctx: Context, sources: readonly Path[], target: Path, options: CopyOptions): Promise<Outcome> {
  const outcome: Outcome = { files: 0, bytes: 0, failed: false };
  for (const source of sources) {
    const place = await placeOf(ctx, source, options.user);
    const ran = await receiveOne(ctx, source, place, target, { recursive: options.recursive ?? false, several: sources.length > 1 });
    requireCopied(ran.files === 0 && ran.errors.length > 0 ? { ...ran, code: 1 } : ran, source.word, place.label);
    for (const error of ran.errors) ctx.progress.warn(error);
    outcome.files += ran.files;
    outcome.bytes += ran.bytes;
    outcome.failed ||= ran.errors.length > 0;
    if (sources.length > 1) ctx.progress.note(`Copied ${source.word}`);
  }
  return outcome;
}

type ReceiveOptions = { readonly recursive: boolean; readonly several: boolean };

async function receiveOne(ctx: Context, source: Path, { machine, args }: Place, target: Path, { recursive, several }: ReceiveOptions) {
  const [, , , name] = args;
  if (name === '' && !recursive) throw isDirectory(source.word);
  const local = localTarget(ctx.world, target.path, several || /[*?[]/.test(name));
  const transfer = (how: 'rsync' | 'tar', contents = false) => ({
    machine,
    command: scripted(SITE + PATHS + FROM, ...args, how, recursive ? '1' : '', contents ? '1' : ''),
    step: `Copying ${source.word}`,
  });
  return withEither<Transferred & Tally>(ctx, source.path, {
    // The target is the new name of a directory, unless the server says that it is that of a file.
    contents: recursive && (name === '' || !local.isDirectory),
    async rsync(contents) {
      const path = contents && name !== '' ? `./${name}/` : `./${name}`;
      const to = contents || local.isDirectory ? `${local.path}/` : local.path;
      const ran = await rsync(ctx, transfer('rsync', contents), { options: optionsFor(recursive), from: 'server', to, path });
      if (ran.code === DISK_FULL) await removePartial(ctx.world, local);
      return { ...ran, ...sumOf(ran.changes) };
    },
    tar: () => unpacked(local, name, (directory) => tar(ctx, transfer('tar'), ['-xozf', '-', '-C', directory], true)),
  });
}

/** To a server, all at once. */
async function send(ctx: Context, sources: readonly Path[], target: Path, { recursive = false, user }: CopyOptions): Promise<Outcome> {
  const files = sources.map(({ path: named, word: given }) => {
    const path = pathOf(named, ctx.world);
    return { path, name: basename(path), isWhole: /(^|\/)\.?\.\/*$/.test(given), ...tallyOf(path, given, recursive) };
  });
  const place = await placeOf(ctx, target, user, true);
  const [only] = files.length === 1 ? files : [];
  const required = only === undefined || /\/$/.test(target.path) ? 'no-directory' : '';
  const transfer = (how: 'rsync' | 'tar', refusal: string) => ({
    machine: place.machine,
    command: scripted(SITE + PATHS + TO, ...place.args, refusal, only?.isWhole === false ? only.name : '', how),
    step: `Copying ${only ? sources[0]?.word : counted(files.length, 'path')} to ${target.word}`,
  });
  const mayRename = required === '' && only?.isWhole === false && isDirectoryAt(only.path);
  const ran = await withEither<Transferred>(ctx, files.map(({ name }) => name).join(), {
    // A directory goes into another one, unless the server says that the target is its new name.
    contents: false,
    rsync: (contents) =>
      rsync(ctx, transfer('rsync', mayRename && !contents ? OTHERWISE : required), {
        options: optionsFor(recursive),
        from: files.map(({ path, isWhole }) => (contents || isWhole ? `${path}/` : path)),
        to: 'server',
        path: `./${place.args[3]}`,
      }),
    tar() {
      const named = files.flatMap(({ path, name, isWhole }) => (isWhole ? ['-C', path, '.'] : ['-C', dirname(path), `./${name}`]));
      return tar(ctx, transfer('tar', required), ['-chzf', '-', ...named], false);
    },
  });
  requireCopied(ran, target.word, place.label);
  for (const error of ran.errors) ctx.progress.warn(error);
  const sum = (key: keyof Tally) => files.reduce((total, file) => total + file[key], 0);
  return { files: sum('files'), bytes: sum('bytes'), failed: ran.errors.length > 0 };
}

/** Copies also what looks the same. Links are followed here and there, as scp does. */
const optionsFor = (recursive: boolean): readonly string[] => ['-tILK', ...(recursive ? ['-r'] : [])];

/** The exit code of rsync for it. */
const DISK_FULL = 11;

/** What the scripts say if a directory is to be copied in the other way: what it contains, or under its own name. */
const OTHERWISE = 'otherwise';

interface Ways<T> {
  /** True if rsync first copies what a directory contains. */
  readonly contents: boolean;
  readonly rsync: (contents: boolean) => Promise<T>;
  readonly tar: () => Promise<T>;
}

/** With rsync where both sides have it. */
async function withEither<T extends Transferred>({ world }: Context, paths: string, { contents, rsync, tar }: Ways<T>): Promise<T> {
  const ran = (await hasRsync(world)) ? await rsync(contents) : undefined;
  if (ran?.refusal === OTHERWISE) return rsync(!contents);
  if (ran && ran.refusal !== 'no-rsync') return ran;
  // GNU tar reads escapes in names.
  if (paths.includes('\\')) throw usage('A path with a backslash needs rsync on both sides.');
  return tar();
}
