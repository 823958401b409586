import type { Context } from '../../cli/language/command.ts';
import { git } from '../../machine/git.ts';
import { unpushedWords } from './show.ts';

/** Warns if the branch to deploy has commits in this clone that its remote lacks. Says nothing if Git does not know. */
export async function warnUnpushed({ progress, world }: Pick<Context, 'progress' | 'world'>, branch: string): Promise<void> {
  if (branch.includes('\0')) return;
  const done = await git(world, ['for-each-ref', '--format=%(refname) %(upstream:track)', `refs/heads/${branch}`]);
  const [, ahead] =
    done?.stdout
      .split('\n')
      .map((line) => /^(\S+) \[ahead (\d+)/.exec(line))
      .find((found) => found?.[1] === `refs/heads/${branch}`)
      ?.slice(1) ?? [];
  if (ahead !== undefined)
    progress.warn(`${unpushedWords(Number(ahead), branch)}, so ${ahead === '1' ? 'it is' : 'they are'} not deployed.`);
}
