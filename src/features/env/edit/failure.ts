import { DnxError, isStop } from '../../../base/errors.ts';
import type { Applied } from '../sync/apply.ts';
import { counted, detailsOf } from '../sync/show.ts';

/** The error for changes of which not all were sent. */
export function failureOf({ done, failed, left }: Applied): DnxError {
  const details = [
    ...detailsOf(done, 'past'),
    ...failed.map(({ step, error }) => [step.key, error.message] as const),
    ...(left.length > 0 ? [['not sent', left.map(({ key }) => key).join(', ')] as const] : []),
  ];
  const stopped = failed.find(({ error }) => isStop(error))?.error;
  if (stopped) return stopped.with({ details });
  const [first] = failed;
  if (first && done.length === 0 && failed.length === 1) return first.error.with({ details });
  const unsent = failed.length + left.length;
  const were = unsent === 1 ? 'was' : 'were';
  return new DnxError('partial', `${unsent} of ${counted(unsent + done.length)} ${were} not sent`, { details, cause: first?.error });
}
