import { DnxError, isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Query } from '../../platform/api/api.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import type { Place, Risk } from './finding.ts';
import { distinct } from './label.ts';
import type { Ledger, Obstacle } from './ledger.ts';
import type { RuleId } from './rules.ts';

/** Reads lists for checks. */
export interface Reader {
  /** The items of a list; undefined, and noted for these rules, if it cannot be read. */
  list(endpoint: Endpoint, place: Place, rules: readonly RuleId[], query?: Query): Promise<readonly JsonObject[] | undefined>;
}

/** Requests a list that the token cannot read only once, not for every server. */
export function openReader({ api, tokens }: Pick<Context, 'api' | 'tokens'>, ledger: Ledger): Reader {
  const refused = new Map<Endpoint, Obstacle>();
  const answered = new Set<Endpoint>();
  return {
    async list(endpoint, place, rules, query) {
      const known = refused.get(endpoint);
      if (known) return void ledger.unchecked(place, rules, known);
      try {
        const items = await api.list<unknown>(endpoint, { server: place.server?.id, site: place.site?.id }, query && { query });
        answered.add(endpoint);
        return distinct(items.filter(isObject));
      } catch (error) {
        if (!isAboutList(error)) throw error;
        const fix = error.lacks === undefined ? error.next?.[0]?.command : await forAudit(tokens);
        const obstacle = { reason: error.message, fix };
        // Abilities belong to the token, and a role may be another on each server.
        if (error.lacks !== undefined && !answered.has(endpoint)) refused.set(endpoint, obstacle);
        return void ledger.unchecked(place, rules, obstacle);
      }
    },
  };
}

/** False for what stops every request: no network, no valid token, Ctrl-C, or a bug. */
const isAboutList = (error: unknown): error is DnxError =>
  error instanceof DnxError && isError(error, 'forbidden', 'not_found', 'invalid', 'differences', 'failed');

/** The command that gets every ability that an audit needs, instead of one for each. */
const forAudit = async (tokens: Context['tokens']): Promise<readonly string[]> =>
  (await tokens.find())?.source === 'variable' ? ['token', 'create', 'audit', '--for', 'audit'] : ['auth', 'refresh', '--for', 'audit'];

/** Reads the list that a rule needs, and notes what is wrong with it. */
export async function inspect(
  endpoint: Endpoint,
  place: Place,
  rule: RuleId,
  { reader, ledger }: { readonly reader: Reader; readonly ledger: Ledger },
  risksIn: (found: readonly JsonObject[]) => readonly Risk[],
): Promise<void> {
  const found = await reader.list(endpoint, place, [rule]);
  if (!found) return;
  ledger.checked(place, rule);
  for (const risk of risksIn(found)) ledger.risk(risk);
}
