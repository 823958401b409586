import { DnxError, isStop, type Next } from '../../../base/errors.ts';
import type { Applied } from './apply.ts';
import { counted, detailsOf } from './show.ts';

/** The error if only some changes were sent: which were, which were not and why. `again` sends the rest. */
export function failureOf({ done, failed, left }: Applied, again: readonly Next[] = []): DnxError | undefined {
  const [first] = failed;
  if (!first) return undefined;
  const details = [
    ...detailsOf(done, 'past'),
    ...failed.map(({ step, error }) => [step.key, error.message] as const),
    ...(left.length > 0 ? [['not sent', left.map(({ key }) => key).join(', ')] as const] : []),
  ];
  const stopped = failed.find(({ error }) => isStop(error))?.error;
  if (stopped) return stopped.with({ details, next: [...stopped.next, ...again] });
  if (done.length === 0 && failed.length === 1) return first.error.with({ details });
  const unsent = failed.length + left.length;
  return new DnxError('partial', `${unsent} of ${counted(unsent + done.length)} ${unsent === 1 ? 'was' : 'were'} not sent`, {
    details,
    next: again,
    cause: first.error,
  });
}
