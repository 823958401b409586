import type { HttpRequest, Transport } from '../../src/machine/world.ts';
import type { Bed } from './dnx.ts';

/** Replaces the sandbox's servers and sites by 50 servers, or as many, with 10 sites each, from `site-0.example.com` on. The shop stays the first. */
export function openFleet({ sandbox: { state } }: Pick<Bed, 'sandbox'>, size = 50): void {
  const [server] = state.servers;
  const [site] = state.sites;
  if (!server || !site) throw new Error('the seed has servers and sites');
  const number = (index: number) => String(index).padStart(3, '0');
  const servers = Array.from({ length: size - 1 }, (_, index) => ({
    ...server,
    id: `01JQ8Z4T9G0000000000SV0${number(index)}`,
    name: `app-${index}`,
  }));
  const all = [server, ...servers];
  const sites = Array.from({ length: size * 10 - 1 }, (_, index) => ({
    ...site,
    id: `01JQ8Z4T9G0000000000ST0${number(index)}`,
    server_id: all[(index + 1) % size]?.id ?? '',
    domain: `site-${index}.example.com`,
  }));
  state.servers.splice(0, state.servers.length, ...all);
  state.sites.splice(0, state.sites.length, site, ...sites);
}

/** A request, and when it was sent on the fake clock. */
export interface Timed {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** Replaces the sandbox's servers and sites by these many, and returns the ids of the sites as arguments of `deploy`. */
export function fleet({ sandbox }: Bed, servers: number, sites: number): string[] {
  const { state } = sandbox;
  const [shop, web] = [state.sites[0], state.servers[0]];
  if (!shop || !web) throw new Error('The seed has no site.');
  state.servers = Array.from({ length: servers }, (_, n) => ({ ...web, id: `01J000000000000000000SRV0${n}`, name: `w${n}` }));
  state.sites = Array.from({ length: sites }, (_, n) => {
    const id = `01J0000000000000000000${String(n).padStart(4, '0')}`;
    return { ...shop, id, server_id: `01J000000000000000000SRV0${n % servers}`, domain: `s${n}.example.com` };
  });
  state.releases = [];
  return state.sites.map(({ id }, n) => `w${n % servers}/${id}`);
}

/** Records the requests of a run. `before` is called with each. */
export function recorder({ clock }: Bed, before: (request: HttpRequest) => Promise<void> = async () => {}) {
  const calls: Timed[] = [];
  return {
    calls,
    /** How often this kind of request was sent: `GET /servers/#/sites`. */
    count: (kind: string) => calls.filter(({ method, path }) => `${method} ${path.replaceAll(/01J\w+/g, '#')}` === kind).length,
    /** The most requests in any minute. */
    most: () => Math.max(...calls.map(({ at: from }) => calls.filter(({ at }) => at >= from && at < from + 60_000).length)),
    through: (network: Transport): Transport => ({
      close: () => network.close(),
      async request(request) {
        await before(request);
        const at = clock.elapsed();
        const response = await network.request(request);
        calls.push({ at, method: request.method, path: new URL(request.url).pathname.replace('/api/v1', ''), status: response.status });
        return response;
      },
    }),
  };
}
