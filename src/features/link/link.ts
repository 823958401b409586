import linkSchema from '../../../docs/link.schema.json';
import { cancelled, DnxError, unlessError, usage } from '../../base/errors.ts';
import { isObject, type JsonObject, own } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { either, jsonSchema, nullable, objectOf, word, yes } from '../../cli/language/shape.ts';
import { data, done } from '../../cli/output/view.ts';
import { widthOf } from '../../cli/output/wrap.ts';
import { type Candidate, choicesOf } from '../../cli/run/pick.ts';
import { git, remotesIn } from '../../machine/git.ts';
import type { World } from '../../machine/world.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { idIn, type Located, resourceName, sameName, type Target, targetOf } from '../../platform/names/names.ts';
import type { ListedSite } from '../../platform/names/site-search.ts';
import {
  environmentToLink,
  type LinkFile,
  type NamedSite,
  openLinkFile,
  shownPath,
  siteIn,
  withEnvironments,
  withField,
  writeLinkFile,
} from './file.ts';

type LinkOptions = Given<{ default: boolean; confirm_deploys: boolean; schema: boolean }>;

const placeShape = objectOf({ id: nullable(word), name: nullable(word) });
export const linkShape = either(
  objectOf({ file: word, environment: word, server: placeShape, site: placeShape, default: yes, confirm: yes }),
  jsonSchema,
);

/** Links the project of this directory to a site: the given one, or one to pick. */
export async function linkProject(ctx: Context, targets: Located | undefined, options: LinkOptions, { yes }: GivenConsent) {
  if (options.schema) return { view: data(linkSchema) };
  const { settings, world } = ctx;
  const before = openLinkFile(settings, world);
  const name = environmentToLink(before, settings.environment);
  // Without a site, these options change the environment that is there.
  const stays = !targets && (options.default || options.confirm_deploys !== undefined) ? siteIn(before, name) : undefined;
  const site = stays ?? (targets ? await named(ctx, targets) : await chooseSite(ctx));
  if (!stays) await confirmReplacement(ctx, openLinkFile(settings, world), name, site, yes);
  // Read again, because a person may have taken minutes to pick and confirm.
  const file = openLinkFile(settings, world);
  const environment = linked(own(file.environments, name), site, options);
  const environments = withField(file.environments, name, environment);
  const isFirst = Object.keys(file.environments).length === 0;
  const chosen = options.default || isFirst ? name : file.default;
  const changed = withEnvironments(file, environments, chosen);
  writeLinkFile(file, changed);
  if (file.converted) ctx.progress.note(`The site that ${shownPath(file.path, world.cwd)} named is now its environment production.`);
  const { confirm = false } = Object.hasOwn(environment, 'confirm') ? environment : changed;
  const asks = confirm !== false;
  const place = ({ id = null, label = null }: { readonly id?: string | null; readonly label?: string | null }) => ({ id, name: label });
  const option = chosen === name ? [] : ['--env', name];
  return {
    view: done(
      `Linked this project to ${linkedSiteName(site)} as ${name}${asks ? ', which asks before deployments' : ''}`,
      { file: file.path, environment: name, server: place(site.server), site: place(site.site), default: chosen === name, confirm: asks },
      [['file', shownPath(file.path, world.cwd)]],
    ),
    next: [
      { command: ['status', ...option], why: 'Next' },
      { command: ['deploy', ...option], why: 'Deploy with' },
    ],
  };
}

/** The names of a site that was given, as the API has them: what was remembered or given by id may have another one. */
async function named(ctx: Context, targets: Located): Promise<Located> {
  const read = async (noun: 'server' | 'site', endpoint: Endpoint): Promise<Target> => {
    const { data: found } = await ctx.call<JsonObject>(endpoint);
    return { id: targets[noun].id, label: (isObject(found) && resourceName(found, noun)) || targets[noun].label };
  };
  // A domain was just found in a list, or checked.
  const isById = targets.site.label === targets.site.id;
  return {
    site: isById ? await read('site', 'GET /servers/{server}/sites/{site}') : targets.site,
    server: await read('server', 'GET /servers/{server}'),
  };
}

