import { usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { logLines, type Result, type View } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { directoriesOf } from '../remote/directory.ts';
import { places, type Source } from '../remote/log-paths.ts';
import { readMachine, readSiteOnMachine } from '../remote/machine.ts';
import { type logsEndpoint, serverLog } from './api.ts';
import { openConnection, type Wanted } from './connection.ts';
import { beginning, partsFrom } from './follow.ts';
import { openMemory } from './memory.ts';
import { candidatesAt, candidatesOf } from './paths.ts';
import { openSurvey, type Subject } from './survey.ts';

interface Options {
  readonly follow: boolean | undefined;
  readonly lines: number | undefined;
  readonly source: Source | undefined;
  readonly path: readonly string[] | undefined;
  readonly user: string | undefined;
}

type Needs = Pick<Context<typeof logsEndpoint>, 'api' | 'ask' | 'call' | 'clock' | 'progress' | 'signal' | 'world'>;

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
    directories: site ? directoriesOf(site) : ['', ''],
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
    return { view: logLines(parts, { endless: wanted.follow, headings: found > 1 }), exit };
  } catch (error) {
    connection.stop();
    throw error;
  }
}
