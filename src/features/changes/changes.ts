import { isError, isStop, unlessError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { listOf, nullable, objectOf, oneOf, type Printed, word, words } from '../../cli/language/shape.ts';
import { idIn, type Located } from '../../platform/names/names.ts';
import type { Site } from '../deploy/baseline.ts';
import { liveRelease, type Release } from '../deploy/release.ts';
import { siteIds } from '../deploy/site.ts';
import { keysIn } from '../env/dotenv/dotenv.ts';
import { type SiteVariable, variablesEndpoint } from '../env/variables.ts';
import { deployable, deployableShape } from './branch.ts';
import {
  type Clone,
  commitIn,
  commitShape,
  commitsBetween,
  MOST_COMMITS,
  migrationShape,
  migrationsBetween,
  openClone,
  projectEntries,
  projectFile,
  Unknowable,
} from './clone.ts';
import { phpOf, phpShape } from './php.ts';

/** The parts of the changes that may be unknown. */
export type ChangePart = Changes['unknown'][number]['what'];

/** What the next deployment of a site would bring, for scripts. Null is unknown, an empty list is none. */
export const changesShape = objectOf({
  site: word,
  server: word,
  live: nullable(objectOf({ release: word, commit: nullable(word), message: nullable(word), created_at: nullable(word) })),
  target: nullable(deployableShape),
  commits: nullable(listOf(commitShape)),
  /** Commits of the live release that the branch lacks: a deployment would undo them. */
  undone: nullable(listOf(commitShape)),
  migrations: nullable(listOf(migrationShape)),
  missing_keys: nullable(words),
  php: nullable(phpShape),
  unknown: listOf(objectOf({ what: oneOf('commits', 'migrations', 'missing_keys', 'php'), why: word, fix: nullable(word) })),
});
export type Changes = Printed<typeof changesShape>;

interface ComparisonRequest {
  readonly siteRef: Located;
  readonly site: Site;
  readonly releases: readonly Release[] | null;
  readonly fetch?: boolean | undefined;
  /** True if a branch that the API does not name is unknown. */
  readonly strict?: boolean;
  /** True for a hint: the repository of the site is not read, and the variables once. */
  readonly casual?: boolean;
}

/** Compares the live release of a site with its branch in the clone. */
export async function changesOf(ctx: Context, request: ComparisonRequest): Promise<Changes> {
  const { siteRef, releases } = request;
  const { target, history, migrations, missing, php } = comparison(ctx, request);
  const [place, between, ...others] = await Promise.all([
    known('commits', target),
    known('commits', history()),
    known('migrations', migrations()),
    known('missing_keys', missing()),
    known('php', php()),
  ]);
  const { commits = null, undone = null, cut } = between.value ?? {};
  return {
    site: siteRef.site.label,
    server: siteRef.server.label,
    live: shownLive(liveRelease(releases)),
    target: place.value,
    commits,
    undone,
    migrations: others[0].value,
    missing_keys: others[1].value,
    php: others[2].value,
    unknown: [between, ...others].flatMap(({ unknown }) => unknown ?? []).concat(cut ?? []),
  };
}

const MOST_KEYS = 5;

/** Warns of variables that .env.example of the branch names, and the site lacks. Says nothing if that cannot be known. */
export async function warnMissing(ctx: Context, request: ComparisonRequest): Promise<void> {
  try {
    const { target, missing } = comparison(ctx, { ...request, casual: true });
    const keys = await missing();
    const more = keys.length > MOST_KEYS ? ` and ${keys.length - MOST_KEYS} more` : '';
    const words = `${keys.slice(0, MOST_KEYS).join(', ')}${more}`;
    if (keys.length > 0)
      ctx.progress.warn(`${request.siteRef.site.label} has no ${words}, which .env.example of ${(await target).ref} names.`);
  } catch (error) {
    if (!(error instanceof Unknowable) && !(isError(error) && !isStop(error))) throw error;
  }
}

function comparison(ctx: Context, { siteRef, site, releases, fetch = false, strict = false, casual = false }: ComparisonRequest) {
  const { world, settings } = ctx;
  const clone = openClone(world, settings.link?.file);
  const target = clone.then((opened) =>
    deployable(ctx, opened, {
      branch: wordOf(site.branch) || undefined,
      fetch,
      strict,
      repository: async () => (casual ? undefined : repositoryOf(ctx, site)),
    }),
  );
  const live = once(async () => {
    const { repository } = await target;
    return liveCommit(await clone, siteRef, releases).catch(repository === null ? unrelated : undefined);
  });
  const entries = once(async () => projectEntries(await clone, (await target).commit));
  const file = async (name: Parameters<typeof projectFile>[2]) => {
    if ((await target).repository === null) await live();
    return projectFile(await clone, await entries(), name);
  };
  return {
    target,
    history: async () => historyOf(await clone, await live(), (await target).commit),
    migrations: async () => migrationsBetween(await clone, await live(), (await target).commit, entries()),
    missing: async () => missingKeys(ctx, siteRef, await file('.env.example'), casual),
    php: async () => phpOf(await file('composer.json'), () => phpVersion(ctx, siteRef, site)),
  };
}

function once<T>(compute: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined;
  return () => {
    found ??= compute();
    return found;
  };
}

/** The live commit shows that a clone is that of the site, if the repository of its remote does not. */
function unrelated(error: unknown): never {
  if (!(error instanceof Unknowable)) throw error;
  throw new Unknowable(`this may be a clone of another repository, because ${error.message}`, error.fix);
}

async function known<T>(what: ChangePart, part: Promise<T>): Promise<{ readonly value: T | null; readonly unknown?: Changes['unknown'] }> {
  try {
    return { value: await part };
  } catch (error) {
    if (!(error instanceof Unknowable)) throw error;
    return { value: null, unknown: [{ what, why: error.message, fix: error.fix }] };
  }
}

const shownLive = (release: Release | undefined): Changes['live'] =>
  release
    ? { release: release.name, commit: release.commit || null, message: release.message || null, created_at: release.created || null }
    : null;

async function liveCommit(clone: Clone, { site }: Located, releases: readonly Release[] | null): Promise<string> {
  if (!releases) throw new Unknowable(`the releases of ${site.label} cannot be read`, 'Use a token with site:read');
  if (releases.length === 0) throw new Unknowable(`${site.label} has no releases`);
  const release = liveRelease(releases);
  if (!release) throw new Unknowable('the API does not say which release is live');
  if (!/^[0-9a-f]{7,64}$/i.test(release.commit)) throw new Unknowable('the API does not say which commit is live');
  const commit = await commitIn(clone, release.commit);
  if (commit !== undefined) return commit;
  const [remote] = clone.remotes.filter(({ name }) => name === 'origin').concat(clone.remotes);
  const fix = clone.isShallow ? 'Run: git fetch --unshallow' : remote ? `Run: git fetch ${remote.name}` : null;
  throw new Unknowable(`the live commit ${release.commit.slice(0, 7)} is not in this clone`, fix);
}

async function historyOf(clone: Clone, live: string, commit: string) {
  const [commits, undone] = await Promise.all([commitsBetween(clone, live, commit), commitsBetween(clone, commit, live)]);
  const long = [commits, undone].some(({ length }) => length === MOST_COMMITS);
  const why = `only the newest ${MOST_COMMITS} commits were read`;
  return { commits, undone, cut: long ? [{ what: 'commits' as const, why, fix: null }] : [] };
}

async function repositoryOf({ api }: Context, site: Site): Promise<string | undefined> {
  const id = idIn(site.git_repository_id);
  if (id === undefined) return undefined;
  const reply = await readable(api.send<JsonObject>('GET /git-repositories/{git_repository}', { git_repository: id }));
  return wordOf(reply?.data?.name) || undefined;
}

async function missingKeys({ api }: Context, siteRef: Located, text: string | undefined, casual: boolean) {
  const wanted = keysIn(text ?? '');
  if (wanted.length === 0) return [];
  const variables = await readable(api.list<SiteVariable>(variablesEndpoint, siteIds(siteRef), { casual }));
  if (!variables) throw new Unknowable(`the variables of ${siteRef.site.label} cannot be read`, 'Use a token with site:read');
  const set = new Set(variables.filter(isObject).map(({ key }) => wordOf(key)));
  return wanted.filter((key) => !set.has(key));
}

async function phpVersion({ api }: Context, siteRef: Located, site: Site): Promise<string> {
  const siteVersion = wordOf(site.php_version);
  if (siteVersion !== '') return siteVersion;
  const server = await readable(api.send<JsonObject>('GET /servers/{server}', { server: siteRef.server.id }));
  const version = wordOf(server?.data?.php_version);
  if (version !== '') return version;
  if (server) throw new Unknowable(`the API does not say which PHP version ${siteRef.site.label} runs`);
  throw new Unknowable(`the PHP version of server ${siteRef.server.label} cannot be read`, 'Use a token with server:read');
}

const readable = <T>(answer: Promise<T>) => unlessError(answer, 'forbidden', 'not_found', 'invalid');
