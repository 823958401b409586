import { DnxError } from '../../base/errors.ts';
import { places } from '../remote/log-paths.ts';
import type { Frame, LogRequest } from './connection.ts';

/** Which files a server has, and what to tell about those that are not shown. */
interface Findings {
  readonly files: readonly string[];
  /** The time zone of the server: `+0000`. */
  readonly zone: string;
  /** The failure of the command, which still shows the files that there are. */
  readonly exit?: DnxError;
  readonly warnings: readonly string[];
  readonly note?: string | undefined;
}

/** What the frames before the logs say. */
export function findingsIn(frames: readonly Frame[], request: LogRequest): Findings {
  const { candidates, follow, source } = request;
  const pathsOf = (kind: 'missing' | 'capped') => frames.flatMap((frame) => (frame.kind === kind ? [frame.path] : []));
  const files = frames.flatMap((frame) => (frame.kind === 'file' ? [frame.name] : []));
  const zone = frames.find((frame) => frame.kind === 'zone')?.zone ?? '+0000';
  const missing = pathsOf('missing');
  const unreadable = frames.filter((frame) => frame.kind === 'unreadable');
  const none = files.length === 0;
  const unlisted = unreadable.filter(({ path }) => path.endsWith('/*'));
  if (unreadable.length > 0 && (none || (source === undefined && !follow && unreadable.length > unlisted.length)))
    return { files, zone, exit: unreadableError(unreadable, missing), warnings: [] };
  const warnings = [
    ...listed(unreadable.map(refused)),
    ...unreadable.slice(0, 1).map(remedyOf),
    ...pathsOf('capped').map((path) => `Read only the last ${follow ? 32 : 256} MB of ${path}`),
  ];
  if (missing.length > 0 && !follow) return { files, zone, exit: missingError(missing, request), warnings };
  const nowhere = none && frames.some(({ kind }) => kind === 'nowhere') && candidates.some((word) => /^(root|live):/.test(word));
  if (nowhere && !follow) return { files, zone, exit: nowhereError(request), warnings };
  const waiting = missing.length > 0 ? `No such file yet: ${missing.join(', ')}` : none ? noLogYet(request) : undefined;
  return { files, zone, warnings, note: waiting && (follow ? `${waiting}; waiting for it` : waiting) };
}

/** What to say of a source without a file, or with empty ones. */
export const noLogYet = ({ source, label }: LogRequest): string | undefined => source && `No ${places[source].title} of ${label} yet`;

/** Why a search did not read a file to its end. */
export const unreadNote = (reason: string, path: string): string => {
  if (reason === 'moved') return `${path} was rotated during the search. Search again.`;
  if (reason === 'large') return `Read only the first 256 MB of ${path}`;
  if (reason === 'corrupt') return `Cannot read all of ${path}: it is damaged`;
  return `Cannot read ${path}: the server has no ${reason}`;
};

const MOST = 5;

/** What to say if a search of these files found nothing. */
export function noMatches(files: readonly string[], { since, until }: Readonly<Record<'since' | 'until', number | undefined>>): string {
  const bounds = [
    ['since', since],
    ['until', until],
  ] as const;
  const span = bounds.map(([word, at]) =>
    at === undefined ? '' : ` ${word} ${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}`,
  );
  return [`No matching entries${span.join('')}${span.join('') && ' (UTC)'}`, listed(files).join(', ')].filter(Boolean).join(' in ');
}

const listed = (all: readonly string[]): readonly string[] =>
  all.length > MOST ? [...all.slice(0, MOST - 1), `and ${all.length - MOST + 1} more files`] : all;

type UnreadableFrame = Extract<Frame, { readonly kind: 'unreadable' }>;

const refused = ({ path }: UnreadableFrame): string => `Cannot read ${path}: permission denied`;

/** What to do about it. Who can, is a matter of the group that may read the file. */
const remedyOf = ({ user, group }: UnreadableFrame): string =>
  /^[\w.-]+$/.test(user) && /^[\w.-]+$/.test(group)
    ? `The group ${group} may read it. On the server, as root: usermod -aG ${group} ${user}. Or use --user root.`
    : 'Only its owner and root may read it. Use --user root.';

const unreadableError = (refusals: readonly UnreadableFrame[], missing: readonly string[]): DnxError =>
  new DnxError('forbidden', listed([...refusals.map(refused), ...missing.map((path) => `No such file: ${path}`)]).join('\n'), {
    hint: refusals[0] && remedyOf(refusals[0]),
  });

const missingError = (paths: readonly string[], { machine }: LogRequest): DnxError =>
  new DnxError('not_found', `No such file on ${machine.server.label}: ${paths.join(', ')}`);

const nowhereError = ({ machine, label, directories: [directory = ''] }: LogRequest): DnxError =>
  new DnxError('not_found', `No directory of ${label} on ${machine.server.label}: ${directory}`, {
    hint: 'Name the file with --path.',
  });
