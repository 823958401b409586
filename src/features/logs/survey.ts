import { DnxError } from '../../base/errors.ts';
import { type LogSource, places } from '../remote/log-paths.ts';
import type { Frame, Wanted } from './connection.ts';

/** What the user asked for. */
export interface Subject {
  /** Undefined with `--path`. */
  readonly source: LogSource | undefined;
  /** The site or server. */
  readonly label: string;
  /** Its domain; null for a server. */
  readonly site: string | null;
}

/** What to tell about files that are not shown. */
interface Findings {
  /** The failure of the command, which still shows the files that there are. */
  readonly exit: DnxError | undefined;
  readonly warnings: readonly string[];
  readonly note: string | undefined;
}

/** Collects which files a server has. */
interface LogSurvey {
  see(frame: Frame): void;
  files(): readonly string[];
  /** The time zone of the server: `+0000`. */
  zone(): string;
  findings(wanted: Wanted, subject: Subject): Findings;
}

/** Opens an empty survey. */
export function openSurvey(): LogSurvey {
  const files: string[] = [];
  const missing: string[] = [];
  const unreadable: Unreadable[] = [];
  const capped: string[] = [];
  let nowhere = false;
  let zone = '+0000';
  return {
    see(frame) {
      if (frame.kind === 'file') files.push(frame.name);
      if (frame.kind === 'missing') missing.push(frame.path);
      if (frame.kind === 'unreadable') unreadable.push(frame);
      if (frame.kind === 'capped') capped.push(frame.path);
      if (frame.kind === 'zone') zone = frame.zone;
      if (frame.kind === 'nowhere') nowhere = true;
    },
    files: () => files,
    zone: () => zone,
    findings(wanted, subject) {
      const { source } = subject;
      const { follow, candidates } = wanted;
      const none = files.length === 0;
      const [first] = unreadable;
      const warnings = [
        ...listed(unreadable.map(refused)),
        ...(first ? [remedyOf(first)] : []),
        ...capped.map((path) => `Read only the last 32 MB of ${path}`),
      ];
      if (unreadable.length > 0 && (none || (source === undefined && !follow)))
        return { exit: unreadableError(unreadable, missing), warnings: [], note: undefined };
      if (missing.length > 0 && !follow) return { exit: missingError(missing, wanted), warnings, note: undefined };
      if (none && nowhere && !follow && candidates?.some((word) => /^(root|live):/.test(word)))
        return { exit: nowhereError(wanted, subject), warnings, note: undefined };
      const waiting = missing.length > 0 ? `No such file yet: ${missing.join(', ')}` : none ? noLogYet(subject) : undefined;
      return { exit: undefined, warnings, note: waiting && (follow ? `${waiting}; waiting for it` : waiting) };
    },
  };
}

/** What to say of a source without a file, or with empty ones. */
export const noLogYet = ({ source, label }: Subject): string | undefined => source && `No ${places[source].title} of ${label} yet`;

/** The most files that are named one by one. */
const MOST = 5;

const listed = (all: readonly string[]): readonly string[] =>
  all.length > MOST ? [...all.slice(0, MOST - 1), `and ${all.length - MOST + 1} more files`] : all;

type Unreadable = Extract<Frame, { readonly kind: 'unreadable' }>;

const refused = ({ path }: Unreadable): string => `Cannot read ${path}: permission denied`;

/** What to do about it. Who can, is a matter of the group that may read the file. */
const remedyOf = ({ user, group }: Unreadable): string =>
  /^[\w.-]+$/.test(user) && /^[\w.-]+$/.test(group)
    ? `The group ${group} may read it. On the server, as root: usermod -aG ${group} ${user}. Or use --user root.`
    : 'Only its owner and root may read it. Use --user root.';

const unreadableError = (refusals: readonly Unreadable[], missing: readonly string[]): DnxError =>
  new DnxError('forbidden', listed([...refusals.map(refused), ...missing.map((each) => `No such file: ${each}`)]).join('\n'), {
    hint: refusals[0] && remedyOf(refusals[0]),
  });

const missingError = (paths: readonly string[], { candidates, machine }: Wanted): DnxError =>
  candidates === undefined
    ? new DnxError('not_found', `${machine.server.label} has no journal: journalctl not found.`)
    : new DnxError('not_found', `No such file on ${machine.server.label}: ${paths.join(', ')}`);

const nowhereError = ({ machine, directories: [directory = ''] }: Wanted, { label }: Subject): DnxError =>
  new DnxError('not_found', `No directory of ${label} on ${machine.server.label}: ${directory}`, {
    hint: 'Name the file with --path.',
  });
