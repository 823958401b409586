import { isError } from '../../base/errors.ts';
import { type Env, NetworkFault } from '../../machine/world.ts';
import type { Reply } from '../../platform/api/reply.ts';
import { type Check, failed, type Needs, ok, skipped, warning } from './check.ts';

const SKEW_MS = 60_000;
const SLOW_MS = 2_000;
const proxies = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const;

/** What one request told of the way to the API. */
export interface Contact {
  readonly checks: readonly Check[];
  /** Undefined: no answer came. */
  readonly reply: Reply | undefined;
}

/** Name, connection, certificate, clock and pace, all from one `GET /user`, with the token where there is one. */
export async function contact({ api, settings, world, clock, signal }: Needs, signedIn: boolean): Promise<Contact> {
  const { host, origins, blocked } = settings;
  if (blocked.requests) {
    const { message, hint } = blocked.requests;
    const known = settings.problems.includes(blocked.requests);
    const check = known ? skipped('host', 'nothing is sent before that is fixed') : failed('host', message, hint ?? 'Pass --host');
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
        ok('DNS', 'the name is known'),
        tls(host, world.env),
        ms > SLOW_MS
          ? warning('latency', `${ms} ms for one request`, 'Look at the network and the proxy')
          : ok('latency', `${ms} ms for one request`),
        skew(reply.headers.date, clock.now()),
      ],
    };
  } catch (error) {
    if (!isError(error) || signal.aborted) throw error;
    if (error.code !== 'network')
      return { reply: undefined, checks: [...before, failed('request', error.message, error.hint ?? 'Try again')] };
    const reason = error.cause instanceof NetworkFault ? (error.cause.reason ?? '') : '';
    return { reply: undefined, checks: [...before, ...broken(reason, error.message, host, world.env)] };
  }
}

function proxy(env: Needs['world']['env']): Check {
  const name = proxies.find((each) => env[each]);
  const more = env.NODE_EXTRA_CA_CERTS ? '; NODE_EXTRA_CA_CERTS is set' : '';
  if (!name) return ok('proxy', `none${more}`);
  return ok('proxy', `${name}=${env[name]}${env.NO_PROXY || env.no_proxy ? `, except ${env.NO_PROXY || env.no_proxy}` : ''}${more}`);
}

/** The certificate of a host that was reached. Where Node is told to verify none, it says nothing. */
function tls(host: string, { NODE_TLS_REJECT_UNAUTHORIZED: verified }: Env): Check {
  const isUsed = host.startsWith('https:');
  if (verified === '0')
    return (isUsed ? failed : warning)(
      'TLS',
      'certificates are not verified: NODE_TLS_REJECT_UNAUTHORIZED is 0',
      'Unset NODE_TLS_REJECT_UNAUTHORIZED. NODE_EXTRA_CA_CERTS adds an authority that Node does not know',
    );
  return isUsed ? ok('TLS', 'the certificate is valid') : skipped('TLS', 'not used: the host is this machine');
}

/** Which station of the way the request did not pass. */
function broken(reason: string, message: string, host: string, env: Env): Check[] {
  const dns = reason === 'ENOTFOUND' || reason === 'EAI_AGAIN';
  const certificate = /CERT|TLS|SIGN/.test(reason);
  return [
    dns ? failed('DNS', message, 'Look at DNX_HOST, at dnx config get host, and at the name server') : ok('DNS', 'the name is known'),
    certificate
      ? failed('TLS', message, 'A proxy that opens TLS needs its authority in NODE_EXTRA_CA_CERTS; otherwise do not trust this network')
      : tlsUnknown(host, env),
    ...(dns || certificate ? [] : [failed('connection', message, 'Look at the network, the firewall and the proxy')]),
  ];
}

const tlsUnknown = (host: string, env: Env): Check =>
  host.startsWith('https:') && env.NODE_TLS_REJECT_UNAUTHORIZED !== '0' ? skipped('TLS', 'no connection was made') : tls(host, env);

function skew(date: string | undefined, now: number): Check {
  const there = Date.parse(date ?? '');
  if (Number.isNaN(there)) return skipped('clock', 'the answer does not say what time it is there');
  const seconds = Math.round((now - there) / 1000);
  return Math.abs(seconds) * 1000 <= SKEW_MS
    ? ok('clock', `within ${Math.max(1, Math.abs(seconds))} s of the API's`)
    : warning('clock', `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the API's`, 'Set the clock of this machine, by NTP');
}
