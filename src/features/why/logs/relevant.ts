import { basename } from 'node:path';
import { MINUTE } from '../../../base/time.ts';
import type { FactLine, Facts, Incident, Log, Source } from '../facts.ts';

const SHARED: readonly Source[] = ['nginx', 'php'];

/** What Git says about a commit, whose message may be about any failure. */
const COMMIT = /^(HEAD is now at|commit) [0-9a-f]{7,}|^\s*[*+]?\s*[0-9a-f]{7,40} /;

/** A name of a release, such as `20260318_143200`. */
const RELEASE = /\b20\d{6}[-_]?\d{6}\b/g;

/** What ends a successful deployment in a log: assumed. */
const SUCCEEDED =
  /\b(deploy(ment|ed)?|release)\b.{0,40}\b(succeeded|successful(ly)?|completed|finished|is live|activated)\b|\bsuccessfully deployed\b/i;
const UNLESS = /\b(errors?|fail\w*|unsuccessful\w*|not|code [1-9])/i;

/** The level of an entry of Laravel's log, as text or JSON. */
const LEVEL = /^\s*\[[^\]]+\] [\w.-]+\.(DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT|EMERGENCY):|"level_name":"([A-Z]+)"/;

/** The lines that may belong to an incident, oldest first within each log. */
export function relevantLines({ logs, siteRef, releases, machine }: Facts, incident: Incident) {
  const names = [siteRef.site.label, basename(machine?.root ?? '')];
  const messages = releases?.map(({ message }) => message.split('\n', 1)[0]?.trim() ?? '').filter(({ length }) => length >= 8) ?? [];
  return logs.flatMap((log) =>
    linesOf(log, names, incident).filter(({ text }) => !COMMIT.test(text) && !messages.some((message) => text.includes(message))),
  );
}

function linesOf(log: Log, names: readonly string[], incident: Incident): readonly FactLine[] {
  if (log.modified !== undefined && log.modified < incident.from && !log.ofRelease) return [];
  const lines = timely(log, incident);
  if (log.source === 'deploy') return incident.kind === 'site' ? [] : lines;
  if (log.source === 'laravel') return errorsOf(lines);
  return SHARED.includes(log.source) ? lines.filter(({ text }) => concerns(text, names)) : lines;
}

/** The lines of the time of the incident, and in a log of several deployments those of the last one. */
function timely(log: Log, incident: Incident): readonly FactLine[] {
  if (log.ofRelease || log.source === 'given') return log.lines;
  const near = log.lines.filter(({ at }) => at === undefined || (at >= incident.from && at <= incident.to));
  return log.source === 'deploy'
    ? lastDeployment(near, incident.release?.name)
    : near.filter(({ at }) => at !== undefined || log.source === 'kernel');
}

/** Of a log that deployments append to: the lines of the failed one. */
function lastDeployment(lines: readonly FactLine[], release: string | undefined): readonly FactLine[] {
  const named = release === undefined ? lines : ofRelease(lines, release);
  return named.slice(named.findLastIndex(({ text }) => SUCCEEDED.test(text) && !UNLESS.test(text)) + 1);
}

/** From the first line that names the release to the next that names a later one; all lines if none names it. */
function ofRelease(lines: readonly FactLine[], release: string): readonly FactLine[] {
  const wanted = digits(release);
  let current = '';
  const owners = lines.map(({ text }) => {
    for (const [name] of text.matchAll(RELEASE)) if (digits(name) > current) current = digits(name);
    return current;
  });
  return owners.includes(wanted)
    ? lines.filter((_, index) => owners[index] === wanted)
    : lines.filter((_, index) => (owners[index] ?? '') === '');
}

const digits = (name: string): string => name.replaceAll(/\D/g, '');

function errorsOf(lines: readonly FactLine[]): readonly FactLine[] {
  let bad = false;
  return lines.filter(({ text }) => {
    const [, plain, json] = LEVEL.exec(text) ?? [];
    const level = plain ?? json;
    if (level !== undefined) bad = !['DEBUG', 'INFO', 'NOTICE', 'WARNING'].includes(level);
    return bad;
  });
}

/** True if a line of a log that sites share may be about the site of this domain, whose directory may have another name. */
function concerns(text: string, [domain = '', directory = '']: readonly string[]): boolean {
  const server = /\bserver: ([^,]+),/.exec(text)?.[1];
  if (server !== undefined) return server.split(/\s+/).some((name) => name === domain || name === `www.${domain}`);
  const pool = /\[pool ([^\]]+)\]/.exec(text)?.[1];
  if (pool !== undefined && pool !== 'www')
    return pool === domain || pool.replaceAll(/[^a-z0-9]/gi, '') === domain.replaceAll(/[^a-z0-9]/gi, '');
  const root = /\/([^/\s]+)\/(?:current|releases|shared)\//.exec(text)?.[1];
  if (root !== undefined && directory !== '') return root === domain || root === directory;
  return !/\bhost: "/.test(text) || text.includes(`host: "${domain}"`);
}

/** True if nginx says why it refused the request of dnx, or failed at it. */
export function isRequested({ source, text, at = 0 }: FactLine, { answer, now }: Pick<Facts, 'answer' | 'now'>): boolean {
  if (source !== 'nginx' || answer === null || (answer.status ?? 0) < 400 || at < now - RECENT_MS) return false;
  const { pathname, search } = new URL(answer.url);
  return text.includes(`request: "GET ${pathname}${search} `);
}

