import { fromJson, isObject } from '../../base/json.ts';
import { phaseOf, statusOf } from '../../base/status.ts';
import type { Context } from '../../cli/language/command.ts';
import { type Answer, resultAnswer } from './answer.ts';
import type { Ran, RunOptions } from './run.ts';

/** How long to wait for a status to change, in ms, and between two readings. */
const MOST_MS = 900_000;
const PAUSE_MS = 5_000;

/** Runs a command until what it shows is no longer in progress. `dnx watch` waits itself. */
export async function waitFor(
  { clock }: Context,
  run: (options?: Partial<RunOptions>) => Promise<Ran>,
  { signal, seen }: Pick<RunOptions, 'signal' | 'seen'>,
): Promise<Answer> {
  const end = clock.elapsed() + MOST_MS;
  let last: string | undefined;
  for (;;) {
    const ran = await run({ seen });
    const status = ran.code === 0 ? statusIn(ran.stdout) : undefined;
    if (status === undefined || phaseOf(status) !== 'going') return resultAnswer(ran, { notes: ran.code !== 0 || !seen });
    if (clock.elapsed() >= end) return { ...resultAnswer(ran), isError: true };
    if (status !== last) seen?.(status);
    last = status;
    await clock.sleep(PAUSE_MS, signal);
  }
}

/** The status of one thing, or of the only one in a list: not every kind can be shown alone. */
function statusIn(stdout: string): string | undefined {
  try {
    const [data, ...others] = [fromJson(stdout)].flat();
    return isObject(data) && others.length === 0 ? statusOf(data) : undefined;
  } catch {
    return undefined;
  }
}
