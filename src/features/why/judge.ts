import { code, environment, exceptions, files } from './causes/application.ts';
import { type Cause, type Fix, type FoundCause, fixesOf, titleOf } from './causes/cause.ts';
import { database, migrations } from './causes/database.ts';
import { assets, composer, npm } from './causes/dependencies.ts';
import { git, script } from './causes/script.ts';
import { platform, resources, web, workers } from './causes/server.ts';
import { type FactLine, type Facts, type Incident, isUnanswered, type Source } from './facts.ts';
import { deploymentLines, INSTALLED, isRequested, nearestLines, relevantLines, siteLines, unpassedLines } from './logs/relevant.ts';

/** Every cause that dnx knows. Of two with the same rank in one line, the first one counts. */
export const causes: readonly Cause[] = [
  platform,
  resources,
  composer,
  migrations,
  database,
  environment,
  files,
  npm,
  assets,
  git,
  web,
  code,
  workers,
  script,
  exceptions,
].flat();

/** A cause and what shows it, or the lines that are nearest to an unknown one. */
export interface CauseVerdict {
  readonly cause: { readonly id: string; readonly title: string } | undefined;
  readonly lines: readonly FactLine[];
  readonly resolved: string | undefined;
  readonly fixes: readonly Fix[];
}

const MOST_LINES = 3;

/** How much a log counts more than others: the one of the deployment shows best why it failed. */
const WEIGHT: Readonly<Partial<Record<Source, number>>> = { deploy: 10, given: 10, laravel: -5, worker: -5 };

type Candidate = ReturnType<typeof candidatesOf>[number];

/** Finds the cause of an incident. Undefined if nothing is wrong. */
export function chooseCause(facts: Facts, incident: Incident): CauseVerdict | undefined {
  const hasLog = facts.logs.some(({ source }) => source === 'given');
  const wrong = incident.kind === 'deployment' || isUnanswered(facts);
  const failing = wrong || hasLog || incident.past;
  const relevant = relevantLines(facts, incident).filter(
    (line) => wrong || incident.past || line.source === 'given' || isRequested(line, facts),
  );
  const lines = incident.kind === 'deployment' ? deploymentLines(relevant) : siteLines(relevant, facts, incident);
  const rest = unpassedLines(lines);
  const installing = unpassedLines(lines, INSTALLED);
  const requested = rest.filter((line) => line.source !== 'nginx' || incident.past || isRequested(line, facts));
  const linesFor = ({ refusal, lasting }: Cause) => (refusal ? requested : !failing ? [] : lasting ? installing : rest);
  const about = incident.kind === 'deployment' ? 'deployment' : 'site';
  const candidates = causes
    .filter((cause) => (cause.about ?? about) === about && (failing || cause.always || cause.refusal))
    .flatMap((cause) => candidatesOf(cause, linesFor(cause), { facts, incident }))
    // How the server is now does not explain what was.
    .filter(({ cause, match }) => wrong || hasLog || cause.always || match);
  const [best] = candidates.sort((one, other) => other.score - one.score || order(one, other, incident));
  if (best) return verdictOf(best);
  const nearest = failing ? nearestLines(rest, incident) : [];
  const unread = facts.answer === null && facts.machine === null;
  return wrong || hasLog || unread || nearest.length > 0 ? { cause: undefined, lines: nearest, resolved: undefined, fixes: [] } : undefined;
}

/** The first line shows why a deployment failed, the last one why a site fails now. */
const order = (one: Candidate, other: Candidate, { kind }: Incident): number =>
  kind === 'deployment' || [one, other].some(({ line }) => line.source === 'given')
    ? one.place - other.place
    : (other.line.at ?? 0) - (one.line.at ?? 0) || other.place - one.place;

function candidatesOf(cause: Cause, lines: readonly FactLine[], { facts, incident }: Pick<FoundCause, 'facts' | 'incident'>) {
  const matched = lines.flatMap((line, place) => {
    if (cause.sources && !cause.sources.includes(line.source)) return [];
    const match = matchOf(cause, line);
    return match && cause.when?.({ facts, incident, line }, match) !== false ? [{ line, place, match }] : [];
  });
  const matches = matched.map(({ match }) => match);
  const states = cause.state?.(facts, incident) ?? [];
  const candidateAt = (line: FactLine, place: number, match?: RegExpExecArray) => {
    const others = matched.filter((entry) => entry.line.source === line.source).map((entry) => entry.line);
    const details = lines.filter((detail) => detail.source === line.source && cause.detail?.test(detail.text));
    const all = match ? [line, ...details, ...states, ...others] : [line, ...states];
    const found: FoundCause = { facts, incident, line, match, all: matches };
    return {
      ...found,
      cause,
      place,
      lines: cause.quote?.(found, lines) ?? [...new Set(all)].slice(0, MOST_LINES),
      score: cause.rank + (WEIGHT[line.source] ?? 0),
    };
  };
  return matched.length > 0
    ? matched.map(({ line, place, match }) => candidateAt(line, place, match))
    : states.map((line) => candidateAt(line, lines.length));
}

const PASSED = /^\s*[✓✔√] /;

function matchOf(cause: Cause, { heading, text }: FactLine): RegExpExecArray | undefined {
  if (PASSED.test(text)) return undefined;
  for (const pattern of cause.patterns ?? []) {
    const match = pattern.exec(text) ?? (heading === undefined ? null : pattern.exec(`${heading} ${text.trim()}`));
    if (match) return match;
  }
  return undefined;
}

const isDeployment = ({ command }: Fix): boolean => command?.[0] === 'deploy';

function verdictOf(best: Candidate): CauseVerdict {
  const { cause, facts, incident, lines } = best;
  const { status = null } = facts.answer ?? {};
  const answers = incident.past && status !== null && !isUnanswered(facts) ? `the site responds with ${status} now` : undefined;
  const resolved = cause.resolved?.(best);
  const fixes = fixesOf(cause, best);
  return {
    cause: { id: cause.id, title: titleOf(cause, best) },
    lines,
    resolved: resolved ?? (cause.always ? undefined : answers),
    // What is fixed needs no more than another try, and a site that answers not even that.
    fixes: resolved !== undefined ? fixes.filter(isDeployment) : answers !== undefined ? fixes.filter((fix) => !isDeployment(fix)) : fixes,
  };
}