function linked(before: unknown, site: NamedSite, { confirm_deploys }: LinkOptions): JsonObject {
  const old = isObject(before) ? before : {};
  const place = (key: 'server' | 'site') => {
    const { id, label } = site[key];
    if (label === undefined) return old[key];
    const kept = own(old, key);
    return id === undefined ? kept : { ...(isObject(kept) && kept), id, name: label };
  };
  const placed = withField(withField(old, 'server', place('server')), 'site', place('site'));
  return confirm_deploys === undefined ? placed : withField(placed, 'confirm', confirm_deploys);
}

async function confirmReplacement({ ask, progress }: Context, file: LinkFile, name: string, site: NamedSite, yes: boolean): Promise<void> {
  const before = siteIn(file, name);
  if (!before || yes || isSame(before, site)) return;
  const sentence = `${name} is linked to ${linkedSiteName(before)}.`;
  if (!ask.allowed) throw usage(`${sentence} Nothing was changed.`, 'Use --yes to replace it, or --env to link another environment.');
  progress.warn(sentence);
  if (!(await ask.confirm(`Link ${name} to ${linkedSiteName(site)} instead?`))) throw cancelled();
}

/** True for the same id, or for the same domain on a server that may be the same. */
function isSame(before: NamedSite, now: NamedSite): boolean {
  if (before.site.id !== undefined && before.site.id === now.site.id) return true;
  const [domain, server] = [before.site.label ?? '', before.server];
  const isThere =
    server.label === undefined || server.label === now.server.label || [server.id, server.label].includes(now.server.id ?? '');
  return isThere && (sameName('site', domain, now.site.label ?? '') || domain === now.site.id);
}

/** `shop.example.com (web-1)`. */
const linkedSiteName = ({ server, site }: NamedSite): string => `${site.label}${server.label === undefined ? '' : ` (${server.label})`}`;

/** What marks a site of this repository in the picker, if there is room, and the width of the cursor. */
const MARK = '  this repository';
const CURSOR = 3;

/** Prompts for the site to link, with those of this Git repository first. Without a terminal, it takes the only one of the repository. */
export async function chooseSite(ctx: Context): Promise<Located> {
  const remotes = await remotesOf(ctx.world);
  if (!ctx.ask.allowed && remotes.length === 0) throw notNamed('No site given, and this directory has no Git remote to find it by.', []);
  const { listed, unread } = await ctx.everySite();
  for (const { server, error } of unread) ctx.progress.warn(`Sites on server ${server.label} are not listed. ${error.message}`);
  const { paths, matches } = await ofRepository(ctx, remotes, listed);
  const [only, ...others] = matches;
  if (only && others.length === 0) ctx.progress.note(`${nameOf(only)} deploys this repository (${paths.join(', ')}).`);
  if (ctx.ask.allowed) return pick(ctx, matches, listed);
  if (!only) throw notNamed('No site given, and no site deploys this repository.', []);
  if (others.length > 0) throw notNamed(`No site given, and ${matches.length} sites deploy this repository.`, matches);
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
  const matches = listed.filter(({ site }) => ids.includes(idIn(site.git_repository_id) ?? ''));
  return { matches, paths: matching.map(({ name }) => wordOf(name)) };
}

async function pick({ ask, clock, world }: Context, matches: readonly ListedSite[], listed: readonly ListedSite[]): Promise<Located> {
  if (listed.length === 0) throw new DnxError('not_found', 'No sites to choose from.');
  const sorted = [...matches, ...listed.filter((entry) => !matches.includes(entry))];
  const candidates = sorted.map((entry): Candidate => ({ targets: located(entry), thing: entry.site }));
  const columns = world.stderr.columns || 80;
  const choices = choicesOf('site', candidates, clock.now(), matches.length > 0 ? columns - MARK.length : columns);
  const isMarked = (name: string, index: number) => index < matches.length && widthOf(name) + MARK.length + CURSOR <= columns;
  const marked = choices.map(({ name, ...choice }, index) => ({ ...choice, name: isMarked(name, index) ? name + MARK : name }));
  return (await ask.select('Link this project to which site?', marked, { filter: true })) as Located;
}

const located = ({ server, site }: ListedSite): Located => ({ server, site: targetOf(site, 'site') });

const nameOf = (entry: ListedSite): string => `${located(entry).site.label} (${entry.server.label})`;

function notNamed(why: string, candidates: readonly ListedSite[]): DnxError {
  const next = candidates.map(located).map(({ server, site }) => ({
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
