import { createHash, createPublicKey, verify } from 'node:crypto';
import { chmodSync, chownSync, closeSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { arch } from 'node:process';
import { Readable } from 'node:stream';
import { createGunzip, createInflateRaw } from 'node:zlib';
import { releaseKey } from '../../../package.json';
import { DnxError, systemReason } from '../../base/errors.ts';
import { quotedForSh } from '../../base/shell.ts';
import { bytes } from '../../base/text.ts';
import { repository, version } from '../../base/version.ts';
import type { Context } from '../../cli/language/command.ts';
import { done, message } from '../../cli/output/view.ts';
import { makeOwnDirectory, removePrivateDirectory } from '../../machine/files/private-directory.ts';
import { NetworkFault, type Transport, type World } from '../../machine/world.ts';
import { faultHint } from '../../platform/api/network/unreachable.ts';
import { downloaded, writeWhole } from '../backup/download.ts';
import { isNewer, latestRelease } from './release.ts';

/** Replaces this executable by that of the latest release, atomically, once its signature and checksum are right and it runs. */
export async function upgradeExecutable(ctx: Context, file: string) {
  const { world, signal, progress } = ctx;
  const data = { version, installed_with: 'executable', command: null, file };
  const directory = reserve(file, world);
  const fresh = join(directory, world.platform === 'win32' ? 'dnx.exe' : 'dnx');
  let transport: Transport | undefined;
  try {
    transport = await world.connect(ctx.settings.caFile);
    progress.spin('Checking for a new release');
    const latest = await latestRelease(transport, signal);
    if (!isNewer(latest, version)) return message(`dnx ${version} is the latest release.`, { ...data, previous: version });
    const archive = await fetchArchive(ctx, transport, { release: latest, target: targetOf(file, world) });
    progress.done();
    await write(fresh, programIn(archive), file);
    await requireRunning(ctx, fresh, latest);
    replace(fresh, file, world);
    const notes = `${repository}/releases/tag/v${latest}`;
    return done(`Upgraded dnx from ${version} to ${latest}`, { ...data, version: latest, previous: version }, [['notes', notes]]);
  } catch (error) {
    if (!(error instanceof NetworkFault)) throw error;
    const hint = `Nothing was changed. ${faultHint(error) ?? 'Try again.'}`;
    throw new DnxError('network', `Could not download the release: ${error.message}.`, { hint, cause: error });
  } finally {
    removePrivateDirectory(directory);
    await transport?.close();
  }
}

const UNCHANGED = 'Nothing was changed. Try again.';

/** Makes a directory for the new file before any request. Throws if that of the executable is not writable. */
function reserve(file: string, { platform }: Pick<World, 'platform'>): string {
  try {
    return makeOwnDirectory(dirname(file), '.dnx-upgrade-');
  } catch (cause) {
    throw unwritable(
      file,
      cause,
      platform === 'win32' ? 'Run it in a terminal of an administrator.' : `Run: sudo ${quotedForSh(file)} upgrade`,
    );
  }
}

const unwritable = (file: string, cause: unknown, hint: string) =>
  new DnxError('failed', `Could not write to ${dirname(file)}: ${systemReason(cause)}.`, { hint, cause });

function targetOf(file: string, { platform }: Pick<World, 'platform'>): string {
  const system = platform === 'win32' ? 'windows' : platform;
  return `${system}-${arch}${system === 'linux' && interpreterIn(file).includes('/ld-musl-') ? '-musl' : ''}`;
}

/** The beginning of an executable, which names what loads it. */
function interpreterIn(file: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(4_096);
    return head.subarray(0, readSync(descriptor, head));
  } finally {
    closeSync(descriptor);
  }
}

/** Downloads the archive of a release. Throws if its checksum is wrong, or not signed by the key of this dnx. */
async function fetchArchive(ctx: Context, transport: Transport, { release, target }: { release: string; target: string }): Promise<Buffer> {
  const name = `dnx-${target}.${target.startsWith('windows') ? 'zip' : 'tar.gz'}`;
  const title = `Downloading dnx ${release}`;
  ctx.progress.step(title);
  const fetched = (file: string, limit: number) =>
    fetchFile(ctx, transport, `${repository}/releases/download/v${release}/${file}`, { title, limit });
  const [sums, signature] = [await fetched('SHA256SUMS', MOST_SUMS), await fetched('SHA256SUMS.sig', MOST_SUMS)];
  const key = createPublicKey({ key: Buffer.from(ctx.world.releaseKey ?? releaseKey, 'base64'), format: 'der', type: 'spki' });
  if (!verify('sha256', sums, key, signature)) {
    throw new DnxError('failed', `The checksums of dnx ${release} are not signed by the key of this dnx.`, {
      hint: `Nothing was changed. If the release notes tell of a new key, install it again: ${repository}/releases/tag/v${release}`,
    });
  }
  const sum = sums
    .toString()
    .match(/^[0-9a-f]{64} {2}.*$/gm)
    ?.find((line) => line.endsWith(`  ${name}`))
    ?.slice(0, 64);
  if (sum === undefined) throw new DnxError('failed', `dnx ${release} has no ${name}.`, { hint: 'Nothing was changed.' });
  const archive = await fetched(name, MOST_ARCHIVE);
  if (createHash('sha256').update(archive).digest('hex') !== sum)
    throw new DnxError('failed', `The checksum of ${name} is wrong.`, { hint: UNCHANGED });
  return archive;
}

