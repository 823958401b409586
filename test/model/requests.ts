import type { Ending } from './command-line.ts';
import { type Row, shop, type Work } from './platform.ts';
import { changes, follows, type Rule, type Story } from './story.ts';
import { siteIdIn } from './wire.ts';

/** The exit code matches the result, and dnx does not crash. */
export const exitCodeRule: Rule = (_, ending) => {
  const { code, outcome, error, stderr, stopped, line } = ending;
  if (stopped !== undefined) return undefined;
  if (error === 'bug' || /bug in dnx/.test(stderr)) return `a bug: ${stderr}`;
  if (!follows(ending) || outcome === undefined) return undefined;
  const good = outcome === 'succeeded' || (outcome === 'started' && line.flags.includes('--no-wait'));
  if ((code === 0) !== good) return `exit ${code} with outcome ${outcome}`;
  if (outcome === 'rolled_back' && code !== 11) return `exit ${code} for a rollback`;
  return outcome === 'timed_out' && code !== 124 ? `exit ${code} for a timeout` : undefined;
};

/** A line sends at most one request that changes something, and one rollback after it. Requests limited by a 429 do not count. */
export const sentOnceRule: Rule = (_, ending) => {
  const { verb, flags } = ending.line;
  const sent = changes(ending).filter(({ status }) => status !== 429);
  const count = (pattern: RegExp) => sent.filter(({ path }) => pattern.test(path)).length;
  const most = verb === 'watch' ? 0 : flags.includes('--rollback-on-fail') ? 2 : 1;
  const twice = count(/\/deploy$/) > (verb === 'deploy' ? 1 : 0) || count(/\/rollback$/) > 1 || sent.length > most;
  return twice ? `sent ${sent.map(({ method, path }) => `${method} ${path}`).join(', ')}` : undefined;
};

/** A site is changed only if it had the right name when it was last read. */
export const siteNameRule: Rule = (_, ending) => {
  // Our own deployment is rolled back even if the site was renamed.
  const named = changes(ending).filter(({ path }) => ending.line.verb !== 'deploy' || !/\/rollback$/.test(path));
  const wrong = named.find(({ arrivedAt, name }) => arrivedAt !== undefined && name?.toLowerCase() !== shop.domain);
  return wrong && `${wrong.method} ${wrong.path} for a site known as ${wrong.name}`;
};

const timeOf = (row: Row | undefined): string => String(row?.created_at ?? '');

/** A rollback goes to an earlier release and never undoes the deployment of another user. */
export const rollbackRule: Rule = (story, ending) => {
  const { platform, history } = story;
  const { line, log } = ending;
  const post = log.sent.find(({ path, arrivedAt }) => /\/rollback$/.test(path) && arrivedAt !== undefined);
  if (!post) return undefined;
  const read = log.sent.findLast(({ path, shows, at }) => /\/releases$/.test(path) && shows !== undefined && at <= post.at);
  const shows = read?.shows ?? post.at;
  if (line.verb === 'deploy') {
    const theirs = undoneBy(story, ending, shows - history.dialect.lateRelease);
    return theirs && `rolled back ${theirs.release?.name}, a release of another user`;
  }
  if (line.flags.includes('--to')) return undefined;
  const live = platform
    .viewAt(shows - history.dialect.lateMark)
    .releases.find(({ site_id, active }) => site_id === siteIdIn(post.path) && active);
  const target = platform.viewAt(post.at).releases.find(({ id }) => id === post.body.release_id);
  if (live && target?.id === live.id) return `asked for ${target.name}, which is live`;
  return live && timeOf(target) > timeOf(live) ? `rolled forward, from ${live.name} to ${target?.name}` : undefined;
};

/** A visible deployment of another user that our rollback after a failed verification undid. */
function undoneBy({ platform }: Story, { number }: Ending, seenAt: number): Work | undefined {
  const back = platform.works.find((work) => work.line === number && work.kind === 'rollback' && work.good);
  return platform.works.find(
    ({ line, kind, site, release, beganAt = seenAt }) =>
      line === undefined && kind === 'deploy' && site === back?.site && release?.id === back.replaced?.id && beganAt < seenAt,
  );
}