/** What Composer prints once it has installed every package. */
export const INSTALLED: readonly RegExp[] = [/^Generating (?:optimized )?autoload files/];

/** What a step of a deploy script prints at its end, if it succeeded: Composer, npm, yarn, pnpm, Vite and Artisan. */
const SUCCESS: readonly RegExp[] = [
  ...INSTALLED,
  /^(?:added|changed) \d+ packages?\b|^up to date\b/,
  /^✨? *Done in [\d.]+m?s\b/,
  /^✓ built in /,
  /^\s*(?:INFO {2})?(?:Nothing to migrate|Running migrations)\.?$/,
  /^\s*(?:INFO {2})?(?:Configuration|Routes|Events|Blade templates) cached successfully[.!]$/,
  /^\s*\S.* \.{3,} .*\bDONE$/,
];

const REQUESTS: readonly Source[] = ['nginx', 'php', 'worker'];

/** The most that Laravel and nginx may have written between the request and the reading of their logs, in ms. */
const RECENT_MS = 5 * MINUTE;

/** Without the lines that a script got past, because a later step succeeded: failures that it retried or ignored. */
export function unpassedLines(lines: readonly FactLine[], success = SUCCESS): readonly FactLine[] {
  const last = (wanted: Source) =>
    lines.findLastIndex(({ source, text }) => source === wanted && success.some((pattern) => pattern.test(text)));
  const ends: Partial<Record<Source, number>> = { deploy: last('deploy'), given: last('given') };
  return lines.filter(({ source }, place) => place > (ends[source] ?? -1));
}

/** Without what says nothing about a deployment: requests to the live site, and what the kernel killed, unless a step was killed. */
export function deploymentLines(lines: readonly FactLine[]): readonly FactLine[] {
  const deployLines = lines.filter(({ source }) => source === 'deploy' || source === 'given');
  const killed = deployLines.length === 0 || deployLines.some(({ text }) => /\bkilled\b|\bSIGKILL\b|\bsignal 9\b|\b137\b/i.test(text));
  return lines.filter(({ source }) => !REQUESTS.includes(source) && (killed || source !== 'kernel'));
}

/** The lines that may say why a site does not answer, or did not. */
export function siteLines(lines: readonly FactLine[], facts: Facts, { past }: Incident) {
  const { answer } = facts;
  const current = past ? lines : currentLines(lines, facts);
  if (answer === null || answer.status !== null) return current;
  // No request reached Laravel, and one that was refused or not encrypted nor PHP.
  const reached: readonly Source[] = answer.reason === 'ETIMEDOUT' ? ['php', 'nginx'] : [];
  const isFar = ({ source, text }: FactLine): boolean =>
    ['laravel', 'worker', 'php'].includes(source) || (source === 'nginx' && !/\[(?:emerg|alert)\]/.test(text));
  return current.filter((line) => reached.includes(line.source) || !isFar(line));
}

/**
 * Without what was written long before what the request of dnx caused: it passed. A service that does not run may have said so earlier. With a
 * 500, PHP answered nginx.
 */
function currentLines(lines: readonly FactLine[], { now, machine, answer }: Facts): readonly FactLine[] {
  const answered = answer?.status === 500 ? lines.filter(({ source, text }) => source !== 'nginx' || !UNREACHED.test(text)) : lines;
  const newest = Math.max(...answered.map(({ source, at = 0 }) => (source === 'laravel' || source === 'nginx' ? at : 0)));
  if (newest < now - RECENT_MS) return answered;
  const lasting: readonly Source[] = machine?.services.every(({ state }) => state === 'active') ? ['given'] : ['given', 'php', 'kernel'];
  return answered.filter(({ source, at = 0 }) => lasting.includes(source) || at >= newest - MINUTE);
}

/** Why nginx answers 502, 503 or 504. */
const UNREACHED = /^(?!.*FastCGI sent in stderr).* while (?:connecting to|reading response header from) upstream\b/;

const FAILURE =
  /\b(error|fail(ed|ure|s)?|fatal|exception|denied|refused|cannot|can't|could not|unable|not found|killed|abort(ed)?|invalid|missing|critical|panic)\b/i;

const MOST = 3;

/** The logs by how much they say about a failure, the best first. */
const ORDER: readonly Source[] = ['given', 'deploy', 'laravel', 'php', 'nginx', 'kernel', 'server', 'worker'];

/** The lines that are nearest to an unknown failure: the last ones of the best log that speak of one, or its last ones. */
export function nearestLines(lines: readonly FactLine[], { kind }: Pick<Incident, 'kind'>): readonly FactLine[] {
  for (const source of ORDER) {
    const ofSource = lines.filter((line) => line.source === source && !/^#\d+ |^\[stacktrace\]|^"\}/.test(line.text.trim()));
    const telling = ofSource.filter(({ text }) => FAILURE.test(text));
    if (telling.length > 0) return telling.slice(-MOST);
    if (ofSource.length > 0 && kind === 'deployment' && ['given', 'deploy'].includes(source)) return ofSource.slice(-MOST);
  }
  return [];
}
