import type { Bed } from './dnx.ts';

/** Replaces the sandbox's servers and sites by 50 servers with 10 sites each, `site-0.example.com` to `site-499.example.com`. The shop stays the first. */
export function openFleet({ sandbox: { state } }: Pick<Bed, 'sandbox'>): void {
  const [server] = state.servers;
  const [site] = state.sites;
  if (!server || !site) throw new Error('the seed has servers and sites');
  const number = (index: number) => String(index).padStart(3, '0');
  const servers = Array.from({ length: 49 }, (_, index) => ({
    ...server,
    id: `01JQ8Z4T9G0000000000SV0${number(index)}`,
    name: `app-${index}`,
  }));
  const all = [server, ...servers];
  const sites = Array.from({ length: 499 }, (_, index) => ({
    ...site,
    id: `01JQ8Z4T9G0000000000ST0${number(index)}`,
    server_id: all[(index + 1) % 50]?.id ?? '',
    domain: `site-${index}.example.com`,
  }));
  state.servers.splice(0, state.servers.length, ...all);
  state.sites.splice(0, state.sites.length, site, ...sites);
}
