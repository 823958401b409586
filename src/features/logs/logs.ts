import { usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { type LogPart, logLines, type Result, type View } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { siteDirectories } from '../remote/directory.ts';
import { type LogSource, places } from '../remote/log-paths.ts';
import { readMachine, readSiteOnMachine } from '../remote/machine.ts';
import { openConnection, openMemory, type Wanted } from './connection.ts';
import { beginning, partsFrom } from './follow.ts';
import { type logsEndpoint, serverLog } from './server-log.ts';
import { noLogYet, openSurvey, type Subject } from './survey.ts';

interface Options {
  readonly follow: boolean | undefined;
  readonly lines: number | undefined;
  readonly source: LogSource | undefined;
  readonly path: readonly string[] | undefined;
  readonly user: string | undefined;
}

type Needs = Pick<Context<typeof logsEndpoint>, 'ask' | 'call' | 'clock' | 'progress' | 'reach' | 'signal' | 'world'>;

const LINES = 100;

/** `dnx logs`. */
export async function showLogs(ctx: Needs, targets: Targets, options: Options): Promise<View | Result> {
  const { follow = false, lines = LINES, path, source } = options;
  check(options, targets);
  if (!targets.site && !follow && !path && !source) return serverLog(ctx, lines);
  const chosen = path ? undefined : (source ?? (targets.site ? 'laravel' : 'nginx'));
  const site = targets.site && (await readSiteOnMachine(ctx, targets, options.user));
  const machine = site?.machine ?? (await readMachine(ctx, targets, options.user));
  const wanted: Wanted = {
    machine,
    directories: site ? siteDirectories(site) : ['', ''],
    candidates: chosen ? candidatesOf(chosen, site ?? machine) : candidatesAt(path ?? [], site ? 'live:' : 'home:'),
    lines,
    follow,
  };
  return read(ctx, wanted, { source: chosen, label: site?.domain ?? machine.server.label });
}

/** Rejects what can never work, before anything is read. */
function check({ follow, lines, path, source }: Options, { site }: Targets): void {
  if (lines !== undefined && lines < (follow ? 0 : 1))
    throw usage(`--lines must be a whole number of at least 1, or 0 with -f, not ${lines}.`);
  if (path && source) throw usage('--path and --source cannot be combined.');
  for (const each of path ?? []) if (each === '' || /[\n\0]/.test(each)) throw usage('--path must be the path of a file.');
  if (source && !site && !places[source].server) throw usage(`The ${places[source].title} belongs to a site. Name a site, or use --path.`);
}

/** Connects and finds the files. Their content is read while it is printed. */
async function read(ctx: Needs, wanted: Wanted, subject: Subject): Promise<Result> {
  const memory = openMemory();
  // A line and no spinner, which would hide a prompt of ssh.
  ctx.progress.done();
  if (ctx.progress.spins) ctx.progress.note(`Connecting to ${wanted.machine.server.label}`);
  const connection = await openConnection(ctx, wanted);
  try {
    const survey = openSurvey();
    if (!(await beginning(connection, memory, survey.see))) {
      ctx.signal.throwIfAborted();
      throw await connection.failure();
    }
    const { exit, warnings, note } = survey.findings(wanted, subject);
    const found = survey.files().length;
    if (exit && found === 0) throw exit;
    for (const each of warnings) ctx.progress.warn(each);
    if (note !== undefined) ctx.progress.note(note);
    const parts = partsFrom(ctx, wanted, memory, connection, subject.source ?? null);
    const empty = found > 0 && !wanted.follow ? noLogYet(subject) : undefined;
    const shown = empty === undefined ? parts : unlessEmpty(parts, () => ctx.progress.note(empty));
    return { view: logLines(shown, { endless: wanted.follow, headings: found > 1 }), exit };
  } catch (error) {
    connection.stop();
    throw error;
  }
}

/** These parts. `note` is called at the end if there are none. */
async function* unlessEmpty(parts: AsyncIterable<LogPart>, note: () => void): AsyncGenerator<LogPart> {
  let isEmpty = true;
  for await (const part of parts) {
    isEmpty = false;
    yield part;
  }
  if (isEmpty) note();
}

/** What the names in a path stand for. */
interface Names {
  readonly domain?: string | undefined;
  /** Such as `8.3`; undefined if unknown. */
  readonly php?: string | undefined;
}

/** The name of any release, which is assumed to begin with a date. */
const ANY_RELEASE = `${'[0-9]'.repeat(8)}*`;

/** The files of a source, as arguments of the script. The release in question is the live one, or any in the name of a file. */
export const candidatesOf = (source: LogSource, names: Names): readonly string[] => {
  const { server = [], site } = places[source];
  return (names.domain === undefined ? server : site).flatMap(({ show, files }, index) =>
    files
      .filter((file) => names.php !== undefined || !file.includes('PHP'))
      .flatMap((file) => {
        const end = file.lastIndexOf('/') + 1;
        const name = file.slice(end).replace('RELEASE', ANY_RELEASE);
        const full = name.replace(/DOMAIN|PHP/, (word) => (word === 'PHP' ? names.php : names.domain) ?? '');
        return [`${index} ${show}`, /[?*]/.test(name) ? 'glob' : 'name', startOf(file.slice(0, end)), full];
      }),
  );
};

/** The files of `--path`, as arguments of the script. A relative path begins in the live release of a site, or in the home directory. */
const candidatesAt = (paths: readonly string[], start: 'live:' | 'home:'): readonly string[] =>
  paths.flatMap((path) => ['0 each', 'path', path.startsWith('/') ? '' : start, path]);

const startOf = (path: string): string => path.replace(/^SITE\//, 'root:').replace(/^(LIVE|RELEASE)\//, 'live:');
