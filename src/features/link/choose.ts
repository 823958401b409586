import { DnxError, unlessError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { widthOf } from '../../cli/output/wrap.ts';
import { type Candidate, choicesOf } from '../../cli/run/pick.ts';
import { git, remotesIn } from '../../machine/git.ts';
import type { World } from '../../machine/world.ts';
import { idIn, type Located, targetOf } from '../../platform/names/names.ts';
import type { ListedSite } from '../../platform/names/site-search.ts';

/** What marks a site of this repository in the picker, if there is room, and the width of the cursor. */
const MARK = '  this repository';
const CURSOR = 3;

/** Prompts for the site to link, with those of this Git repository first. Without a terminal, it takes the only one of the repository. */
export async function chooseSite(ctx: Context): Promise<Located> {
  const remotes = await remotesOf(ctx.world);
  if (!ctx.ask.allowed && remotes.length === 0) throw notNamed('No site given, and this directory has no Git remote to find it by.', []);
  const { listed, unread } = await ctx.everySite();
  for (const { server, error } of unread) ctx.progress.warn(`Sites on server ${server.label} are not listed. ${error.message}`);
  const { paths, own } = await ofRepository(ctx, remotes, listed);
  const [only, ...others] = own;
  if (only && others.length === 0) ctx.progress.note(`${nameOf(only)} deploys this repository (${paths.join(', ')}).`);
  if (ctx.ask.allowed) return pick(ctx, own, listed);
  if (!only) throw notNamed('No site given, and no site deploys this repository.', []);
  if (others.length > 0) throw notNamed(`No site given, and ${own.length} sites deploy this repository.`, own);
  return located(only);
}

async function ofRepository({ api }: Context, remotes: readonly string[], listed: readonly ListedSite[]) {
  const wanted = remotes.length > 0 && listed.some(({ site }) => site.git_repository_id);
  // None if the token cannot read them.
  const repositories = (wanted && (await unlessError(api.list<JsonObject>('GET /git-repositories'), 'forbidden', 'not_found'))) || [];
  const names = repositories.map(({ name }) => wordOf(name));
  const found = new Set(remotes.flatMap((path) => namesAt(path, names)));
  const matching = repositories.filter(({ name }) => found.has(wordOf(name)));
  const ids = matching.map(({ id }) => idIn(id));
  const own = listed.filter(({ site }) => ids.includes(idIn(site.git_repository_id) ?? ''));
  return { own, paths: matching.map(({ name }) => wordOf(name)) };
}

async function pick({ ask, clock, world }: Context, own: readonly ListedSite[], listed: readonly ListedSite[]): Promise<Located> {
  if (listed.length === 0) throw new DnxError('not_found', 'No sites to choose from.');
  const sorted = [...own, ...listed.filter((each) => !own.includes(each))];
  const candidates = sorted.map((each): Candidate => ({ targets: located(each), thing: each.site }));
  const columns = world.stderr.columns || 80;
  const choices = choicesOf('site', candidates, clock.now(), own.length > 0 ? columns - MARK.length : columns);
  const isMarked = (name: string, index: number) => index < own.length && widthOf(name) + MARK.length + CURSOR <= columns;
  const marked = choices.map(({ name, ...choice }, index) => ({ ...choice, name: isMarked(name, index) ? name + MARK : name }));
  return (await ask.select('Link this project to which site?', marked, { filter: true })) as Located;
}

const located = ({ server, site }: ListedSite): Located => ({ server, site: targetOf(site, 'site') });

const nameOf = (each: ListedSite): string => `${located(each).site.label} (${each.server.label})`;

function notNamed(why: string, own: readonly ListedSite[]): DnxError {
  const next = own.map(located).map(({ server, site }) => ({
    command: ['link', site.label, '--server', server.label],
    why: `To link ${nameOf({ server, site: { id: site.id, domain: site.label } })}`,
  }));
  return usage(why, next.length > 0 ? undefined : 'Use dnx link SITE, or run in a terminal to pick one.', ...next);
}

/** The paths of the Git remotes of this directory, in lower case: `example/shop`. */
async function remotesOf(world: Pick<World, 'env' | 'cwd' | 'capture'>): Promise<readonly string[]> {
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
