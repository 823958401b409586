import { usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { quoted } from '../../base/shell.ts';
import { orList, title } from '../../base/text.ts';
import type { Consent, Context, GivenConsent, Words } from '../../cli/language/command.ts';
import { confirmName, nameRead } from '../../cli/run/consent.ts';
import { parseJson } from '../../cli/run/inputs.ts';
import { seeHelp } from '../../cli/run/line.ts';
import { type Endpoint, type Method, parameters, segment } from '../../platform/api/endpoint.ts';
import { namings, type Target, type Targets, targetOf } from '../../platform/names/names.ts';
import { operationAt, operations } from '../../platform/operations.ts';

/** The HTTP methods of `dnx api`. */
export const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

interface RequestWords {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly input?: string | undefined;
}

/** A request of `dnx api`. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
}

const methodIn = (word: string): string | undefined => methods.find((method) => method === word.toUpperCase());

/** The method and path. Without a method it is GET, even with -F: a change must be asked for. */
export function requestOf({ method: first, path, input }: RequestWords): ApiRequest {
  if (first === undefined || (path === undefined && methodIn(first))) throw usage('Missing <path>.', undefined, seeHelp('api'));
  if (path !== undefined) return { method: checked(first, path), path };
  if (input !== undefined)
    throw usage('--input needs a method: without one, dnx sends a GET, which has no body.', 'For example: dnx api POST PATH --input FILE');
  return { method: 'GET', path: first };
}

function checked(first: string, path: string): string {
  const method = methodIn(first);
  if (method !== undefined) return method;
  const other = methodIn(path);
  if (other !== undefined) throw usage('The method comes before the path.', `For example: dnx api ${other} PATH`);
  throw usage(`'${first}' is not an HTTP method.`, `Use ${orList(methods)}.`);
}

/** The operation of a command line; none without a request. */
export function requestedOperations({ method, path, rate, schema }: Words): readonly Endpoint[] {
  if (rate || schema || typeof method !== 'string') return [];
  if (typeof path === 'string') return [operationOf(method, path)];
  return methodIn(method) ? [] : [operationOf('GET', method)];
}

/** A path below `/api/v1` and its query. */
export interface Address {
  readonly path: string;
  /** With its question mark, or empty. */
  readonly search: string;
  readonly query: Readonly<Record<string, readonly string[]>>;
}

/** What URLs drop, read as a slash, or resolve. */
const UNUSABLE = /[\s#\\\p{Cc}]|%2f|(^|\/)\.{1,2}(\/|$)/iu;

/** Parses `servers?page=2`, `/api/v1/servers` or a URL of this host. Refuses another host, because the token is not for it. */
export function addressOf(word: string, host: string): Address {
  const url = URL.canParse(word) && word.includes('://') ? new URL(word) : undefined;
  const whole = url && `${url.origin}${url.pathname}${url.search}`;
  if (whole !== undefined && !whole.startsWith(`${host}/`)) {
    const other = url?.origin === new URL(host).origin ? word : url?.origin;
    throw usage(`${other} is a different host.`, `The token is for ${host}. Use --host for another one.`);
  }
  const [before = '', ...after] = (whole?.slice(host.length) ?? word).split('?');
  const path = plainPath(before);
  if (UNUSABLE.test(path) || path.length < 2) throw usage(`'${word}' is not an API path.`, 'Use one such as /servers/{server}/sites.');
  const search = after.length > 0 ? `?${after.join('?')}` : '';
  const parameters = new URLSearchParams(search);
  return { path, search, query: Object.fromEntries([...parameters.keys()].map((key) => [key, parameters.getAll(key)])) };
}

/** The path that a server takes another spelling for, so that nothing that is known of it is missed: `/api/v1/%73ervers/` -> `/servers`. */
function plainPath(path: string): string {
  const plain = path.replaceAll(/%[2-7][\da-f]/gi, (code) =>
    /[\w.~{}-]/.test(decodeURIComponent(code)) ? decodeURIComponent(code) : code,
  );
  return `/${plain.split('/').filter(Boolean).join('/')}`.replace(/^\/api\/v1(?=\/|$)/, '');
}

/** Replaces `{server}` and `{site}` with ids. */
export async function fillPlaceholders(address: Address, resolve: (path: string) => Promise<Targets>): Promise<Address> {
  const names = parameters(address.path);
  const other = names.find((name) => name !== 'server' && name !== 'site');
  if (other) throw usage(`Cannot fill in {${other}}.`, 'Replace it with an id; only {server} and {site} are filled in.');
  if (names.length === 0) return address;
  const targets = await resolve(address.path);
  return { ...address, path: address.path.replace(/\{(\w+)\}/g, (_, name: string) => segment(targets[name]?.id ?? '')) };
}

/** The operation of a path that contains ids or placeholders, to look up the ability it needs. Laravel serves every update as PUT and as PATCH. */
export function operationOf(method: string, word: string): Endpoint {
  const [before = ''] = word.replace(/^https?:\/\/[^/]*(.*?(?=\/api\/v1(\/|$)))?/, '').split('?');
  const path = plainPath(before);
  const verb = method.toUpperCase().replace('PATCH', 'PUT') as Method;
  return operationAt(verb, path)?.call ?? (`${verb} ${path}` as Endpoint);
}

interface RequestWithInput extends ApiRequest {
  readonly input: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * The consent for a request: that of its operation, whatever the path looks like. A DELETE of anything else is confirmed, too. Without a
 * terminal, what is missing fails before {server} and {site} are looked up.
 */
export async function consentToRequest(ctx: Context, request: RequestWithInput, consent: GivenConsent): Promise<Consent | undefined> {
  const { method, path: word } = request;
  if (method === 'DELETE' && !ctx.ask.allowed && !consent.yes && consent.confirm === undefined)
    throw usage('DELETE needs confirmation. Nothing was sent.', 'Use --yes, or run in a terminal to confirm.');
  const written = addressOf(word, ctx.settings.host);
  // Laravel serves every update as PUT and as PATCH.
  const verb = method.replace('PATCH', 'PUT');
  const needed = operations[operationAt(verb, written.path)?.call ?? '']?.consent;
  if (needed === undefined && (method !== 'DELETE' || consent.yes)) return undefined;
  const { path } = await fillPlaceholders(written, ctx.resolve);
  if (needed === undefined) return { level: 'moderate', action: `Send DELETE ${path} to ${ctx.settings.host}` };
  const { call, ids } = operationAt(verb, path) ?? { call: '', ids: {} };
  if (needed === 'severe') await severe(ctx, call, ids, consent);
  else if (!(await variables(ctx, request, call, ids, consent)) && method === 'DELETE' && !consent.yes && consent.confirm === undefined)
    return { level: 'moderate', action: `Send DELETE ${path} to ${ctx.settings.host}` };
  return undefined;
}

type Ids = Readonly<Record<string, string>>;

async function severe(ctx: Context, call: string, ids: Ids, { yes, confirm }: GivenConsent): Promise<void> {
  const { api, recorder, progress } = ctx;
  if (ids.backup !== undefined) {
    requireName(ctx, 'with the name of what it overwrites', confirm, yes);
    await (await import('../backup/restore.ts')).agreeToRestore(ctx, { backup: ids.backup, latest: undefined, owner: {} }, confirm);
    return;
  }
  const noun = Object.keys(ids).at(-1) ?? '';
  if (!recorder && confirm !== undefined && confirm === ids[noun]) return;
  const target = await read(api, noun, ids);
  recorder?.consent('severe', target.label);
  if (recorder && confirm === undefined) return;
  requireName(ctx, quoted(target.label), confirm, yes);
  if (confirm === undefined) progress.warn(`${call.split(' ')[0]} ${title(noun)} ${target.label}. This cannot be undone.`);
  await confirmName(ctx, confirm, { noun, ...target }, 'Nothing was sent.');
}

function requireName({ ask, recorder }: Context, name: string, confirm: string | undefined, yes: boolean): void {
  if (recorder || ask.allowed || confirm !== undefined) return;
  const hint = `Use --confirm ${name}${yes ? '; --yes is not enough' : ''}.`;
  throw usage('This cannot be undone and requires confirmation.', hint).with({ reason: 'name_to_type' });
}

async function variables(ctx: Context, { fields, input }: RequestWithInput, call: string, ids: Ids, consent: GivenConsent) {
  const [{ changesBy, consentToSend }, { remoteSide }, { variablesEndpoint }] = await Promise.all([
    import('../env/dangers.ts'),
    import('../env/remote.ts'),
    import('../env/variables.ts'),
  ]);
  const { server = '', site = '', variable } = ids;
  const known = await ctx.api.list<{ readonly id: unknown; readonly key: string }>(variablesEndpoint, { server, site });
  const remote = remoteSide(known);
  const body = input === undefined ? fields : parseJson(input, '--input');
  const changes = changesBy(call, body, known.find(({ id }) => String(id) === variable)?.key, remote);
  const located = { server: { id: server, label: server }, site: await read(ctx.api, 'site', { server, site }) };
  return consentToSend(ctx, located, { changes, remote, consent });
}

async function read(api: Context['api'], noun: string, ids: Ids): Promise<Target> {
  const { data } = await api.send(nameRead(namings[noun]?.list ?? 'GET /servers', noun), ids);
  const id = ids[noun] ?? '';
  return { id, label: isObject(data) ? targetOf({ id, ...data }, noun).label : id };
}
