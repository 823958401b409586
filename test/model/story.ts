import type { Ending } from './command-line.ts';
import type { History } from './history.ts';
import type { Platform } from './platform.ts';
import type { Sent } from './wire.ts';

/** A history as it went. */
export interface Story {
  readonly history: History;
  readonly platform: Platform;
  readonly endings: readonly Ending[];
}

/** One promise: in words how a command line of the story broke it; undefined where it did not. */
export type Rule = (story: Story, ending: Ending) => string | undefined;

/** True for the commands that follow a deployment or a rollback. */
export const follows = ({ line }: Ending): boolean => ['deploy', 'rollback', 'watch'].includes(line.verb);

/** True for a line that verifies what it deployed. */
export const verifies = ({ line }: Ending): boolean => line.flags.some((flag) => flag.startsWith('--verify'));

/** The requests of a line that change something. */
export const changes = ({ log }: Ending): readonly Sent[] => log.sent.filter(({ method }) => method !== 'GET');

/** The requests of a line to start a deployment or a rollback that were not refused. They may not have arrived, which nobody knows here. */
export const starts = (ending: Ending): readonly Sent[] =>
  changes(ending).filter(({ path, status = 500 }) => /\/(deploy|rollback)$/.test(path) && (status < 400 || status >= 500));

const outcomes = ['succeeded', 'failed', 'superseded', 'unknown', 'rolled_back'];
/** Failures that end a wait and leave the run to be watched. */
const cutOff = ['network', 'rate_limited', 'interrupted', 'terminated', 'not_found', 'unauthenticated'];

/** True where the outcome is one that needs nobody to look again. */
export const knows = ({ stopped, outcome = '', error = '', status = 0 }: Ending): boolean =>
  stopped === undefined && outcomes.includes(outcome) && !cutOff.includes(error) && status < 500;

/** True for a line that followed somebody else's deployment, and was left before its end. */
const attached = (ending: Ending): boolean =>
  starts(ending).length === 0 && ['timed_out', 'started', 'unknown'].includes(ending.outcome ?? '');

/** The last line to follow a deployment or a rollback before line `number`, if nobody knows the outcome. */
export function openBefore(endings: readonly Ending[], number: number): Ending | undefined {
  let open: Ending | undefined;
  for (const each of endings.slice(0, number)) {
    // What is not followed is not remembered.
    if (each.line.flags.includes('--no-wait')) continue;
    if (follows(each) && knows(each)) open = undefined;
    // A watch resumes what is open.
    else if (starts(each).length > 0 || (attached(each) && !(open && each.line.verb === 'watch'))) open = each;
  }
  return open;
}
