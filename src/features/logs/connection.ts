import { DnxError } from '../../base/errors.ts';
import { quotedForSh } from '../../base/shell.ts';
import type { Context } from '../../cli/language/command.ts';
import type { LogSource } from '../remote/log-paths.ts';
import type { Machine } from '../remote/machine.ts';
import SITE from '../remote/site.sh';
import { startOn } from '../remote/ssh.ts';
import { awkHead } from './entries.ts';
import LOGS from './logs.sh';
import READ from './read.sh';

/** What to read. */
export interface LogRequest {
  readonly machine: Machine;
  /** Undefined with `--path`. */
  readonly source: LogSource | undefined;
  /** The site or server, which stands in the list of processes of the server. */
  readonly label: string;
  /** The domain; null for a server. */
  readonly site: string | null;
  /** The arguments of `find_site`: those of a site, or two empty words. */
  readonly directories: readonly string[];
  /** Four words for each file: see `candidatesOf`. */
  readonly candidates: readonly string[];
  /** The number of the last entries. */
  readonly lines: number;
  readonly follow: boolean;
  /** True if every line is an entry. */
  readonly loose?: boolean;
  /** What to search for instead, in all files that there are: see entries.ts. */
  readonly search?: readonly string[] | undefined;
}

/** A running script on a server. */
export type Connection = Awaited<ReturnType<typeof openConnection>>;

/** Starts the script on a server. With a `memory`, it goes on where a lost connection was. */
export async function openConnection(ctx: Context, request: LogRequest, memory?: Memory) {
  const { machine, label } = request;
  const script = scriptOf(request, memory);
  // The script comes on the input, which ends with dnx at the latest: the script then ends, too.
  const { ssh, said, failure } = await startOn(ctx, machine, receiving(Buffer.byteLength(script), label), { stdin: 'pipe' });
  ssh.stdin?.write(script);
  return {
    frames: framesIn(ssh.stdout),
    /** Why it ended, once it has. */
    failure: async () => {
      const code = await ssh.ended;
      const message = said().trim() || 'no message';
      return failure(code) ?? new DnxError('failed', `Could not run sh on ${machine.server.label} (exit code ${code}): ${message}`);
    },
    /** Ends it once everything that is written by now has been read. */
    finish: () => ssh.stdin?.end(),
    stop: ssh.stop,
  };
}

/** A command line that every login shell understands, and that reads its script from the input. The label is for the list of processes. */
const receiving = (bytes: number, label: string): string =>
  `exec sh -c 'eval "$(head -c ${bytes})"' dnx logs ${/^[\w.-]+$/.test(label) ? label : ''}`.trimEnd();

function scriptOf(request: LogRequest, memory: Memory | undefined): string {
  const { directories, candidates, lines, follow, loose = false, search } = request;
  const [live = '', offsets = '', files = ''] = memory?.words() ?? [];
  const begin = [memory ? '' : String(lines), follow ? 'follow' : '', live, offsets, files];
  const filter = search ?? [String(lines), '', '', '', '', ''];
  const words = [...directories, ...begin, loose ? '' : awkHead, search ? 'search' : '', ...filter, ...candidates];
  return `set -- ${words.map((word) => (word === '' ? "''" : quotedForSh(word))).join(' ')}\n${SITE + READ + LOGS}`;
}

/** Part of what the script prints: bytes of a file, or a line about it. */
export type Frame =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  /** The file of the bytes that follow, and where in it they begin. */
  | { readonly kind: 'file'; readonly id: string; readonly offset: number; readonly name: string }
  /** A file that is not shown so far. */
  | { readonly kind: 'known'; readonly id: string; readonly offset: number }
  | { readonly kind: 'missing' | 'live' | 'release' | 'capped'; readonly path: string }
  /** `group`: the group that may read it, if it is not only root. */
  | { readonly kind: 'unreadable'; readonly path: string; readonly user: string; readonly group: string }
  /** A file that was not read to its end. */
  | { readonly kind: 'unread'; readonly reason: string; readonly path: string }
  /** The time zone of the server: `+0000`. */
  | { readonly kind: 'zone'; readonly zone: string }
  /** The site has no directory. */
  | { readonly kind: 'nowhere' }
  /** Every file to begin with has been named. */
  | { readonly kind: 'surveyed' }
  /** All that there was at the beginning has been sent. */
  | { readonly kind: 'begun' }
  /** Nothing new for half a second. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'finished' };

/** The line after which the output of the script begins. A login shell may print something before. */
export const BANNER = 'dnx-logs 1';

