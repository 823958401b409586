import type { Detail } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import { shownTimeIn } from '../../base/time.ts';
import { listOf, nullable, number, objectOf, oneOf, type Printed, word, words, yes } from '../../cli/language/shape.ts';
import { columns, overview, record, type View } from '../../cli/output/view.ts';
import { type Release, shortened } from '../deploy/release.ts';
import { certificateIn, type TimeReader } from '../overview/overview.ts';
import { missingKeys } from './causes/application.ts';
import { givenUp } from './causes/server.ts';
import { type Facts, siteAnswer, sourceShape, unknownPart } from './facts.ts';

/** A line that shows a cause, or one that is near it: without secrets, values of variables and control sequences. */
export const quotedLine = objectOf({
  source: sourceShape,
  file: nullable(word),
  line_number: nullable(number),
  line: word,
  at: nullable(word),
});
export type QuotedLine = Printed<typeof quotedLine>;

const releaseShape = objectOf({
  id: word,
  name: word,
  commit: nullable(word),
  message: nullable(word),
  status: nullable(word),
  /** Null if the API does not say which release is live. */
  live: nullable(yes),
  created_at: nullable(word),
});
type ShownRelease = Printed<typeof releaseShape>;

/** What was checked, whatever it says. Null: it could not be read. */
const checks = objectOf({
  http: nullable(siteAnswer),
  disks: nullable(listOf(objectOf({ mount: word, space_percent: nullable(number), inodes_percent: nullable(number) }))),
  memory: nullable(objectOf({ total: number, available: number, swap: number, swap_used: number })),
  php: nullable(objectOf({ site: nullable(word), cli: nullable(word) })),
  certificate: nullable(objectOf({ status: nullable(word), expires_at: nullable(word) })),
  workers: nullable(listOf(objectOf({ queue: word, status: word }))),
  /** Processes of Supervisor that it gave up, unless they are another site's. */
  given_up: nullable(listOf(objectOf({ name: word, state: word }))),
  /** Keys of .env.example that the site lacks. */
  missing_variables: nullable(words),
  logs: listOf(objectOf({ source: sourceShape, file: nullable(word), lines: number })),
});
type Checks = Printed<typeof checks>;

/** Why a deployment failed or a site is down, for scripts. */
export const diagnosisShape = objectOf({
  site: word,
  server: word,
  checked_at: word,
  subject: oneOf('deployment', 'site'),
  outcome: oneOf('known', 'unknown', 'healthy'),
  cause: nullable(word),
  title: word,
  /** Why the cause no longer holds. */
  resolved: nullable(word),
  evidence: listOf(quotedLine),
  fixes: listOf(objectOf({ command: nullable(word), why: word })),
  release: nullable(releaseShape),
  /** The release that is live, or that was before. */
  previous: nullable(releaseShape),
  checks,
  unknown: listOf(unknownPart),
});
export type Diagnosis = Printed<typeof diagnosisShape>;

/** A release for scripts. */
export const shownRelease = (release: Release | undefined): ShownRelease | null =>
  release
    ? {
        id: release.id,
        name: release.name,
        commit: release.commit || null,
        message: release.message || null,
        status: release.word || null,
        live: release.live ?? null,
        created_at: release.created || null,
      }
    : null;

/** What was checked, for scripts. */
export function checksOf(facts: Facts): Checks {
  const { answer, certificates, logs, machine, now, queues, site } = facts;
  const best = certificates && certificateIn(certificates, { now, terminal: false }).certificate;
  return {
    http: answer,
    disks: machine?.disks.map(({ mount, space, inodes }) => ({ mount, space_percent: space, inodes_percent: inodes })) ?? null,
    memory: machine?.memory ?? null,
    php: machine && { site: wordOf(site.php_version) || null, cli: machine.php },
    certificate: best ? { status: wordOf(best.status) || null, expires_at: wordOf(best.expires_at) || null } : null,
    workers: queues?.map(({ queue, id, status }) => ({ queue: wordOf(queue) || wordOf(id), status: wordOf(status) })) ?? null,
    given_up: machine && givenUp(facts).map(({ name, state }) => ({ name, state })),
    missing_variables: machine && missingKeys(facts),
    logs: logs
      .filter(({ file, lines }) => file !== null || lines.length > 0)
      .map(({ source, file, lines }) => ({ source, file, lines: lines.length })),
  };
}

/** The most characters of a commit's message, to fit 80 columns. */
const MESSAGE = 44;
const MOST = 5;

const SOURCES: Readonly<Record<QuotedLine['source'], string>> = {
  deploy: 'deploy log',
  given: '--log',
  laravel: 'Laravel log',
  nginx: 'nginx log',
  php: 'PHP-FPM log',
  worker: 'worker log',
  kernel: 'kernel log',
  server: 'server log',
  state: 'server',
  http: 'response',
  api: 'Deploynix',
};

/** A diagnosis as an object for scripts, and as lines for people. */
export function viewOf(diagnosis: Diagnosis, reader: TimeReader): View<Diagnosis> {
  const title = titleOf(diagnosis, reader);
  const details = detailsOf(diagnosis, reader).map(([label, text]): Detail => [label, text.replace(/[\r\n\t]+/g, ' ')]);
  const fields = columns<Diagnosis>(
    ...(['site', 'server', 'checked_at', 'subject', 'outcome', 'cause', 'title', 'resolved'] as const),
    ...(['evidence', 'fixes', 'release', 'previous', 'checks', 'unknown'] as const),
  );
  if (diagnosis.outcome === 'healthy') return record(diagnosis, fields, title, details);
  const view = overview(diagnosis, fields, title, details);
  return diagnosis.cause === 'deployment_in_progress' ? view : { ...view, failed: true };
}

