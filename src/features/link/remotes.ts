import { git, remotesIn } from '../../machine/git.ts';
import type { World } from '../../machine/world.ts';

/** The paths of the Git remotes of this directory, in lower case: `example/shop`. */
export async function remotesOf(world: Pick<World, 'env' | 'cwd' | 'capture'>): Promise<readonly string[]> {
  const listed = await git(world, ['remote', '-v']);
  if (listed?.code !== 0) return [];
  return [...new Set(remotesIn(listed.stdout).flatMap(({ url }) => remotePath(url) ?? []))];
}

/** The path of a remote URL, without its host: `git@github.com:Example/Shop.git` is `example/shop`. Undefined for a local one. */
export function remotePath(url: string): string | undefined {
  const path =
    /^[a-z][a-z\d+.-]*:\/\/[^/]+\/(.*)$/i.exec(url)?.[1] ?? /^(?:[^/@:]+@)?(?:\[[^\]]+\]|[^/:[]{2,}):(?!\/\/)(.*)$/.exec(url)?.[1];
  if (path === undefined || /^file:/i.test(url)) return undefined;
  const named = path
    .replace(/[?#].*$/, '')
    .replace(/^\/+|\/+$/g, '')
    .replace(/\.git$/i, '')
    .toLowerCase();
  return named.includes('/') ? named : undefined;
}

/** The names of repositories that are at this path: the one that is the whole path, or any after a prefix. */
export function namesAt(path: string, names: readonly string[]): readonly string[] {
  const found = names.filter((name) => isAtPath(name, path));
  const whole = found.filter((name) => name.trim().toLowerCase() === path);
  return whole.length > 0 ? whole : found;
}

/** True if a repository of Deploynix is at this path. Some Git hosts put a prefix before it: `scm/example/shop`. */
const isAtPath = (repository: string, path: string): boolean => {
  const name = repository.trim().toLowerCase();
  return name.includes('/') && (path === name || path.endsWith(`/${name}`));
};
