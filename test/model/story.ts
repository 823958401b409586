import type { Ending } from './command-line.ts';
import type { History } from './history.ts';
import { type Platform, shop } from './platform.ts';
import { type Sent, siteIdIn } from './wire.ts';

/** A history and its results. */
export interface Story {
  readonly history: History;
  readonly platform: Platform;
  readonly endings: readonly Ending[];
}

/** A promise: describes how a command line broke it, or returns undefined. */
export type Rule = (story: Story, ending: Ending) => string | undefined;

/** Whether a line follows a deployment or rollback. */
export const follows = ({ line }: Ending): boolean => ['deploy', 'rollback', 'watch'].includes(line.verb);

/** Whether a line verifies its deployment. */
export const verifies = ({ line }: Ending): boolean => line.flags.some((flag) => flag.startsWith('--verify'));

/** The requests of a line that change something. */
export const changes = ({ log }: Ending): readonly Sent[] => log.sent.filter(({ method }) => method !== 'GET');

/** The requests of a line for a deployment or rollback that were not rejected. They may not have arrived. */
export const starts = (ending: Ending): readonly Sent[] =>
  changes(ending).filter(({ path, status = 500 }) => /\/(deploy|rollback)$/.test(path) && (status < 400 || status >= 500));

const outcomes = ['succeeded', 'failed', 'superseded', 'unknown', 'rolled_back'];
/** Errors that end a wait and leave the run open. */
const cutOff = ['network', 'rate_limited', 'interrupted', 'terminated', 'not_found', 'unauthenticated'];

/** Whether a line reports a final outcome. */
export const knows = ({ stopped, outcome = '', error = '', status = 0 }: Ending): boolean =>
  stopped === undefined && outcomes.includes(outcome) && !cutOff.includes(error) && status < 500;

/** Whether a line followed another deployment and stopped before it ended. */
const attached = (ending: Ending): boolean =>
  starts(ending).length === 0 && ['timed_out', 'started', 'unknown'].includes(ending.outcome ?? '');

/** The id of the site that a line read or changed last. */
export const siteOf = ({ log }: Ending): string => siteIdIn(log.sent.findLast(({ path }) => siteIdIn(path) !== '')?.path ?? '');

/** Whether a watch resumes the run of `open`: if it names a site, only unless another one has the name now. */
function resumes({ platform }: Pick<Story, 'platform'>, watch: Ending, open: Ending): boolean {
  if (watch.line.verb !== 'watch') return false;
  const site = siteOf(open);
  const isNamed = platform.viewAt(watch.ended).sites.some(({ id, domain }) => id === site && domain === shop.domain);
  return isNamed || siteOf(watch) === site || !watch.line.flags.includes(shop.domain);
}

/** The last line before line `number` that followed a deployment or rollback, if its outcome is unknown. */
export function openBefore(story: Pick<Story, 'platform' | 'endings'>, number: number): Ending | undefined {
  let open: Ending | undefined;
  for (const ending of story.endings.slice(0, number)) {
    if (follows(ending) && knows(ending)) open = undefined;
    else if (starts(ending).length > 0 || (attached(ending) && !(open && resumes(story, ending, open)))) open = ending;
  }
  return open;
}

/** The line whose deployment a line reports: its own, or for a watch the open one. */
export function askedBy(story: Story, ending: Ending): Ending | undefined {
  if (ending.line.verb !== 'watch') return ending;
  const open = openBefore(story, ending.number);
  return open && resumes(story, ending, open) ? open : undefined;
}
