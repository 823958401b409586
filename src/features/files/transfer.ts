import { pipeline } from 'node:stream/promises';
import gte from 'semver/functions/gte';
import { DnxError, isError, usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { number, objectOf, oneOf, type Printed, word } from '../../cli/language/shape.ts';
import { downloaded } from '../backup/download.ts';
import { SSH_FAILED } from '../remote/failure.ts';
import type { Machine } from '../remote/machine.ts';
import { startOn } from '../remote/ssh.ts';

/** Files, and their size in bytes. */
export interface Tally {
  files: number;
  bytes: number;
}

/** Where rsync keeps the part of a file that has arrived, beside it. */
export const PARTIAL = '.dnx-partial';

/** A file that was copied or deleted, or would be. */
export const change = objectOf({ path: word, action: oneOf('create', 'update', 'delete'), size: number });
export type Change = Printed<typeof change>;

export function sumOf(changes: readonly Change[]): Tally {
  const files = changes.filter(({ action }) => action !== 'delete');
  return { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
}

/** True if this machine has an rsync that refuses files it did not ask for, since 3.2.5, and not the one of macOS. */
export async function hasRsync({ capture, env, platform }: Context['world']): Promise<boolean> {
  if (platform === 'win32') return false;
  const read = await capture({ file: 'rsync', args: ['--version'], env });
  const version = /^rsync +version v?(\d+\.\d+\.\d+)/.exec(read?.stdout ?? '')?.[1];
  return version !== undefined && gte(version, '3.2.5');
}

/** A copy from or to a server. */
interface Transfer {
  readonly machine: Machine;
  /** The command line of the script on the server. */
  readonly command: string;
  /** What people see meanwhile: `Copying shop.example.com:storage/logs/laravel.log`. */
  readonly step: string;
}

/** How a transfer ended that came as far as the server. */
export interface Transferred {
  /** 0 if all was copied, and 23 or 24 if a part was. */
  readonly code: number;
  /** Why the script did nothing: `no-rsync`. */
  readonly refusal: string | undefined;
  /** What rsync, tar and the script said. */
  readonly errors: readonly string[];
}

/** True if all was copied, or a part. */
export const isCopied = ({ refusal, code }: Transferred): boolean => refusal === undefined && [0, 23, 24].includes(code);

/** Fails if nothing was copied. `what`: as people named it. */
export function requireCopied(ran: Transferred, what: string, label: string): void {
  const { refusal } = ran;
  const [first = 'it failed there', ...others] = ran.errors;
  if (isCopied(ran)) return;
  if (refusal === 'is-directory') throw isDirectory(what);
  if (refusal === 'no-site') throw new DnxError('not_found', `No directory of ${label} on its server.`);
  if (refusal === 'no-directory' || /No such file/.test(first))
    throw new DnxError('not_found', `${what}: no such ${refusal === undefined ? 'file' : 'directory'} on ${label}.`);
  if (refusal === 'forbidden' || /Permission denied/.test(first))
    throw new DnxError('forbidden', `${what}: permission denied on ${label}.`);
  throw new DnxError('failed', `Could not copy ${what}: ${first}.`, { hint: others.slice(0, 5).join('\n') || undefined });
}

export const isDirectory = (word: string): DnxError => usage(`${word} is a directory.`, 'Use -r to copy it.');

/** How rsync ended, and what it did, or would do with `-n`. */
export interface Synchronized extends Transferred {
  readonly changes: readonly Change[];
}

interface RsyncOptions {
  readonly options: readonly string[];
  readonly from: readonly string[] | 'server';
  readonly to: string | 'server';
  /** The path there, in the directory of the script. */
  readonly path?: string;
  /** What it reads on stdin. */
  readonly input?: string;
}

/** Copies by rsync, which goes on where a copy before was cut off. Names go through the connection alone, so no shell reads them. */
export async function rsync(
  ctx: Context,
  transfer: Transfer,
  { options, from, to, path = './', input }: RsyncOptions,
): Promise<Synchronized> {
  const { clock, progress } = ctx;
  const shown = progress.spins ? ['--info=progress2'] : [];
  const through = (ssh: readonly string[]) => {
    const there = `${(ssh.at(-1) ?? '').replace(/[^@]*:[^@]*$/, '[$&]')}:${path}`;
    const paths = [...(from === 'server' ? [there] : from), to === 'server' ? there : to];
    const words = ['-e', ssh.slice(0, -1).map(inQuotes).join(' '), `--rsync-path=${transfer.command}`];
    return ['rsync', '-svz8', '--out-format=%i|%l|%n', `--partial-dir=${PARTIAL}`, ...shown, ...options, ...words, '--', ...paths];
  };
  const ran = await startOn(ctx, transfer.machine, '', { through, ...(input !== undefined && { stdin: 'pipe' }) });
  ran.ssh.stdin?.on('error', () => {}).end(input);
  const started = clock.elapsed();
  let [size, total] = [0, 0];
  progress.step(transfer.step, () => downloaded(size, total, clock.elapsed() - started));
  const changes: Change[] = [];
  let rest = '';
  ran.ssh.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split(/[\r\n]/);
    rest = lines.pop() ?? '';
    for (const each of lines) {
      const [, copied, percent] = /^ +([\d,]+) +(\d+)%/.exec(each) ?? [];
      const found = changeIn(each);
      if (found) changes.push(found);
      else if (each.startsWith(UNSAFE)) progress.warn(`Left out a link that leads elsewhere: ${each.slice(UNSAFE.length)}`);
      if (copied !== undefined) size = Number(copied.replaceAll(',', ''));
      if (percent !== undefined) total = (size / Number(percent)) * 100;
    }
  });
  const end = await ended(ctx, transfer, ran, RESUME).catch((error: unknown) => {
    if (isError(error, 'interrupted', 'terminated', 'hangup')) progress.warn(`Incomplete. ${RESUME}`);
    throw error;
  });
  return { ...end, changes };
}

