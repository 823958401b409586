import { usage } from '../base/errors.ts';
import { toJson } from '../base/json.ts';
import { duration, utcOf } from '../base/time.ts';
import { type Context, command } from '../cli/language/command.ts';
import { argument, content, flag, suggest, text } from '../cli/language/options.ts';
import { anything } from '../cli/language/shape.ts';
import { columns, data, nothing, textView as plain, record, type View } from '../cli/output/view.ts';
import { parseJson } from '../cli/run/inputs.ts';
import {
  type Address,
  addressOf,
  consentToRequest,
  fillPlaceholders,
  methods,
  operationOf,
  requestedOperations,
  requestOf,
} from '../features/api/request.ts';
import type { Reply } from '../platform/api/api.ts';
import { failureOf } from '../platform/api/failure.ts';
import type { RateStatus } from '../platform/api/limit/budget.ts';

export default command({
  name: 'api',
  reveals: 'values',
  summary: 'Make an authenticated API request',
  description:
    'Takes a path from the API reference, with or without /api/v1. The method is GET unless you name another, even with -F. -F sets query parameters of a GET, and JSON fields otherwise. {server} and {site} come from --server, --site or your defaults. The response is printed unchanged.\n\nA DELETE asks first. What the commands of dnx ask a name for needs it here, too: a server, a site, a database, a restore, and variables that could break a site.',
  options: {
    method: argument(suggest(text('HTTP method, GET by default'), ...methods)),
    path: argument(text('Path, such as /servers/{server}/sites')),
    input: content('JSON body: text, @file, or - for stdin'),
    paginate: flag('Fetch every page of a list, as one array'),
    schema: { ...flag('Print what dnx knows about the endpoint, without a request'), effect: 'read' },
    rate: { ...flag('Print how much of the rate limit is used, without a request'), effect: 'read' },
    include: { ...flag('Also print the response status and headers'), short: 'i' },
    confirm: text('Name of what is deleted, or of a site that a variable could break', 'name'),
  },
  fields: {},
  consent: async (ctx, { options, body, consent }) => {
    if (options.rate || options.schema) return undefined;
    const request = requestOf(options);
    if (request.method === 'GET') return undefined;
    return consentToRequest(ctx, { ...request, input: options.input, fields: body }, consent);
  },
  calls: requestedOperations,
  prints: () => anything,
  examples: [
    'api /user',
    'api /servers/{server}/sites --server web-1 --query "data[].domain"',
    'api POST /servers/{server}/crontabs --server web-1 -F command=date -F "frequency=0 3 * * *"',
    'api /backups -F status=completed --paginate -o ndjson',
    'api --schema POST /servers/{server}/crontabs',
    'api --rate',
  ],
  async run(ctx, { options, body: extra }) {
    if (options.schema) return schemaIn(ctx, options);
    if (options.rate) return rateOf(await ctx.api.rate(), options.method);
    const { method: verb, path } = requestOf(options);
    const { paginate, include } = options;
    const address = await fillPlaceholders(addressOf(path, ctx.settings.host), ctx.resolve);
    const fields = Object.keys(extra).length > 0 ? extra : undefined;
    if (options.input !== undefined && fields) throw usage('--input is the whole body. It cannot be combined with -F or --data.');
    if (paginate) {
      if (verb !== 'GET' || include || options.input !== undefined)
        throw usage('--paginate works only with GET, without --include and --input.');
      return data(await ctx.api.list(`GET ${address.path as `/${string}`}`, {}, { query: { ...address.query, ...words(fields) } }));
    }
    const body = options.input === undefined ? (verb === 'GET' ? undefined : fields) : parseJson(options.input, '--input');
    // What it replaces is kept for dnx undo.
    if (verb !== 'GET' && /\/environment-variables\/[^/]+$/.test(address.path)) await ctx.api.ask('GET', address.path, { casual: true });
    const reply = await ctx.api.ask(verb, withQuery(address, verb === 'GET' ? words(fields) : {}), { body });
    if (reply.status < 300) return include ? withHead(reply) : bodyOf(reply, ctx.progress.note);
    if (include) ctx.progress.note(headOf(reply));
    throw failureOf(reply, operationOf(verb, address.path));
  },
});

/** What dnx knows of an endpoint, for every method unless one is given. */
async function schemaIn({ settings, tree }: Pick<Context, 'settings' | 'tree'>, options: SchemaOptions): Promise<View> {
  if (options.rate || options.include || options.paginate || options.input !== undefined)
    throw usage('--schema sends no request, so it cannot be combined with --rate, --include, --paginate and --input.');
  const { method, path } = requestOf(options);
  const { schemaOf } = await import('../features/api/schema.ts');
  return schemaOf(tree, addressOf(path, settings.host).path, options.path === undefined ? undefined : method);
}

function rateOf(status: RateStatus, method: string | undefined): View {
  if (method !== undefined) throw usage('--rate sends no request, so it takes no method and path.');
  const { limit, window_s } = status;
  const rate = limit === null || window_s === null ? 'none' : `${limit} in ${duration(window_s * 1_000)} (${status.source})`;
  const shown = columns<RateStatus>(
    { key: 'limit', cell: () => rate },
    'used',
    'remaining',
    { key: 'next_at', title: 'Next request' },
    { key: 'blocked_until', cell: ({ blocked_until }) => utcOf(blocked_until) },
  );
  return record(status, shown);
}

interface SchemaOptions extends Readonly<Record<'method' | 'path' | 'input', string | undefined>> {
  readonly rate: boolean | undefined;
  readonly include: boolean | undefined;
  readonly paginate: boolean | undefined;
}

const words = (fields: Readonly<Record<string, unknown>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? value : toJson(value)]));

function withQuery({ path, search }: Address, more: Readonly<Record<string, string>>): string {
  const added = new URLSearchParams(more).toString();
  return `${path}${search}${added && `${search ? '&' : '?'}${added}`}`;
}

function bodyOf(reply: Reply, note: (sentence: string) => void): View {
  if (reply.text !== undefined) return plain(reply.text, { text: reply.text });
  if (reply.body !== undefined) return data(reply.body);
  note(`Deploynix returned ${reply.status} without a body.`);
  return nothing;
}

function withHead({ status, headers, body, text: page }: Reply): View {
  const shown = page ?? (body === undefined ? '' : toJson(body, 2));
  return plain(`${headOf({ status, headers })}\n\n${shown}`, { status, headers, body: body ?? page ?? null });
}

const headOf = ({ status, headers }: Pick<Reply, 'status' | 'headers'>): string =>
  [`HTTP ${status}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join('\n');
