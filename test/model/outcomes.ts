import type { Ending } from './command-line.ts';
import { lagOf, plain, showsOnSite, showsWork, tellsFailure, tellsSuccess } from './dialect.ts';
import type { History } from './history.ts';
import { shop, type Work } from './platform.ts';
import { askedBy, follows, knows, openBefore, type Rule, type Story, starts, verifies } from './story.ts';

/** Deployments and rollbacks that were in progress between two times. */
const between = ({ platform }: Story, from: number, to: number): Work[] =>
  platform.works.filter(({ askedAt, endedAt = Number.POSITIVE_INFINITY }) => askedAt <= to && endedAt >= from);

/** The reported outcome is true. */
export const outcomeRule: Rule = (story, ending) => {
  const { outcome, ended } = ending;
  if (!follows(ending) || outcome === undefined) return undefined;
  const asked = askedBy(story, ending);
  if (!asked && isRepeated(story, ending)) return undefined;
  if (isMistakable(story, ending, asked)) return undefined;
  const sent = asked !== undefined && starts(asked).length > 0;
  // A line that sent no request followed another deployment.
  const about = sent ? ownWorks(story, asked) : between(story, (asked ?? ending).began, ended);
  const over = about.filter(({ endedAt = Number.POSITIVE_INFINITY }) => endedAt <= ended);
  const bad = asked && verifies(asked) && about.some(({ line = -1 }) => story.history.lines[line]?.bad);
  const wrong = (what: string) => `${what} (release ${ending.release ?? 'unknown'})`;
  switch (outcome) {
    case 'succeeded':
      if (!over.some(({ good }) => good) && !isAssumedOurs(story, ending, true)) return wrong('reported a false success');
      if (bad && sent && ending === asked) return wrong('reported an unverified success');
      return isMisnamed(story, ending, over) && !isAssumedOurs(story, ending, true)
        ? wrong('reported a success of the wrong release')
        : undefined;
    case 'failed':
      if (over.some(({ good }) => !good) || (bad && over.length > 0) || isAssumedOurs(story, ending, false)) return undefined;
      return wrong('reported a false failure');
    case 'rolled_back':
      return over.some(({ kind, good }) => kind === 'rollback' && good) ? undefined : wrong('reported a rollback that did not happen');
    case 'superseded': {
      const all = between(story, (asked ?? ending).began - lagOf(story.history.dialect), ended);
      return all.some((work) => !about.includes(work)) || (!sent && all.length > 1)
        ? undefined
        : wrong('reported superseded without another deployment');
    }
    default:
      return undefined;
  }
};

/** The work of a line, and other rollbacks to the same release. */
function ownWorks({ platform, history }: Story, { number, log, began }: Ending): Work[] {
  const target = log.sent.find(({ path }) => path.endsWith('/rollback'))?.body.release_id;
  const from = began - lagOf(history.dialect);
  const same = ({ kind, release, endedAt = from }: Work) => kind === 'rollback' && release?.id === target && endedAt >= from;
  return platform.works.filter((work) => work.line === number || (target !== undefined && same(work)));
}

/** Whether it names a release that none of these made live. Only on platforms that name releases like the sandbox. */
function isMisnamed({ history }: Story, { release }: Ending, works: readonly Work[]): boolean {
  const { ids, lacks, rollback } = history.dialect;
  const comparable = ids === 'text' && lacks !== 'names of releases' && rollback === 'moves the mark';
  return comparable && release !== undefined && !works.some((work) => work.good && work.release?.name === release);
}

/** A watch with no open run repeats the last outcome. */
function isRepeated({ endings }: Story, { number, outcome, release }: Ending): boolean {
  const last = endings.slice(0, number).findLast((each) => follows(each) && knows(each));
  return last?.outcome === outcome && last?.release === release;
}

/**
 * Whether another deployment cannot be distinguished from ours: it came before our request and appears later or never, it has not appeared
 * yet, or ours failed and is not listed.
 */
