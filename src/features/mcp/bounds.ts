import { type DnxError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import type { TypedLine } from '../../cli/language/command.ts';
import { operationsOf } from '../../cli/language/tree.ts';
import { apiPath, rewritten } from '../../cli/run/hidden-values.ts';
import { takesDestination } from '../../cli/run/line.ts';
import { NetworkFault, type Transport } from '../../machine/world.ts';
import { isReadMethod } from '../../platform/api/endpoint.ts';
import { type Limits, limitWords } from './limits.ts';

/** The ids to which --server and --site limit requests. */
export interface PlaceIds {
  readonly server: string;
  readonly site: string | undefined;
}

/** What requests may do. */
export interface Bounds {
  readonly changes: boolean;
  values: boolean;
  /** The command is about a site, and reads what is around it. */
  around: boolean;
  readonly host: string;
  readonly within: PlaceIds | undefined;
  readonly limits: Limits;
  /** Receives the tokens that are sent. */
  readonly tokens: Set<string>;
}

/** A transport that refuses requests outside of the bounds, and narrows lists to what is within. */
export function bounded(transport: Transport, bounds: Bounds): Transport {
  return {
    close: () => transport.close(),
    async request(request) {
      const token = request.headers.authorization?.replace(/^Bearer /, '');
      if (token) bounds.tokens.add(token);
      const path = apiPath(request, bounds.host);
      const refused = mayTouch(request.method, path, bounds);
      if (refused) throw refused.with({ cause: new NetworkFault(refused.message, { sent: false }) });
      const response = await transport.request(request);
      const { within } = bounds;
      return path !== undefined && within ? rewritten(response, (data) => narrowed(data, path, within)) : response;
    },
  };
}

const outside = (limits: Limits): DnxError => usage(`${limitWords(limits)} This goes beyond it.`);

/** Why a request may not leave; undefined if it may. */
export function mayTouch(
  method: string,
  path: string | undefined,
  { changes, around, within, limits }: Pick<Bounds, 'changes' | 'around' | 'within' | 'limits'>,
): DnxError | undefined {
  const reads = isReadMethod(method);
  if (!reads && !(changes && path !== undefined)) return usage('This would change something. Nothing was sent.');
  // Names are looked up in the lists of servers and sites, and what a site depends on may be in those of the account.
  if (!within || path === undefined || (reads && (around ? /^\/[\w-]+$/ : /^\/(user|servers)$/).test(path))) return undefined;
  const [serverPath, server, , site] = /^\/servers\/([^/]+)(?:(\/sites)(?:\/([^/]+))?)?/.exec(path) ?? [];
  const isAround = reads && site === undefined && (around || serverPath === path);
  return server === within.server && (within.site === undefined || site === within.site || isAround) ? undefined : outside(limits);
}

/** A list with only what is within; anything else as it is. */
function narrowed(data: unknown, path: string, within: PlaceIds): unknown {
  if (Array.isArray(data)) return data.filter((item) => isWithin(item, path, within));
  if (!isObject(data) || !Array.isArray(data.data)) return data;
  const { total: _, ...meta } = isObject(data.meta) ? data.meta : {};
  return { ...data, data: narrowed(data.data, path, within), ...(isObject(data.meta) && { meta }) };
}

function isWithin(item: unknown, path: string, { server, site }: PlaceIds): boolean {
  if (!isObject(item)) return false;
  if (path === '/servers') return item.id === server;
  if (path === `/servers/${server}/sites`) return site === undefined || item.id === site;
  // What is of no server belongs to the account.
  if (!path.startsWith('/servers/') && item.server_id !== server && (site === undefined || item.site_id !== site)) return false;
  return site === undefined || item.site_id === undefined || item.site_id === null || item.site_id === site;
}

/** True if a line is about a site, and may read what is around it. A server alone is too much if only a site is allowed. */
export function isAboutSite(line: TypedLine, { within, limits }: Pick<Bounds, 'within' | 'limits'>): boolean {
  const { command, targets } = line;
  if (within?.site !== undefined && takesDestination(command) && targets.server && !targets.site) throw outside(limits);
  return operationsOf(command).some((operation) => operation.includes('{site}'));
}