const RESUME = 'Run it again to go on where it stopped.';
const UNSAFE = 'ignoring unsafe symlink ';

/** A line of `--out-format`. rsync writes control characters in octal. */
function changeIn(line: string): Change | undefined {
  const [, deletes, isNew, size, name = ''] = /^(?:(\*deleting) *|[<>c][fLDS]([+.?\w]+))\|(\d+)\|(.*)$/.exec(line) ?? [];
  if (size === undefined) return undefined;
  const path = name.replace(/\\#(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return { path, action: deletes ? 'delete' : isNew?.startsWith('++') ? 'create' : 'update', size: Number(size) };
}

/** A word of the command line that rsync splits itself. */
const inQuotes = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "''")}'`);

/** Copies by tar, for sides without rsync. `words`: the command line here. */
export async function tar(ctx: Context, transfer: Transfer, words: readonly string[], receives: boolean): Promise<Transferred> {
  const { clock, progress, world } = ctx;
  const ran = await startOn(ctx, transfer.machine, transfer.command, receives ? {} : { stdin: 'pipe' });
  const near = await world.start({ file: 'tar', args: words, env: world.env, ...(receives && { stdin: 'pipe' }) });
  if (!near) {
    ran.ssh.stop();
    throw new DnxError('usage', 'Could not find rsync or tar on this machine.', { hint: 'Install rsync.' });
  }
  const [source, sink] = receives ? [ran.ssh.stdout, near.stdin] : [near.stdout, ran.ssh.stdin];
  (receives ? near.stdout : ran.ssh.stdout).resume();
  const started = clock.elapsed();
  let size = 0;
  progress.step(transfer.step, () => downloaded(size, undefined, clock.elapsed() - started));
  let said = '';
  near.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk}`.slice(-MOST_SAID)));
  source.on('data', (chunk: Buffer) => (size += chunk.length));
  // The exit codes tell why it ended early.
  const piped = sink && pipeline(source, sink).catch(() => {});
  const [there, code] = await Promise.all([ended(ctx, transfer, ran, 'Nothing was copied.'), near.ended, piped]);
  const errors = [...errorsIn(said), ...there.errors];
  if (code !== 0) return { ...there, code: receives ? 1 : there.code || 23, errors };
  // It goes on after what it could not read. A log that grows is no failure.
  const isPart = errors.length > 0 || there.code === 2;
  return { ...there, code: receives && [1, 2].includes(there.code) ? (isPart ? 23 : 0) : there.code, errors };
}

const MOST_SAID = 10_000;

/** The exit codes of rsync for a connection that ends too early or is silent. */
const LOST = [10, 12, 30, 35, SSH_FAILED];

/** Fails unless the transfer came as far as the server, and back. `left`: what a lost connection leaves. */
async function ended(ctx: Context, { machine }: Transfer, { ssh, said, failure }: Awaited<ReturnType<typeof startOn>>, left: string) {
  let begun = false;
  ssh.stderr.on('data', () => (begun ||= /^dnx: begun$/m.test(said())));
  const code = await ssh.ended.finally(ctx.progress.done);
  ctx.world.signal.throwIfAborted();
  if (!begun && code !== 0) throw failure(SSH_FAILED);
  const refusal = /^dnx: (?!begun$|skipped )([\w-]+)$/m.exec(said())?.[1];
  if (refusal === undefined && (LOST.includes(code) || code > 128))
    throw new DnxError('network', `Lost the connection to ${machine.server.label}.`, { hint: left });
  return { code, refusal, errors: errorsIn(said()) };
}

/** What people need of the messages of rsync and tar: `laravel.log: Permission denied`. */
const errorsIn = (said: string): readonly string[] =>
  said
    .split(/\r?\n/)
    .filter(
      (line) =>
        /^(ERROR|rsync|tar|mv|cp|mkdir|mktemp|sh)\b.*: |^dnx: skipped /.test(line) &&
        !/^rsync error|Exiting with failure|^rsync: connection|Broken pipe|changed as we read it/.test(line),
    )
    .map((line) =>
      line
        .replace(/^dnx: skipped (.*)$/, '$1: a directory')
        .replace(/^(ERROR|rsync|tar|mv|cp|mkdir|mktemp|sh)(\.exe)?: (\[\w+\] )?/, '')
        .replace(/: Cannot \w+: /, ': ')
        // tar tells a full disk so.
        .replace(/Wrote only \d+ of \d+ bytes/, 'No space left on device')
        .replace(/^[\w ]+ "(.*)"(?: failed)?: (.*?)(?: \(\d+\))?$/s, '$1: $2'),
    );
