import { expect } from 'vitest';
import type { Executable } from './executable.ts';

/** When to kill a process: so many ms after its start, or when a request after so many others was performed and has no response yet. */
export type Moment = { readonly ms: number } | { readonly request: number };

/** Kills `dnx WORDS` at this moment, unless it ends earlier with one of these exit codes. */
export async function killedAt(
  { sandbox, dnx }: Executable,
  words: readonly string[],
  at: Moment,
  codes: readonly number[] = [0],
): Promise<void> {
  let requests = 0;
  const child = dnx(words);
  const kill = () => void child.kill('SIGKILL');
  const timer = 'ms' in at ? setTimeout(kill, at.ms) : undefined;
  const stop = sandbox.faults.always({}, (answer) => {
    requests += 1;
    if ('request' in at && requests === at.request) kill();
    return answer;
  });
  const { signal, exitCode } = await child;
  expect(signal ?? exitCode).toBeOneOf(['SIGKILL', ...codes]);
  clearTimeout(timer);
  // After the response to a later request, everything that the killed process sent has arrived.
  await fetch(`${sandbox.url}/api/v1/user`, { headers: { accept: 'application/json' } });
  stop();
}

/** Tries all cases, some at a time, and returns what they return; a failure names its case. */
export async function tried<Case, Result>(
  cases: readonly Case[],
  atATime: number,
  attempt: (given: Case) => Promise<Result>,
): Promise<readonly Result[]> {
  const left = [...cases];
  const results: Result[] = [];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const given = JSON.stringify(next);
      const result = await attempt(next).catch((cause) => {
        throw new Error(`${given}: ${cause.message}`, { cause });
      });
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return results;
}