const MOST_REDIRECTS = 5;
/** The most bytes of the checksums, their signature, and an archive. What is in them is not checked while they are read. */
const MOST_SUMS = 256_000;
const MOST_ARCHIVE = 500_000_000;

/** Downloads a file over https, with redirects: GitHub keeps the files of a release elsewhere. */
async function fetchFile(
  { signal, progress, clock }: Context,
  transport: Transport,
  from: string,
  { title, limit }: { readonly title: string; readonly limit: number },
): Promise<Buffer> {
  let url = from;
  for (let hops = 0; hops <= MOST_REDIRECTS && url.startsWith('https:'); hops++) {
    const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'dnx' };
    const response = await transport.request({ method: 'GET', url, headers, signal });
    const { location, 'content-length': length } = response.headers;
    if (response.status === 200) {
      const chunks: Uint8Array[] = [];
      let size = 0;
      const started = clock.elapsed();
      progress.spin(title, () => downloaded(size, Number(length), clock.elapsed() - started));
      for await (const chunk of response.file) {
        chunks.push(chunk);
        size += chunk.length;
        if (size <= limit) continue;
        response.discard();
        throw new DnxError('failed', `${from} is larger than ${bytes(limit)}.`, { hint: UNCHANGED });
      }
      return Buffer.concat(chunks);
    }
    response.discard();
    if (response.status < 300 || response.status >= 400 || location === undefined || !URL.canParse(location, url))
      throw new DnxError('failed', `${new URL(url).host} returned ${response.status} for ${from}.`, { hint: UNCHANGED });
    url = new URL(location, url).href;
  }
  throw new DnxError('failed', `${from} was redirected too often, or to a host without https.`, { hint: UNCHANGED });
}

const ZIP = 0x04034b50;

/** The first file of a tar or zip archive, which is the program. In pieces, because the whole takes more memory than a small server has. */
async function* programIn(archive: Buffer): AsyncIterable<Buffer> {
  if (archive.readUInt32LE(0) === ZIP) {
    const start = 30 + archive.readUInt16LE(26) + archive.readUInt16LE(28);
    yield* Readable.from([archive.subarray(start, start + archive.readUInt32LE(18))]).pipe(createInflateRaw());
    return;
  }
  let left: number | undefined;
  for await (const chunk of Readable.from([archive]).pipe(createGunzip())) {
    const content: Buffer = left === undefined ? chunk.subarray(512) : chunk;
    left ??= Number.parseInt(chunk.toString('latin1', 124, 135), 8);
    yield content.subarray(0, left);
    left = Math.max(0, left - content.length);
  }
}

async function write(fresh: string, program: AsyncIterable<Buffer>, file: string): Promise<void> {
  try {
    await writeWhole(fresh, program);
    const { mode, uid, gid } = statSync(file);
    const current = statSync(fresh);
    if (uid !== current.uid || gid !== current.gid) chownSync(fresh, uid, gid);
    chmodSync(fresh, mode & 0o7777);
  } catch (cause) {
    throw unwritable(file, cause, UNCHANGED);
  }
}

/** Throws unless the new executable runs here, and is of this release: a signature says nothing about its age. */
async function requireRunning({ world }: Context, fresh: string, release: string): Promise<void> {
  const run = await world.capture({ file: fresh, args: ['--version'], env: world.env, limitMs: 60_000 });
  if (run?.code === 0 && run.stdout.trim() === release) return;
  const [line = 'it does not start'] = run?.stderr.trim().split('\n').filter(Boolean) ?? [];
  const reason = run?.code === 0 ? `it is ${run.stdout.trim()}` : line;
  throw new DnxError('failed', `The executable of dnx ${release} does not run on this machine: ${reason}.`, {
    hint: 'Nothing was changed.',
  });
}

/** Puts the new executable in place. Windows renames a running one, but does not replace it; the next upgrade removes the old one. */
function replace(fresh: string, file: string, { platform }: Pick<World, 'platform'>): void {
  const old = `${file}.old`;
  if (platform === 'win32') {
    rmSync(old, { force: true });
    renameSync(file, old);
  }
  try {
    renameSync(fresh, file);
  } catch (error) {
    if (platform === 'win32') renameSync(old, file);
    throw error;
  }
}
