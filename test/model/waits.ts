import type { Ending } from './command-line.ts';
import { lagOf } from './dialect.ts';
import { other } from './platform.ts';
import { askedBy, changes, follows, type Rule, type Story, siteOf, starts, verifies } from './story.ts';
import { type Sent, siteIdIn } from './wire.ts';

/** dnx reports a settled outcome within this many ms. */
const SETTLED_MS = 90_000;
const POLL_MS = 10_000;
const VERIFYING_MS = 30_000;
const SLACK_MS = 2_000;

/** The longest delay in ms until the request after a failed one. */
const costOf = ({ status }: Sent): number => (status === 200 ? 0 : status === 429 ? 61_000 : POLL_MS);

/** The time that slow or missing responses took since then, in ms. */
function roughAfter({ log, ended }: Ending, from: number): number {
  const since = log.sent.filter((_, index) => (log.sent[index + 1]?.at ?? ended) > from);
  const taken = ({ at, answeredAt = at }: Sent) => Math.max(0, answeredAt - Math.max(at, from));
  return since.reduce((sum, sent) => sum + taken(sent) + costOf(sent), 0);
}

/** When the site finished a deployment; undefined while it is in progress. */
function settledAt({ platform }: Story, ending: Ending): number | undefined {
  const { began, ended } = ending;
  const site = siteOf(ending);
  const works = platform.works.filter((work) => work.site === site && work.askedAt <= ended);
  const ends = works.map(({ endedAt = Number.POSITIVE_INFINITY }) => endedAt);
  const installing = platform.viewAt(ended).sites.some(({ id, status }) => id === site && status === 'installing');
  if (installing || ends.some((end) => end > ended)) return undefined;
  return Math.max(began, ...changes(ending).map(({ at, answeredAt = at }) => answeredAt), ...ends);
}

/** Whether the site was never read while idle, so that an unusual idle status is unknown. */
function isIdleUnknown({ platform, history }: Story, asked: Ending): boolean {
  const until = changes(asked)[0]?.at ?? asked.began;
  const read = asked.log.sent.findLast(({ path, shows, at }) => /\/sites\/[^/]+$/.test(path) && shows !== undefined && at <= until);
  if (history.dialect.idle === 'active') return false;
  // Only --no-wait deploys a site without reading it.
  if (read?.shows === undefined) return asked.line.flags.includes('--no-wait') && starts(asked).length > 0;
  const site = platform.viewAt(read.shows).sites.find(({ id }) => id === siteIdIn(read.path));
  return site?.status !== 'active';
}

/** When the outcome was known. A line that deploys another site, too, may end later. */
function endOf({ line, log, ended }: Ending): number {
  if (!line.flags.includes(other.domain)) return ended;
  const last = log.sent.findLast(({ path }) => siteIdIn(path) !== '');
  return last?.answeredAt ?? last?.at ?? ended;
}

/** dnx reports a settled outcome soon. */
export const settledRule: Rule = (story, ending) => {
  if (ending.stopped !== undefined || !follows(ending)) return undefined;
  const settled = settledAt(story, ending);
  if (settled === undefined || isIdleUnknown(story, askedBy(story, ending) ?? ending)) return undefined;
  const verifying = verifies(ending) ? VERIFYING_MS : 0;
  const allowed = lagOf(story.history.dialect) + SETTLED_MS + POLL_MS + SLACK_MS + verifying + roughAfter(ending, settled);
  const waited = endOf(ending) - settled;
  return waited > allowed ? `waited ${waited / 1000} s after the site had settled, ${allowed / 1000} are allowed` : undefined;
};

/** How long --rollback-on-fail may go on after --timeout. */
const ROLLBACK_MS = 120_000;

/** --timeout limits the whole wait. With several sites, it begins for each when that is started. */
export const timeoutRule: Rule = (_, ending) => {
  const { line, began, ended } = ending;
  if (line.flags.includes(other.domain)) return undefined;
  const limit = { '20s': 20_000, '3m': 180_000 }[line.flags[line.flags.indexOf('--timeout') + 1] ?? ''];
  const waited = ended - began;
  const rolledBack = line.flags.includes('--rollback-on-fail') && changes(ending).some(({ path }) => path.endsWith('/rollback'));
  const more = rolledBack ? ROLLBACK_MS : 0;
  return limit !== undefined && waited > limit + more + 1_000 ? `--timeout ${limit / 1000}s took ${waited / 1000} s` : undefined;
};
