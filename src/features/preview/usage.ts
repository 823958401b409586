import { isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { MINUTE } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { sitesEndpoint } from '../../platform/follow/readers.ts';
import { idIn, type SiteIds, targetOf } from '../../platform/names/names.ts';
import { remoteSide } from '../env/remote.ts';
import { UNKNOWN } from '../env/sync/steps.ts';
import { variablesEndpoint } from '../env/variables.ts';
import type { PreviewDatabase } from './model.ts';
import { markInDomain } from './names.ts';

/** Keys of variables that may name a database. */
const OF_DATABASE = /(^|_)(DB|CONN|PG)|DATABASE|SQL|SCHEMA|URL|URI|DSN/i;
const OF_NO_DATABASE = /(PASSWORD|SECRET|TOKEN|KEY)$|^(APP|ASSET)_URL$|^(SENTRY|REDIS)_/i;

/**
 * Tells what a database of a preview is still used for, by the sites of its server: one that bears its mark, or a variable that names it or may
 * do so. Undefined if it is used for nothing. Reads the sites each time, and the variables of each at most once a minute.
 */
export function openUsage({ clock }: Pick<Context, 'clock'>) {
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