function isMistakable(story: Story, { ended }: Ending, asked: Ending | undefined): boolean {
  const { dialect } = story.history;
  const lag = lagOf(dialect);
  if (!asked || (lag === 0 && showsWork(dialect) && dialect.bad !== 'gone')) return false;
  const sentAt = starts(asked)[0]?.arrivedAt ?? asked.began;
  const isEarlier = ({ kind, askedAt }: Work) =>
    (kind === 'deploy' || dialect.rollback === 'makes a release') && (dialect.bad === 'gone' || askedAt <= sentAt);
  const isUnseen = ({ endedAt = ended }: Work) => endedAt + lag >= ended;
  const others = between(story, asked.began - lag, ended).filter(({ line }) => line !== asked.number);
  return others.some((work) => isEarlier(work) || isUnseen(work));
}

/** Whether the response was lost, and dnx says that it assumes the only deployment to be ours. */
const isAssumedOurs = ({ platform }: Story, { stderr, ended }: Ending, good: boolean): boolean =>
  /assumed to be yours/.test(stderr) && platform.works.some((work) => work.good === good && (work.endedAt ?? ended + 1) <= ended);

/** The final watch reports a run that is still open. */
export const openRunRule: Rule = (story, ending) => {
  const { endings, history } = story;
  const open = openBefore(story, ending.number);
  const last = ending.number === endings.length - 1 && ending.line.verb === 'watch' && ending.stopped === undefined;
  if (!last || !open || ending.outcome !== undefined) return undefined;
  // A watch does not repeat an outcome that has been known for an hour on this machine's clock.
  const late = history.lines.some(({ events }) => events.some(({ action }) => action.do === 'clock' && action.ms > 0));
  return verifies(open) && late ? undefined : `watch does not report line ${open.number}`;
};

/** An undisturbed outcome is reported if the platform shows enough. */
export const exactOutcomeRule: Rule = (story, ending) => {
  const outcome = expected(story, ending);
  return outcome && outcome !== ending.outcome ? `${ending.outcome ?? ending.error} instead of ${outcome}` : undefined;
};

/** The outcome that must be reported; undefined if others interfered or the platform does not show enough. */
export function expected(story: Story, ending: Ending): 'succeeded' | 'failed' | undefined {
  const { platform, history } = story;
  const { dialect, before } = history;
  const asked = askedBy(story, ending);
  if (!asked || !follows(ending) || ending.stopped !== undefined) return undefined;
  if ([ending, asked].some(({ line }) => line.flags.some((flag) => /^--(no-wait|verify|timeout)/.test(flag)))) return undefined;
  const works = between(story, asked.began - lagOf(dialect) - 1_000, ending.ended);
  const [work] = works;
  if (!work || works.length > 1 || work.line !== asked.number || platform.siteNamed(shop.domain) !== work.site) return undefined;
  const refused = [ending, asked].some(({ log }) => log.sent.some(({ status }) => status === undefined || status >= 400));
  if (refused) return undefined;
  if (isHidden(history, work, ending === asked ? asked : undefined)) return undefined;
  const keeps = before !== 'no releases';
  const well = platform.viewAt(asked.began).sites.some(({ id, status }) => id === work.site && status === 'active');
  if (work.good) return dialect === plain || (keeps && tellsSuccess(dialect)) ? 'succeeded' : undefined;
  return dialect === plain || (keeps && well && tellsFailure(dialect)) ? 'failed' : undefined;
}

/** dnx gives up on work that does not appear within 90 s, unless earlier deployments have shown that it must be waiting. */
function isHidden(
  { dialect, watched }: History,
  { kind, askedAt, beganAt = askedAt, endedAt = askedAt }: Work,
  followed: Ending | undefined,
): boolean {
  const makes = kind === 'deploy' || dialect.rollback === 'makes a release';
  if (endedAt - askedAt + lagOf(dialect) <= 85_000) return false;
  if (!showsWork(makes ? dialect : { ...dialect, made: null })) return true;
  const isFirst = followed?.number === 0 && followed.line.events.every(({ action }) => action.do !== 'clock');
  const isAwaited = kind === 'deploy' && watched && dialect.ids === 'text' && showsOnSite(dialect) && isFirst;
  return beganAt - askedAt > 85_000 && !isAwaited;
}