/** The longest line about a file. */
const LONGEST = 100_000;

/**
 * Reads the output of the script, of which a chunk may hold any part. A line of a file begins with a space, or is empty; any other is about a
 * file. The newline at the end of a part may not be its own, so it counts only once another line of the file has begun.
 */
export async function* framesIn(output: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let started = false;
  let kind: 'text' | 'word' | undefined;
  let word = '';
  let newline = false;
  for await (const chunk of output) {
    let text = '';
    for (const [piece] of chunk.toString('latin1').matchAll(/\n|[^\n]+/g)) {
      const begins = kind === undefined;
      const ends = piece === '\n';
      kind ??= started && (ends || piece.startsWith(' ')) ? 'text' : 'word';
      if (begins && newline && kind === 'text') text += '\n';
      newline = ends && !begins && kind === 'text';
      if (kind === 'text' && !ends) text += begins ? piece.slice(1) : piece;
      if (kind === 'word' && !ends && word.length < LONGEST) word += piece;
      if (!ends) continue;
      const frame = started && kind === 'word' ? frameOf(word) : undefined;
      if (frame) {
        if (text !== '') yield bytesOf(text);
        yield frame;
        text = '';
      }
      started ||= word === BANNER;
      kind = undefined;
      word = '';
    }
    if (text !== '') yield bytesOf(text);
  }
}

const bytesOf = (text: string): Frame => ({ kind: 'bytes', bytes: Buffer.from(text, 'latin1') });

const EVENTS = { B: 'begun', D: 'nowhere', S: 'surveyed', '.': 'idle', Q: 'finished' } as const;
const PATHS = { M: 'missing', C: 'capped', L: 'live', R: 'release' } as const;

/** `bytes` has a byte per character. */
function frameOf(bytes: string): Frame | undefined {
  const line = Buffer.from(bytes, 'latin1').toString();
  const [letter = '', path] = [line[0], line.slice(2)];
  const [id = '', offset = '', ...name] = path.split(' ');
  if (letter in EVENTS) return { kind: EVENTS[letter as keyof typeof EVENTS] };
  if (letter in PATHS) return { kind: PATHS[letter as keyof typeof PATHS], path };
  if (letter === 'F') return { kind: 'file', id, offset: Number(offset), name: name.join(' ') };
  if (letter === 'K') return { kind: 'known', id, offset: Number(offset) };
  if (letter === 'Z') return { kind: 'zone', zone: path };
  if (letter === 'X') return { kind: 'unread', reason: id, path: [offset, ...name].join(' ') };
  if (letter !== 'U') return undefined;
  const [user = '', group = ''] = id.split(':');
  return { kind: 'unreadable', path: [offset, ...name].join(' '), user, group };
}

/** The most files that are remembered, so that the command line of ssh stays short. */
const MOST = 500;

/** What has been read so far: what another connection needs to go on. */
export type Memory = ReturnType<typeof openMemory>;

/** Opens an empty memory. */
export function openMemory() {
  const offsets = new Map<string, number>();
  const files = new Map<string, string>();
  let live = '';
  let current = '';
  const set = (id: string, offset: number) => {
    offsets.delete(id);
    offsets.set(id, offset);
    const [oldest] = offsets.keys();
    if (offsets.size > MOST && oldest !== undefined) offsets.delete(oldest);
  };
  return {
    note(frame: Frame): void {
      if (frame.kind === 'live' || frame.kind === 'release') live = frame.path;
      if (frame.kind === 'known') set(frame.id, frame.offset);
      if (frame.kind === 'bytes') set(current, (offsets.get(current) ?? 0) + frame.bytes.length);
      if (frame.kind !== 'file') return;
      current = frame.id;
      set(frame.id, frame.offset);
      files.set(frame.name, frame.id);
    },
    /** The arguments of the script: the live release, the offset of each file, and the last file of each name. */
    words: (): readonly string[] => [
      live,
      [...offsets].map(([id, offset]) => `${id} ${offset}\n`).join(''),
      [...files].map(([name, id]) => `${id} ${name}/\n`).join(''),
    ],
  };
}
