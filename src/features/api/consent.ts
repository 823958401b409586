import { usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { quoted } from '../../base/shell.ts';
import { title } from '../../base/text.ts';
import type { Consent, Context, GivenConsent } from '../../cli/language/command.ts';
import { confirmName, nameRead } from '../../cli/run/consent.ts';
import { parseJson } from '../../cli/run/inputs.ts';
import { namings, type Target, targetOf } from '../../platform/names/names.ts';
import { operationAt, operations } from '../../platform/operations.ts';
import { type ApiRequest, addressOf, fillPlaceholders } from './request.ts';

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
