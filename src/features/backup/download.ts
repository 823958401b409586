import { DnxError, usage } from '../../base/errors.ts';
import { bytes } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { done, stream, type View } from '../../cli/output/view.ts';
import { NetworkFault } from '../../machine/world.ts';
import { safeName } from './name.ts';
import { chooseTarget, save } from './save.ts';
import { openBackup, type Source } from './source.ts';

interface Given {
  readonly backup: string;
  /** A file, a folder, or `-` for standard output; default: the working directory. */
  readonly file: string | undefined;
  readonly force: boolean | undefined;
}

/** Downloads a backup to a file or standard output. Leaves no file if it fails. */
export async function download(ctx: Context, { backup, file, force }: Given): Promise<View> {
  if (file === '-') {
    if (ctx.world.stdout.isTTY) throw usage('Cannot write a backup to a terminal.', 'Pipe it, as in -O - | gunzip, or use -O FILE.');
    const source = await openBackup(ctx, backup);
    return stream(measured(source, 'standard output', ctx, 'The output is incomplete.'));
  }
  const fallback = safeName(`backup-${backup}`) ?? 'backup';
  const target = chooseTarget(file, { fallback, force: force ?? false }, ctx.world);
  const source = await openBackup(ctx, backup);
  try {
    const path = target.pathFor(source.name);
    const size = await save(measured(source, target.shown(path), ctx, 'No file was saved.'), path, force ?? false);
    return done(`Saved ${target.shown(path)} (${bytes(size)})`, { id: backup, file: path, size });
  } finally {
    await source.close();
  }
}

/** Passes on the bytes and shows progress. Throws if the size differs from Content-Length. */
async function* measured(
  { body, length, close }: Source,
  into: string,
  { progress, clock }: Pick<Context, 'progress' | 'clock'>,
  hint: string,
): AsyncIterable<Uint8Array> {
  const started = clock.elapsed();
  let size = 0;
  const brokenOff = (why: string, cause?: unknown) =>
    new DnxError('network', `The download stopped after ${bytes(size)}${length === undefined ? '' : ` of ${bytes(length)}`}: ${why}.`, {
      hint: `${hint} Try again; Deploynix allows 10 downloads an hour.`,
      cause,
    });
  try {
    progress.step(`Downloading to ${into}`, () => detail(size, length, clock.elapsed() - started));
    for await (const chunk of body) {
      size += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw error instanceof NetworkFault ? brokenOff(error.message, error) : error;
  } finally {
    progress.done();
    await close();
  }
  if (length !== undefined && size !== length) throw brokenOff('the size does not match the announced one');
  if (size === 0) throw new DnxError('failed', 'The downloaded backup is empty.', { hint });
}

const BAR = 24;

/** `━━━━━━╌╌╌╌  42 %  12.3 MB of 29.1 MB  3.4 MB/s` */
function detail(size: number, length: number | undefined, ms: number): string {
  const rate = ms > 0 ? `${bytes(Math.round((size / ms) * 1_000))}/s` : undefined;
  if (!length) return [bytes(size), rate].filter(Boolean).join('  ');
  const share = Math.min(1, size / length);
  const filled = Math.round(share * BAR);
  const bar = `${'━'.repeat(filled)}${'╌'.repeat(BAR - filled)}`;
  return [bar, `${Math.floor(share * 100)} %`, `${bytes(size)} of ${bytes(length)}`, rate].filter(Boolean).join('  ');
}