function titleOf({ site, outcome, subject, title, release, checks: { http } }: Diagnosis, reader: TimeReader): string {
  if (outcome === 'healthy') return `Nothing is wrong with ${site}`;
  if (subject === 'deployment') {
    const when = release?.created_at ? ` ${shownTimeIn(release.created_at, reader)}` : '';
    return `Deployment of ${site} failed${when}: ${title}`;
  }
  if (http === null || (http.status !== null && http.status < 500)) return `${site}: ${title}`;
  return `${site} ${http.status === null ? 'does not respond' : `returns ${http.status}`}: ${title}`;
}

function detailsOf(diagnosis: Diagnosis, reader: TimeReader): readonly Detail[] {
  const { evidence, outcome, release, previous, resolved, subject } = diagnosis;
  const label = outcome === 'unknown' ? 'nearest' : 'because';
  return [
    ...(release ? [['release', releaseWords(release)] as const] : []),
    ...(previous && subject === 'deployment' ? [[previous.live ? 'live' : 'before', releaseWords(previous)] as const] : []),
    ...evidenceLines(diagnosis, label),
    ...(outcome === 'unknown' && evidence.length === 0 ? [['nearest', withoutLines(diagnosis)] as const] : []),
    ...(resolved === null ? [] : [['meanwhile', resolved] as const]),
    ...fixLines(diagnosis),
    ...(outcome === 'known' ? [] : checkLines(diagnosis, reader)),
    ...unknownLines(diagnosis),
  ];
}

/** The cause, the lines that show it, and the fixes, below the failure of a deployment. */
export const causeDetails = (diagnosis: Diagnosis): readonly Detail[] => [
  ['cause', diagnosis.title],
  ...evidenceLines(diagnosis, 'because'),
  ...fixLines(diagnosis),
];

const evidenceLines = ({ cause, evidence }: Diagnosis, label: string): readonly Detail[] =>
  evidence.map((quote, at) => [at === 0 ? label : '', `${lineWords(quote, cause)} (${placeOf(quote)})`]);

/** What to do, in a line each. */
export const fixLines = ({ fixes }: Pick<Diagnosis, 'fixes'>): readonly Detail[] =>
  fixes.map(({ command, why }, at) => [at === 0 ? 'fix' : '', command ?? why]);

/** Why there is no line to show. The log from Deploynix is not a file. */
function withoutLines({ checks: { logs } }: Diagnosis): string {
  if (logs.length === 0) return 'no log could be read';
  if (logs.every(({ source, file }) => source === 'server' && file === null)) return 'no log on the server could be read';
  return 'no line in the logs speaks of a failure';
}

/** `20261125_031005  b085a9d Queue the invoice mails`. */
const releaseWords = ({ name, commit, message }: ShownRelease): string =>
  [name, [commit?.slice(0, 7), shortened(message ?? '', MESSAGE)].filter(Boolean).join(' ')].filter(Boolean).join('  ');

/** A line of an exception names files of the application, which are shown from its directory on. */
const lineWords = ({ line }: QuotedLine, cause: string | null): string =>
  cause?.endsWith('exception') ? line.replaceAll(/\/\S+?\/(?:releases\/[\w.-]+|current)\//g, '') : line;

const placeOf = ({ source, file, line_number: number }: QuotedLine): string =>
  [
    source === 'laravel' || source === 'deploy' || file === null ? SOURCES[source] : file,
    ...(number === null ? [] : [`line ${number}`]),
  ].join(', ');

/** What was checked and looks good or bad, in a line each. */
function checkLines({ checks }: Diagnosis, reader: TimeReader): readonly Detail[] {
  const { http, disks, memory, certificate, workers, given_up: failedPrograms, missing_variables: missing } = checks;
  const fullest = disks?.reduce((most, { space_percent: used }) => Math.max(most, used ?? 0), 0);
  const lines: readonly (Detail | false | null | undefined)[] = [
    http && ['response', http.status === null ? (http.error ?? 'none') : `${http.status} in ${http.duration_ms}ms`],
    fullest !== undefined && disks && disks.length > 0 && ['disk', `${fullest}% full`],
    memory && ['memory', `${Math.round((memory.available / memory.total) * 100)}% available`],
    certificate && ['certificate', certificateIn([certificate], reader).words],
    workers && workers.length > 0 && ['workers', workers.map(({ queue, status }) => `${queue} ${status}`).join(', ')],
    failedPrograms && failedPrograms.length > 0 && ['supervisor', failedPrograms.map(({ name, state }) => `${name} ${state}`).join(', ')],
    missing && missing.length > 0 && ['variables', `in .env.example, but not set: ${missing.join(', ')}`],
  ];
  return lines.filter((line): line is Detail => Boolean(line));
}

/** A log that cannot be read matters only if the cause is unknown. */
export function unknownLines({ outcome, unknown: all }: Pick<Diagnosis, 'outcome' | 'unknown'>): readonly Detail[] {
  const unknown = outcome === 'unknown' ? all : all.filter(({ what }) => !what.startsWith('/'));
  const shown = unknown.length > MOST ? unknown.slice(0, MOST - 1) : unknown;
  const more = unknown.length - shown.length;
  return [
    ...shown.map(({ what, why, fix }, at): Detail => [at === 0 ? 'unknown' : '', `${what}: ${why}${fix === null ? '' : `. ${fix}`}`]),
    ...(more > 0 ? [['', `… and ${more} more; --json has all`] as const] : []),
  ];
}
