import { DnxError, orError, usage } from '../../../base/errors.ts';
import type { JsonObject } from '../../../base/json.ts';
import { bytes, wordOf } from '../../../base/text.ts';
import type { Context } from '../../../cli/language/command.ts';
import { listOf, nullable, objectOf, oneOf, type Printed, word } from '../../../cli/language/shape.ts';
import { columns, overview, type Result, record } from '../../../cli/output/view.ts';
import { commandLine } from '../../../cli/run/line.ts';
import { serverEndpoint, sitesEndpoint } from '../../../platform/follow/readers.ts';
import type { Target } from '../../../platform/names/names.ts';
import { machineIn } from '../../remote/machine.ts';
import { filledFixes } from '../causes/cause.ts';
import { fixLines, quotedLine, unknownLines } from '../diagnosis.ts';
import { type UnknownPart, unknownPart } from '../facts.ts';
import type { Choices } from '../gather.ts';
import { type Health, LIMIT_MS, type Measures, measures, measuresOf, readHealth } from './health.ts';
import { certificateFault, type Problem, problemsIn } from './problems.ts';
import { unreachable } from './read.ts';

const problem = objectOf({
  cause: word,
  /** A warning can wait until the morning. */
  level: oneOf('error', 'warning'),
  title: word,
  evidence: listOf(quotedLine),
  fixes: listOf(objectOf({ command: nullable(word), why: word })),
});

/** What is wrong with a server, for scripts. */
export const serverDiagnosisShape = objectOf({
  server: word,
  checked_at: word,
  subject: oneOf('server'),
  /** `healthy` with nothing but warnings; `unknown` if the server could not be read. */
  outcome: oneOf('known', 'unknown', 'healthy'),
  /** The worst first. */
  problems: listOf(problem),
  checks: objectOf(measures),
  unknown: listOf(unknownPart),
});
type ServerDiagnosis = Printed<typeof serverDiagnosisShape>;

/** `dnx why` of a server. Reads only, and fails only if Deploynix does not show the server. */
export async function diagnoseServer(ctx: Context, { id, label }: Target, choices: Choices): Promise<Result<ServerDiagnosis>> {
  const ofSite = (['log', 'url', 'path'] as const).find((name) => choices[name] !== undefined);
  if (ofSite) throw usage(`--${ofSite} is for a site.`, `Name a site of ${label}.`);
  const { api, clock, progress, settings } = ctx;
  progress.step(`Reading ${label} over SSH`);
  const [{ data }, listed] = await Promise.all([
    api.send<JsonObject>(serverEndpoint, { server: id }),
    orError(api.list<JsonObject>(sitesEndpoint, { server: id })),
  ]);
  const server = wordOf(data?.name) || label;
  const domains = listed instanceof DnxError ? [] : listed.map(({ domain }) => wordOf(domain)).filter((name) => /^\w[\w.-]*$/.test(name));
  const read = await orError((async () => readHealth(ctx, machineIn(data ?? {}, { id, label }, choices.user), 'why', domains))());
  progress.done();
  const health = read instanceof DnxError ? undefined : read;
  const problems = health ? problemsIn(health, choices.since) : [];
  const diagnosis: ServerDiagnosis = {
    server,
    checked_at: new Date(clock.now()).toISOString(),
    subject: 'server',
    outcome: problems.some(({ level }) => level === 'error') ? 'known' : health?.complete ? 'healthy' : 'unknown',
    problems: problems.map((problem) => shown(problem, server, settings)),
    checks: measuresOf(health),
    unknown: [
      ...(listed instanceof DnxError
        ? [{ what: 'certificates', why: listed.code === 'forbidden' ? 'needs site:read' : listed.message, fix: null }]
        : []),
      ...(read instanceof DnxError ? [unreachable(read, settings, LIMIT_MS.why)] : unreadIn(read)),
    ],
  };
  return { view: viewOf(diagnosis), exit: health ? undefined : (read as DnxError) };
}

function shown({ evidence, fixes, ...rest }: Problem, server: string, settings: Context['settings']): Printed<typeof problem> {
  return {
    ...rest,
    evidence: evidence.map(({ text, at }) => ({
      ...{ source: 'state', file: null, line_number: null, line: text },
      at: at === undefined ? null : new Date(at).toISOString(),
    })),
    fixes: filledFixes(fixes, { server }).map(({ command, why }) => ({ command: command && commandLine(command, settings), why })),
  };
}

/** What a server did not say. */
function unreadIn(health: Health): readonly UnknownPart[] {
  const silent = health.certificates.filter(({ served }) => certificateFault(served, 0) === null).map(({ domain }) => domain);
  const parts: readonly (readonly [what: string, unread: boolean, why: string])[] = [
    ['load', health.load === null, 'uptime did not say'],
    ['disks', health.disks.length === 0, 'df did not say'],
    ['memory', health.memory === null, 'free did not say'],
    ['services', health.services === null, 'systemctl did not say'],
    ['failed units', health.failed === null, 'systemctl did not say'],
    ['programs of Supervisor', health.supervisor === null, 'this user may not ask Supervisor'],
    ['killed processes', health.killed === null, 'this user cannot read the log of the kernel'],
    ['security updates', health.updates === null, 'apt-get did not say'],
    ['certificates', silent.length > 0, `the server presents none for ${silent.join(', ')} on port 443`],
    ['the rest of the server', !health.complete, 'the connection was cut'],
  ];
  return parts.filter(([, unread]) => unread).map(([what, , why]) => ({ what, why, fix: null }));
}

function viewOf(diagnosis: ServerDiagnosis) {
  const { server, outcome, problems, checks } = diagnosis;
  const details = [
    ...problems.flatMap(({ title, level, evidence, ...problem }, index) => [
      ...(index === 0 && outcome === 'known' ? [] : [[level === 'error' ? 'also' : 'minor', title] as const]),
      ...evidence.map(({ line }, at) => [at === 0 ? 'because' : '', line] as const),
      ...fixLines(problem),
    ]),
    ...checkLines(checks),
    ...unknownLines({ ...diagnosis, outcome: 'unknown' }),
  ];
  const fields = columns<ServerDiagnosis>('server', 'checked_at', 'subject', 'outcome', 'problems', 'checks', 'unknown');
  if (outcome === 'healthy') return record(diagnosis, fields, `Nothing is wrong with ${server}`, details);
  const title = `${server}: ${outcome === 'known' ? problems[0]?.title : 'Cannot read the server'}`;
  return { ...overview(diagnosis, fields, title, details), failed: true as const };
}

function checkLines(checks: Measures) {
  const { load_5m: load, cores, memory_available_bytes: available, memory_total_bytes: total, disk_percent: disk } = checks;
  return [
    ...(load === null ? [] : [['load', `${load} on ${cores} ${cores === 1 ? 'core' : 'cores'}`] as const]),
    ...(available === null || total === null ? [] : [['memory', `${bytes(available)} of ${bytes(total)} available`] as const]),
    ...(disk === null ? [] : [['disk', `${disk}% full`] as const]),
    ...(checks.fpm_busy === null ? [] : [['PHP-FPM', `${checks.fpm_busy} of ${checks.fpm_max} busy`] as const]),
    ...(checks.workers_running === null ? [] : [['workers', `${checks.workers_running} running`] as const]),
  ];
}
