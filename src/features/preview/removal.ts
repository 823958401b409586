import { DnxError, isError, isStop } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { andList, counted, quotedName } from '../../base/text.ts';
import { MINUTE } from '../../base/time.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { failure, listOf, nullable, objectOf, oneOf, type Printed, word } from '../../cli/language/shape.ts';
import { columns, type Result, rows as table } from '../../cli/output/view.ts';
import { confirmName } from '../../cli/run/consent.ts';
import { errorOf } from '../../cli/run/several.ts';
import { allowanceOf, within } from '../../platform/api/deadline.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { follow, timedOut } from '../../platform/follow/follow.ts';
import { databasesEndpoint, sitesEndpoint } from '../../platform/follow/readers.ts';
import { idIn, type SiteIds, type Target, targetIds, targetOf } from '../../platform/names/names.ts';
import { remoteSide } from '../env/remote.ts';
import { UNKNOWN } from '../env/sync/steps.ts';
import { variablesEndpoint } from '../env/variables.ts';
import { removalCalls, usersEndpoint } from './calls.ts';
import { isLookalike, judgeDatabase, provePreview, wordsIn } from './find.ts';
import type { Lookalike, Preview, PreviewDatabase, PreviewProject } from './model.ts';
import { markInDomain } from './names.ts';

const [deleteSite, deleteUser, deleteDatabase] = removalCalls;

const rowShape = objectOf(
  {
    kind: oneOf('site', 'database', 'user'),
    name: word,
    server: word,
    /** Null for what has no site. */
    branch: nullable(word),
    outcome: oneOf('removed', 'would_remove', 'kept', 'failed'),
    /** Why it goes or stays. */
    why: word,
  },
  { error: failure },
);
export type RemovalRow = Printed<typeof rowShape>;
export const removalShape = listOf(rowShape);

export type RemovalOptions = Given<{ from: string; dry_run: boolean; timeout: number }>;

/** A preview, its database, or both. */
export interface Removal {
  readonly server: Target;
  readonly preview?: Preview | undefined;
  readonly database?: PreviewDatabase | undefined;
  readonly why: string;
}

/** Why a preview, or a database without a site, stays: asked again right before it would go. Undefined if it goes. */
type Doubt = (found: Preview | PreviewDatabase) => Promise<string | undefined>;

interface Removing {
  readonly options: RemovalOptions;
  readonly consent: GivenConsent;
  /** What stays anyway. */
  readonly kept: readonly RemovalRow[];
  /** Without it, somebody asked for all of it: then what stays is a failure. */
  readonly doubt?: Doubt;
}

/** Removes what a person confirms with the name of the base site. With --dry-run, says what that would be. */
export async function removeConfirmed(
  ctx: Context,
  project: PreviewProject,
  removals: readonly Removal[],
  { options, consent, kept, doubt }: Removing,
): Promise<Result<readonly RemovalRow[]>> {
  const examined = await removeAll(ctx, project, removals, { doubt });
  const going = examined.rows.filter(({ outcome }) => outcome === 'would_remove');
  const staying = examined.rows.filter(({ outcome }) => outcome !== 'would_remove');
  const note = going.length === 0 ? 'Nothing to remove.' : 'Nothing was removed.';
  if (options.dry_run) return { view: viewOf([...going, ...staying, ...kept]), note };
  if (going.length > 0) await agree(ctx, project, examined.done, going, consent);
  const { rows, stopped } = await removeAll(ctx, project, examined.done, { doubt, timeoutMs: allowanceOf(options) });
  const all = [...rows, ...staying];
  const left = all.filter(({ outcome }) => outcome === 'failed' || (!doubt && outcome === 'kept')).length;
  const partial = left > 0 ? new DnxError('partial', `${left} of ${all.length} not removed`) : undefined;
  return { view: viewOf([...all, ...kept]), exit: stopped ?? partial, ...(going.length === 0 && { note }) };
}

/** Asks for the name, after what goes: each preview once, its branch first. */
async function agree(
  ctx: Context,
  { base: { site } }: PreviewProject,
  removals: readonly Removal[],
  rows: readonly RemovalRow[],
  { confirm }: GivenConsent,
) {
  if (confirm === undefined) {
    for (const { server, preview, database, why } of removals) {
      const name = preview ? quotedName(preview.branch) : database?.database.label;
      const what = preview ? `${preview.place.site.label}${database ? ' and its database' : ''}` : 'database';
      if (name !== undefined) ctx.progress.note(`${name}: ${why}\n  ${what} on ${server.label}`);
    }
    const counts = (['site', 'database', 'user'] as const).flatMap((kind) => {
      const count = rows.filter((row) => row.kind === kind).length;
      return count === 0 ? [] : [counted(count, kind)];
    });
    ctx.progress.warn(`This deletes ${andList(counts)} of previews of ${site.label}. This cannot be undone.`);
  }
  await confirmName(ctx, confirm, { noun: 'site', ...site }, 'Nothing was removed.');
}

