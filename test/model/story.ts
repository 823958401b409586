import type { Ending } from './command-line.ts';
import type { History } from './history.ts';
import type { Platform } from './platform.ts';
import type { Sent } from './wire.ts';

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

/** The last line before line `number` that followed a deployment or rollback, if its outcome is unknown. */
export function openBefore(endings: readonly Ending[], number: number): Ending | undefined {
  let open: Ending | undefined;
  for (const each of endings.slice(0, number)) {
    if (follows(each) && knows(each)) open = undefined;
    // A watch resumes the open run.
    else if (starts(each).length > 0 || (attached(each) && !(open && each.line.verb === 'watch'))) open = each;
  }
  return open;
}
