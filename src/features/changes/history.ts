import { type Clone, mustRead } from './clone.ts';
import { Unknowable } from './unknowable.ts';

/** A commit between the live release and the branch. */
export interface Commit {
  readonly commit: string;
  readonly subject: string;
  readonly author: string;
  readonly committed_at: string;
}

/** More commits are not read. */
export const MOST_COMMITS = 10_000;

/** The commits of `to` that `from` lacks, newest first, and the newest 10,000 at most. */
export async function commitsBetween(clone: Clone, from: string, to: string): Promise<readonly Commit[]> {
  if (clone.isShallow && !(await isComplete(clone, from, to)))
    throw new Unknowable('the history of this clone is cut off', 'Run: git fetch --unshallow');
  const format = ['%H', '%an', '%ct', '%s'].join('%x00');
  const range = [`--max-count=${MOST_COMMITS}`, '--date-order', `${from}..${to}`, '--'];
  const output = await mustRead(clone, 'log', '-z', '--no-patch', '--no-follow', '--encoding=UTF-8', `--format=${format}`, ...range);
  const words = output.split('\0');
  return Array.from({ length: Math.floor(words.length / 4) }, (_, at) => {
    const [commit = '', author = '', seconds = '', subject = ''] = words.slice(at * 4, at * 4 + 4);
    return { commit, subject, author, committed_at: new Date(Number(seconds) * 1000).toISOString().replace(/\.\d+Z$/, 'Z') };
  });
}

/** True if no commit may be missing or wrong because a shallow history ends too early: every one descends from `from`. */
async function isComplete(clone: Clone, from: string, to: string): Promise<boolean> {
  const count = (...options: readonly string[]) => mustRead(clone, 'rev-list', '--count', ...options, `${from}..${to}`, '--');
  return (await count()) === (await count('--ancestry-path'));
}