const viewOf = (rows: readonly RemovalRow[]) =>
  table(rows, columns<RemovalRow>('name', 'outcome', 'kind', 'server', 'branch', { key: 'why', wrap: true }), 'No previews.');

/** The row of what stays, until it is removed. */
export const rowOf = ({ server, preview, why }: Removal, kind: RemovalRow['kind'], { label }: Target): RemovalRow => ({
  kind,
  name: label,
  server: server.label,
  branch: preview?.branch ?? null,
  outcome: 'kept',
  why,
});

/** The row of what is like a preview. */
export const lookalikeRow = (lookalike: Lookalike): RemovalRow => rowOf(lookalike, lookalike.kind, lookalike.target);

interface RemovalRun {
  readonly doubt: Doubt | undefined;
  /** How long each may take. Without it, what would go is found out, and nothing is removed. */
  readonly timeoutMs?: number;
}

/**
 * Removes what is proven again right before: the site, and once it is gone, its database with the user. Goes on after a failure. After a
 * signal, it sends nothing more. Returns what became of each, and the removals without what stays.
 */
async function removeAll(outer: Context, project: PreviewProject, removals: readonly Removal[], run: RemovalRun) {
  const { timeoutMs } = run;
  const report = openReport(outer, timeoutMs === undefined);
  const usage = openUsage(outer);
  const done: Removal[] = [];
  for (const removal of removals) {
    // One that never goes takes no time from the others.
    const ctx = timeoutMs === undefined ? outer : { ...outer, ...within(outer, timeoutMs), timeoutMs };
    done.push(await removeOne({ ...run, ctx, project, usage, isDry: timeoutMs === undefined, attempt: report.attempt }, removal));
  }
  return { rows: report.rows, stopped: report.stopped(), done };
}

/** The rows of a removal. `attempt` is true once the thing is gone; `work` returns why it stays. */
function openReport({ settings, progress }: Pick<Context, 'settings' | 'progress'>, isDry: boolean) {
  const rows: RemovalRow[] = [];
  let stopped: DnxError | undefined;
  return {
    rows,
    stopped: () => stopped,
    async attempt(row: RemovalRow, work: () => Promise<string | undefined>): Promise<boolean> {
      try {
        if (stopped) throw new DnxError('partial', 'Not started: dnx was interrupted.');
        if (!isDry) progress.spin(`Removing ${row.kind} ${row.name}`);
        const why = await work();
        rows.push(why === undefined ? { ...row, outcome: isDry ? 'would_remove' : 'removed' } : { ...row, why });
        return why === undefined;
      } catch (error) {
        if (!isError(error) || (isDry && !isError(error, 'failed', 'not_found', 'invalid'))) throw error;
        if (isStop(error)) stopped = error;
        rows.push({ ...row, outcome: 'failed', error: errorOf(error, settings) });
        return false;
      }
    },
  };
}

interface Remover extends RemovalRun {
  readonly ctx: Context;
  readonly project: PreviewProject;
  readonly usage: ReturnType<typeof openUsage>;
  readonly isDry: boolean;
  readonly attempt: ReturnType<typeof openReport>['attempt'];
}

async function removeOne(remover: Remover, removal: Removal): Promise<Removal> {
  const { ctx, isDry, attempt } = remover;
  const { preview, database } = removal;
  const isGone =
    !preview || (await attempt(rowOf(removal, 'site', preview.place.site), async () => (isDry ? undefined : removeSite(remover, preview))));
  if (!database) return removal;
  const { server } = database;
  const isFree = await attempt(rowOf(removal, 'database', database.database), async () => {
    if (!isGone) return 'its site is still there';
    const users = await usersOf(remover, removal, database);
    if (typeof users === 'string') return users;
    const ids = { server: server.id, database: database.database.id };
    for (const user of users ?? []) {
      const remove = async () => (isDry ? undefined : removed(ctx, deleteUser, { ...ids, user: user.id }));
      if (!(await attempt(rowOf(removal, 'user', user), remove))) return 'its user is still there';
    }
    if (isDry || !users) return undefined;
    await removed(ctx, deleteDatabase, ids);
    return untilGone(ctx, databasesEndpoint, server, database.database);
  });
  return isFree ? removal : { ...removal, database: undefined };
}

/** Removes a site, once it is proven again. */
async function removeSite({ ctx, project, doubt }: Remover, { mark, place }: Preview): Promise<string | undefined> {
  const now = await provePreview(ctx, project, place);
  if (now && isLookalike(now)) return now.why;
  const why = now && (now.mark === mark ? await doubt?.(now) : 'it is that of another branch now');
  if (why !== undefined) return why;
  if (now) await removed(ctx, deleteSite, targetIds(place));
  return untilGone(ctx, sitesEndpoint, place.server, place.site);
}

/** Deletes something that may be gone by now. A user that the API cannot delete goes with its database. */
async function removed({ api }: Pick<Context, 'api'>, endpoint: Endpoint, ids: Readonly<Record<string, string>>): Promise<undefined> {
  await api.send(endpoint, ids).catch((error: unknown) => {
    const isWithout = endpoint === deleteUser && isError(error) && error.status === 405;
    if (!isWithout && !isError(error, 'not_found')) throw error;
  });
}

