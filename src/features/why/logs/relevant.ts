import type { Facts, Line, Log, Source } from '../facts.ts';
import type { Incident } from '../incident.ts';

/** Logs that several sites may share. */
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
export function relevantLines({ logs, of, releases }: Pick<Facts, 'logs' | 'of' | 'releases'>, incident: Incident): readonly Line[] {
  const messages = releases?.map(({ message }) => message.split('\n', 1)[0]?.trim() ?? '').filter(({ length }) => length >= 8) ?? [];
  return logs.flatMap((log) =>
    linesOf(log, of.site.label, incident).filter(({ text }) => !COMMIT.test(text) && !messages.some((each) => text.includes(each))),
  );
}

/** The lines of one log. */
function linesOf(log: Log, domain: string, incident: Incident): readonly Line[] {
  if (log.modified !== undefined && log.modified < incident.from && !log.ofRelease) return [];
  const lines = timely(log, incident);
  if (log.source === 'deploy') return incident.kind === 'site' ? [] : lines;
  if (log.source === 'laravel') return errorsOf(lines);
  return SHARED.includes(log.source) ? lines.filter(({ text }) => concerns(text, domain)) : lines;
}

/** The lines of the time of the incident, and in a log of several deployments those of the last one. */
function timely(log: Log, incident: Incident): readonly Line[] {
  if (log.ofRelease || log.source === 'given') return log.lines;
  const near = log.lines.filter(({ at }) => at === undefined || (at >= incident.from && at <= incident.to));
  return log.source === 'deploy'
    ? lastDeployment(near, incident.release?.name)
    : near.filter(({ at }) => at !== undefined || log.source === 'kernel');
}

/** Of a log that deployments append to: the lines of the failed one. */
function lastDeployment(lines: readonly Line[], release: string | undefined): readonly Line[] {
  const named = release === undefined ? lines : ofRelease(lines, release);
  return named.slice(named.findLastIndex(({ text }) => SUCCEEDED.test(text) && !UNLESS.test(text)) + 1);
}

/** From the first line that names the release to the next that names a later one; all lines if none names it. */
function ofRelease(lines: readonly Line[], release: string): readonly Line[] {
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

/** Of a log of Laravel, the errors with their stack traces. */
function errorsOf(lines: readonly Line[]): readonly Line[] {
  let bad = false;
  return lines.filter(({ text }) => {
    const [, plain, json] = LEVEL.exec(text) ?? [];
    const level = plain ?? json;
    if (level !== undefined) bad = !['DEBUG', 'INFO', 'NOTICE', 'WARNING'].includes(level);
    return bad;
  });
}

/** True for a line about this site, or about all of them. */
function concerns(text: string, domain: string): boolean {
  const server = /\bserver: ([^,]+),/.exec(text)?.[1];
  if (server !== undefined) return server.split(/\s+/).some((name) => name === domain || name === `www.${domain}`);
  const pool = /\[pool ([^\]]+)\]/.exec(text)?.[1];
  if (pool !== undefined)
    return pool === 'www' || pool === domain || pool.replaceAll(/[^a-z0-9]/gi, '') === domain.replaceAll(/[^a-z0-9]/gi, '');
  return !/\bhost: "/.test(text) || text.includes(`host: "${domain}"`);
}
