import { isError } from '../../base/errors.ts';
import { duration } from '../../base/time.ts';
import { type Env, NetworkFault } from '../../machine/world.ts';
import type { Reply } from '../../platform/api/reply.ts';
import { type Check, failed, type Needs, ok, skipped, warning } from './check.ts';

const SKEW_MS = 60_000;
const SLOW_MS = 2_000;
/** How to fix a wrong host. */
export const CHECK_HOST = 'dnx config get host, and check DNX_HOST';

const proxies = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const;

/** The result of one request to the API. */
export interface Contact {
  readonly checks: readonly Check[];
  /** Undefined if there was no response. */
  readonly reply: Reply | undefined;
}

/** Checks DNS, connection, certificate, latency and clock with one `GET /user`, with the token if there is one. */
export async function contact({ api, settings, world, clock, signal }: Needs, signedIn: boolean): Promise<Contact> {
  const { host, origins, blocked } = settings;
  if (blocked.requests) {
    const { message, hint } = blocked.requests;
    const known = settings.problems.includes(blocked.requests);
    const check = known ? skipped('host', 'no requests until the file is fixed') : failed('host', message, hint ?? 'Use --host');
    return { reply: undefined, checks: [check, proxy(world.env)] };
  }
  const before = [ok('host', `${host} (from the ${origins.host ?? 'default'})`), proxy(world.env)];
  const started = clock.elapsed();
  try {
    const reply = await api.ask('GET', '/user', { authenticated: signedIn, retry: false });
    const ms = Math.round(clock.elapsed() - started);
    return {
      reply,
      checks: [
        ...before,
        ok('DNS', 'resolved'),
        tls(host, world.env),
        ms > SLOW_MS ? warning('latency', `${ms} ms`, 'Check your network and proxy') : ok('latency', `${ms} ms`),
        skew(reply.headers.date, clock.now()),
      ],
    };
  } catch (error) {
    if (!isError(error) || signal.aborted) throw error;
    if (error.code !== 'network')
      return { reply: undefined, checks: [...before, failed('request', error.message, error.hint ?? 'Try again in a moment')] };
    const reason = error.cause instanceof NetworkFault ? (error.cause.reason ?? '') : '';
    return { reply: undefined, checks: [...before, ...broken(reason, error.message, host, world.env)] };
  }
}

function proxy(env: Needs['world']['env']): Check {
  const name = proxies.find((each) => env[each]);
  const more = env.NODE_EXTRA_CA_CERTS ? '; NODE_EXTRA_CA_CERTS is set' : '';
  if (!name) return ok('proxy', `none${more}`);
  return ok(
    'proxy',
    `${name}=${withoutUser(env[name] ?? '')}${env.NO_PROXY || env.no_proxy ? `, except ${env.NO_PROXY || env.no_proxy}` : ''}${more}`,
  );
}

/** A proxy URL without username and password. Cuts at the last `@`, because passwords may contain one. */
const withoutUser = (url: string): string => url.replace(/^(\w+:\/\/)?.*@/s, '$1…@');

/** The TLS check of a reached host. Fails if certificate verification is off. */
function tls(host: string, { NODE_TLS_REJECT_UNAUTHORIZED: verified }: Env): Check {
  const isUsed = host.startsWith('https:');
  if (verified === '0')
    return (isUsed ? failed : warning)(
      'TLS',
      'certificates are not verified',
      'Unset NODE_TLS_REJECT_UNAUTHORIZED, and add your own CA with NODE_EXTRA_CA_CERTS',
    );
  return isUsed ? ok('TLS', 'certificate valid') : skipped('TLS', 'not used on loopback');
}

/** The checks after a failed request: where it failed. */
function broken(reason: string, message: string, host: string, env: Env): Check[] {
  const dns = reason === 'ENOTFOUND' || reason === 'EAI_AGAIN';
  const certificate = /CERT|TLS|SIGN/.test(reason);
  return [
    dns ? failed('DNS', message, `${CHECK_HOST}, and your DNS server`) : ok('DNS', 'resolved'),
    certificate
      ? failed('TLS', message, 'Add your own CA with NODE_EXTRA_CA_CERTS; if you have none, do not trust this network')
      : tlsUnknown(host, env),
    ...(dns || certificate ? [] : [failed('connection', message, 'Check your network, firewall and proxy')]),
  ];
}

const tlsUnknown = (host: string, env: Env): Check =>
  host.startsWith('https:') && env.NODE_TLS_REJECT_UNAUTHORIZED !== '0' ? skipped('TLS', 'not connected') : tls(host, env);

function skew(date: string | undefined, now: number): Check {
  const there = Date.parse(date ?? '');
  if (Number.isNaN(there)) return skipped('clock', 'the API did not send its time');
  const seconds = Math.round((now - there) / 1000);
  return Math.abs(seconds) * 1000 <= SKEW_MS
    ? ok('clock', `within ${duration(Math.max(1, Math.abs(seconds)) * 1000)} of the API`)
    : warning('clock', `${duration(seconds * 1000)} ${seconds > 0 ? 'ahead of' : 'behind'} the API`, 'Synchronize the clock with NTP');
}
