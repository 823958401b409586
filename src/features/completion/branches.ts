import { git } from '../../machine/git.ts';
import type { World } from '../../machine/world.ts';

/** How long Git may take, in ms. */
const LIMIT_MS = 500;
const MOST_BRANCHES = 1_000;

/** The branches of the clone of the working directory and of its remotes; none if there is no clone, or Git is slow. */
export async function branchesOf(world: Pick<World, 'env' | 'cwd' | 'capture'>): Promise<readonly string[]> {
  const capture: World['capture'] = (program) => world.capture({ ...program, limitMs: LIMIT_MS });
  const args = ['for-each-ref', `--count=${MOST_BRANCHES}`, '--format=%(refname)', 'refs/heads', 'refs/remotes'];
  const done = await git({ ...world, capture }, args).catch(() => undefined);
  const refs = done?.code === 0 ? done.stdout.split('\n') : [];
  const branches = refs.flatMap((ref) => /^refs\/(?:heads|remotes\/[^/]+)\/(?!HEAD$)([^-\p{C}][^\p{C}]*)$/u.exec(ref)?.[1] ?? []);
  return [...new Set(branches)];
}