/** Waits until something is not in its list: what was accepted for removal may stay for a while, or for good. */
async function untilGone(ctx: Context, list: Endpoint, server: Target, { id, label }: Target): Promise<undefined> {
  const job = `removal of ${label}`;
  const resume = { command: ['preview', 'sweep'], why: 'Remove what is left with' };
  const read = async () => {
    const listed = await ctx.api.list<JsonObject>(list, { server: server.id }, { retry: false });
    const isListed = listed.some((one) => idIn(one.id) === id);
    return { status: isListed ? 'removing' : 'removed', verdict: isListed ? undefined : true };
  };
  const { verdict } = await follow(ctx, { what: label, job, read, resume, immediately: true });
  if (!verdict) throw timedOut(job, ctx.timeoutMs, resume);
}

/** The users of a database, which is read again, or why it stays. Undefined if it is gone. */
async function usersOf({ ctx, project, isDry, doubt, usage }: Remover, { preview }: Removal, { server, database, mark }: PreviewDatabase) {
  const databases = (await ctx.api.list<JsonObject>(databasesEndpoint, { server: server.id })).filter(isObject);
  const item = databases.find(({ id }) => idIn(id) === database.id);
  if (!item) return undefined;
  const now = judgeDatabase(project, server, item, databases);
  if (isLookalike(now)) return now.why;
  if (now.mark !== mark) return 'it is that of another branch now';
  const sites = wordsIn([item.site_id, item.site, item.sites]);
  if (sites.some((word) => word !== preview?.place.site.id)) return 'Deploynix shows a site of it';
  // A site that is gone may have left its id to another.
  const why = (preview ? undefined : await doubt?.(now)) ?? (await usage(ctx, now, isDry ? preview?.place.site.id : undefined));
  if (why !== undefined) return why;
  const users = (await ctx.api.list<JsonObject>(usersEndpoint, { server: server.id, database: database.id })).filter(isObject);
  return users.some(({ username }) => username !== database.label) ? 'it has another user' : users.map((user) => targetOf(user, 'user'));
}

/** Keys of variables that may name a database. */
const OF_DATABASE = /(^|_)(DB|CONN|PG)|DATABASE|SQL|SCHEMA|URL|URI|DSN/i;
const OF_NO_DATABASE = /(PASSWORD|SECRET|TOKEN|KEY)$|^(APP|ASSET)_URL$|^(SENTRY|REDIS)_/i;

/**
 * Tells what a database of a preview is still used for, by the sites of its server: one that bears its mark, or a variable that names it or may
 * do so. Undefined if it is used for nothing. Reads the sites each time, and the variables of each at most once a minute.
 */
function openUsage({ clock }: Pick<Context, 'clock'>) {
  const known = new Map<string, { readonly at: number; readonly variables: readonly unknown[] }>();
  const variablesOf = async ({ api }: Pick<Context, 'api'>, ids: SiteIds): Promise<readonly unknown[] | undefined> => {
    const before = known.get(ids.site);
    if (before && clock.elapsed() - before.at < MINUTE) return before.variables;
    const variables = await api.list(variablesEndpoint, ids).catch(unreadable);
    if (variables) known.set(ids.site, { at: clock.elapsed(), variables });
    return variables;
  };
  /** `except`: the id of the preview that goes with the database. */
  return async (ctx: Pick<Context, 'api'>, { server, database, mark }: PreviewDatabase, except?: string): Promise<string | undefined> => {
    for (const site of await ctx.api.list<JsonObject>(sitesEndpoint, { server: server.id })) {
      const id = isObject(site) ? idIn(site.id) : undefined;
      if (id === undefined) return `Deploynix shows no id for a site of ${server.label}`;
      if (id === except) continue;
      const { label } = targetOf(site, 'site');
      if (markInDomain(label) === mark) return `${label} has the same mark`;
      const variables = await variablesOf(ctx, { server: server.id, site: id });
      if (!variables) return `the variables of ${label} cannot be read`;
      const use = variables.map((variable) => useIn(variable, database.label, label)).find((found) => found !== undefined);
      if (use !== undefined) return use;
    }
    return undefined;
  };
}

/** How a variable uses a database. What the API does not show may. */
function useIn(variable: unknown, database: string, site: string): string | undefined {
  const [entry] = remoteSide([variable]);
  if (!entry) return `Deploynix does not show the key of a variable of ${site}`;
  const [key, value] = entry;
  if (value !== UNKNOWN) return value?.toLowerCase().includes(database) ? `${key} of ${site} names it` : undefined;
  return OF_DATABASE.test(key) && !OF_NO_DATABASE.test(key) ? `${key} of ${site} is hidden and may name it` : undefined;
}

function unreadable(error: unknown): undefined {
  if (!isError(error, 'forbidden', 'not_found', 'failed', 'invalid')) throw error;
}
