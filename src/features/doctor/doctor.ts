import { DnxError, isError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { painted, safeLine } from '../../cli/output/text.ts';
import { columns, type Reports, rows, type TablePage } from '../../cli/output/view.ts';
import { commandLine } from '../../cli/run/line.ts';
import { instead } from '../../machine/credentials/keychain-failure.ts';
import { type Env, NetworkFault, type World } from '../../machine/world.ts';
import type { Reply } from '../../platform/api/api.ts';
import { fill } from '../../platform/api/endpoint.ts';
import { anyProxyName, ownProxyName, proxyExceptions, proxyUrl, staysHere } from '../../platform/api/network/proxy.ts';
import { isTls } from '../../platform/api/network/tls.ts';
import { hasEverything, tokenDetails } from '../token/token.ts';
import { type DoctorCheck, failed, machineChecks, passed, skipped, warning } from './machine.ts';

const marks = { ok: '✓', warning: '!', failed: '✗', skipped: '–' } as const;
const tones = { ok: 'green', warning: 'yellow', failed: 'red', skipped: 'dim' } as const;

/** Runs all checks. The result is safe to paste into a ticket. */
export async function examineSetup(ctx: Context) {
  const { checks: held, signedIn } = await credentialChecks(ctx);
  const reached = await contactChecks(ctx, signedIn);
  const problems = ctx.settings.problems.map(({ message, hint }) => failed('files', message, hint ?? 'Fix or remove it'));
  const limits = ctx.settings.readOnly ? [passed('read-only', 'DNX_READ_ONLY is set: dnx sends only GET requests')] : [];
  const found = [
    ...machineChecks(
      ctx,
      held.some(({ check, verdict }) => check === 'keychain' && verdict === 'warning'),
    ),
    ...limits,
    ...problems,
    ...held,
    ...reached.checks,
    ...(await accessChecks(ctx, reached.reply, signedIn)),
  ];
  const all = found.map((check) => redacted(check, ctx.world));
  const failures = all.filter(({ verdict }) => verdict === 'failed');
  const warnings = all.filter(({ verdict }) => verdict === 'warning');
  const bad = failures.length + warnings.length;
  const attention = `${bad} of ${all.length} checks ${bad === 1 ? 'needs' : 'need'} attention.`;
  const shown = columns<DoctorCheck>(
    'check',
    { key: 'verdict', title: 'Status', tone: ({ verdict }) => tones[verdict] },
    { key: 'detail', wrap: true },
    { key: 'fix', wrap: true },
  );
  const view = { ...rows(all, shown, ''), reports: { table: async (page) => checkList(all, page) } satisfies Reports };
  if (failures.length > 0) return { view, exit: new DnxError('failed', attention) };
  return { view, note: warnings.length > 0 ? attention : `All ${all.length} checks passed.` };
}

function checkList(checks: readonly DoctorCheck[], { style, wrap }: TablePage): string {
  const width = Math.max(...checks.map(({ check }) => check.length));
  const indent = width + 4;
  const lines = checks.flatMap(({ check, verdict, detail, fix }) => {
    const mark = style[tones[verdict]](marks[verdict]);
    const found = painted(safeLine(detail), style, verdict === 'skipped' ? style.dim : undefined);
    const below = fix === null ? [] : [painted(`${' '.repeat(indent)}${safeLine(fix)}`, style)];
    return [`${mark} ${check.padEnd(width)}  ${found}`, ...below].map((line) => `${wrap(line, indent)}\n`);
  });
  return lines.join('');
}

/** Removes email addresses, URL passwords and the path of the home directory. */
function redacted(check: DoctorCheck, { home }: World): DoctorCheck {
  const clean = (text: string): string =>
    text
      .replace(/\/\/[^/@\s]+@/g, '//…@')
      .replaceAll(/(?<![\w.+-])([\w.+-])[\w.+-]*@([\w-]+\.[\w.-]+)/g, '$1…@$2')
      .replaceAll(home.length > 1 ? home : '\0', '~');
  return { ...check, detail: clean(check.detail), fix: check.fix === null ? null : clean(check.fix) };
}

const SKEW_MS = 60_000;
const SLOW_MS = 2_000;
const CHECK_HOST = 'Check DNX_HOST, and: dnx config get host';

/** Checks DNS, connection, certificate, latency and clock with one `GET /user`, with the token if there is one. */
export async function contactChecks({ api, settings, world, clock, signal }: Context, signedIn: boolean) {
  const { host, origins, blocked } = settings;
  if (blocked.requests) {
    const { message, hint } = blocked.requests;
    const known = settings.problems.includes(blocked.requests);
    const check = known ? skipped('host', 'no requests until the file is fixed') : failed('host', message, hint ?? 'Use --host');
    return { checks: [check, (await proxyOf(host, world.env)).check] };
  }
  const proxy = await proxyOf(host, world.env);
  const before = [passed('host', `${host} (from the ${origins.host ?? 'default'})`), proxy.check, ...authorities(settings.caFile, world)];
  // Requests would only fail with the same error.
  if (proxy.check.verdict === 'failed') return { checks: before };
  const { method, path } = fill('GET /user', {});
  try {
    const reply = await api.ask(method, path, { authenticated: signedIn, retry: false });
    const ms = reply.tookMs ?? 0;
    return {
      reply,
      checks: [
        ...before,
        proxy.used ? skipped('DNS', 'left to the proxy') : passed('DNS', 'resolved'),
        tls(host, world.env),
        ms > SLOW_MS ? warning('latency', `${ms} ms`, 'Check your network and proxy') : passed('latency', `${ms} ms`),
        skew(reply.headers.date, clock.now()),
      ],
    };
  } catch (error) {
    if (!isError(error) || signal.aborted) throw error;
    if (error.code !== 'network')
      return { checks: [...before, failed('request', shortened(error.message, world), error.hint ?? 'Try again in a moment')] };
    return { checks: [...before, ...broken(error, host, world.env, proxy.used)] };
  }
}

async function proxyOf(host: string, env: Env): Promise<{ readonly used: boolean; readonly check: DoctorCheck }> {
  const [scheme, other] = host.startsWith('https:') ? (['https:', 'http:'] as const) : (['http:', 'https:'] as const);
  const usedName = ownProxyName(env, scheme) ?? anyProxyName(env);
  const name = usedName ?? ownProxyName(env, other);
  if (!name) return { used: false, check: passed('proxy', 'none') };
  const except = env.no_proxy || env.NO_PROXY || '';
  const from = new URL(host);
  let used: boolean;
  try {
    const { proxiesIn } = await import('../../platform/api/network/proxy.ts');
    used = proxiesIn(env)(from) !== undefined;
  } catch (error) {
    // Where the password is in a malformed URL, nobody knows.
    if (!isError(error, 'usage')) throw error;
    return { used: false, check: failed('proxy', error.message.replace(/\.$/, ''), error.hint ?? '') };
  }
  const isExempt = proxyExceptions(except)(from);
  const isFar = staysHere(from, new URL(proxyUrl(env[name] ?? '')));
  const unused = isExempt ? ', so not used' : isFar ? ', not used for this machine' : '';
  const why = usedName === undefined ? `, not used for ${scheme}//` : `${except && `, except ${except}`}${unused}`;
  return { used, check: passed('proxy', `${name}=${withoutUser(env[name] ?? '')}${why}`) };
}

function authorities(caFile: string | undefined, world: Pick<World, 'env' | 'home'>): DoctorCheck[] {
  const files = [caFile, world.env.NODE_EXTRA_CA_CERTS].filter(Boolean).join(' and ');
  return files === '' ? [] : [passed('certificates', `also trusts those in ${shortened(files, world)}`)];
}

const shortened = (text: string, { home }: Pick<World, 'home'>): string => text.replaceAll(`${home}/`, '~/');

/** A proxy URL without username and password. Cuts at the last `@`, because passwords may contain one. */
const withoutUser = (url: string): string => url.replace(/^(\w+:\/\/)?.*@/s, '$1…@');

/** The TLS check of a reached host. Fails if certificate verification is off. */
function tls(host: string, { NODE_TLS_REJECT_UNAUTHORIZED: verified }: Env): DoctorCheck {
  const isUsed = host.startsWith('https:');
  if (verified === '0')
    return (isUsed ? failed : warning)(
      'TLS',
      'certificates are not verified',
      'Unset NODE_TLS_REJECT_UNAUTHORIZED, and pass your own CA with --ca-file',
    );
  return isUsed ? passed('TLS', 'certificate valid') : skipped('TLS', 'not used on loopback');
}

function broken({ message, hint, cause }: DnxError, host: string, env: Env, proxied: boolean): DoctorCheck[] {
  const reason = cause instanceof NetworkFault ? (cause.reason ?? '') : '';
  const dns = reason === 'ENOTFOUND' || reason === 'EAI_AGAIN';
  const handshake = isTls(reason);
  const resolved = proxied ? skipped('DNS', 'left to the proxy') : passed('DNS', 'resolved');
  return [
    dns ? failed('DNS', message, `${CHECK_HOST}, and your DNS server`) : resolved,
    handshake ? failed('TLS', message, hint ?? CHECK_HOST) : tlsUnknown(host, env),
    ...(dns || handshake ? [] : [failed('connection', message, 'Check your network, firewall and proxy')]),
  ];
}

const tlsUnknown = (host: string, env: Env): DoctorCheck =>
  host.startsWith('https:') && env.NODE_TLS_REJECT_UNAUTHORIZED !== '0' ? skipped('TLS', 'not connected') : tls(host, env);

function skew(date: string | undefined, now: number): DoctorCheck {
  const there = Date.parse(date ?? '');
  if (Number.isNaN(there)) return skipped('clock', 'the API did not send its time');
  const seconds = Math.round((now - there) / 1000);
  return Math.abs(seconds) * 1000 <= SKEW_MS
    ? passed('clock', `within ${duration(Math.max(1, Math.abs(seconds)) * 1000)} of the API`)
    : warning('clock', `${duration(seconds * 1000)} ${seconds > 0 ? 'ahead of' : 'behind'} the API`, 'Synchronize the clock with NTP');
}

/** Checks the keychain and the token. */
export async function credentialChecks({ tokens, settings, world }: Context) {
  const signIn = commandLine(['login'], settings);
  if (world.env.DNX_TOKEN)
    return { signedIn: true, checks: [skipped('keychain', 'not used: DNX_TOKEN is set'), passed('token', 'from DNX_TOKEN')] };
  const keychain = await keychainOf(tokens);
  if (keychain.verdict === 'failed')
    return { signedIn: false, checks: [keychain, failed('token', 'no token can be read', `${signIn}, or set DNX_TOKEN`)] };
  const found = await tokens.find().catch((error: unknown) => {
    if (!isError(error, 'usage', 'failed')) throw error;
    return error;
  });
  if (isError(found)) return { signedIn: false, checks: [keychain, failed('token', found.message, found.hint ?? 'Set DNX_TOKEN')] };
  if (!found) return { signedIn: false, checks: [keychain, failed('token', `no token for ${tokens.account}`, signIn)] };
  return { signedIn: true, checks: [keychain, passed('token', `from the ${found.source}, for ${tokens.account}`)] };
}

/** Checks that the keychain works. Only a warning if the token is in the file. */
async function keychainOf(tokens: Context['tokens']): Promise<DoctorCheck> {
  try {
    await tokens.probe({ insecure: false });
    return passed('keychain', 'available');
  } catch (error) {
    if (!isError(error, 'failed')) throw error;
    const [detail, hint] = [error.message.replace(/\.$/, ''), error.hint ?? 'Set DNX_TOKEN'];
    if (tokens.known?.store !== 'file') return failed('keychain', detail, hint);
    // The token is in the file already.
    return warning('keychain', detail, hint.replace(instead, '').trim() || 'See dnx help keychain');
  }
}

/** Checks that the API accepts the token, and its abilities. */
export async function accessChecks(ctx: Context, reply: Reply | undefined, signedIn: boolean): Promise<DoctorCheck[]> {
  if (!reply) return [skipped('API', 'not reached'), skipped('abilities', 'unknown')];
  const { status, data: user } = reply;
  if (status < 300) {
    if (!isObject(user)) return [failed('API', 'the response is not JSON (another server or a login page?)', CHECK_HOST)];
    return [passed('API', `signed in as ${wordOf(user.email ?? user.name)}`), await abilities(ctx)];
  }
  if (status === 401 && !signedIn) return [passed('API', 'reached, without a token'), skipped('abilities', 'not signed in')];
  const known: Readonly<Record<number, readonly [detail: string, fix: string]>> = {
    401: ['the token was rejected', commandLine(['login'], ctx.settings)],
    403: ['forbidden: your plan probably has no API access', 'Ask an owner to upgrade the plan'],
    404: ['no Deploynix API at this host', CHECK_HOST],
    429: ['rate limited', 'Try again in a minute'],
  };
  const [detail, fix] = known[status] ?? [`returned ${status}`, 'Try again in a moment'];
  return [failed('API', detail, fix), skipped('abilities', 'unknown')];
}

/** Warns about every ability only for DNX_TOKEN, which is probably used unattended. */
async function abilities({ api, tokens, world }: Context): Promise<DoctorCheck> {
  const token = await tokenDetails(api, (await tokens.find())?.token ?? '');
  if (!Array.isArray(token?.abilities)) return skipped('abilities', 'the API does not list them');
  if (hasEverything(token.abilities))
    return world.env.DNX_TOKEN
      ? warning('abilities', 'DNX_TOKEN can do everything', 'Create one with fewer abilities: dnx token create')
      : passed('abilities', 'everything');
  return passed('abilities', token.abilities.join(', ') || 'none');
}
