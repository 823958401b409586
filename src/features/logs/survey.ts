import { DnxError } from '../../base/errors.ts';
import { type LogSource, places } from '../remote/log-paths.ts';
import type { Frame, Wanted } from './connection.ts';

/** What the user asked for. */
export interface Subject {
  /** Undefined with `--path`. */
  readonly source: LogSource | undefined;
  /** The site or server. */
  readonly label: string;
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
  findings(wanted: Wanted, subject: Subject): Findings;
}

/** Opens an empty survey. */
export function openSurvey(): LogSurvey {
  const files: string[] = [];
  const missing: string[] = [];
  const unreadable: string[] = [];
  let nowhere = false;
  return {
    see(frame) {
      if (frame.kind === 'file') files.push(frame.name);
      if (frame.kind === 'missing') missing.push(frame.path);
      if (frame.kind === 'unreadable') unreadable.push(frame.path);
      if (frame.kind === 'nowhere') nowhere = true;
    },
    files: () => files,
    findings(wanted, subject) {
      const { source } = subject;
      const { follow, candidates } = wanted;
      const none = files.length === 0;
      const warnings = listed(unreadable.map(refused));
      if (unreadable.length > 0 && (none || (source === undefined && !follow)))
        return { exit: unreadableError(unreadable, missing), warnings: [], note: undefined };
      if (missing.length > 0 && !follow) return { exit: missingError(missing, wanted), warnings, note: undefined };
      if (none && nowhere && !follow && candidates.some((word) => /^(root|live):/.test(word)))
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

const refused = (path: string): string => `Cannot read ${path}: permission denied`;

const unreadableError = (paths: readonly string[], missing: readonly string[]): DnxError =>
  new DnxError('forbidden', listed([...paths.map(refused), ...missing.map((each) => `No such file: ${each}`)]).join('\n'), {
    hint: 'It may belong to root. Use --user to sign in as a user that may read it.',
  });

const missingError = (paths: readonly string[], { machine }: Wanted): DnxError =>
  new DnxError('not_found', `No such file on ${machine.server.label}: ${paths.join(', ')}`);

const nowhereError = ({ machine, directories: [directory = ''] }: Wanted, { label }: Subject): DnxError =>
  new DnxError('not_found', `No directory of ${label} on ${machine.server.label}: ${directory}`, {
    hint: 'Name the file with --path.',
  });
