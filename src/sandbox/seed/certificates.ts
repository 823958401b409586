import type { Certificate } from '../records.ts';
import { seeded, seedId } from './ids.ts';
import type { Calendar } from './stamp.ts';

const { 'web-1': web1, 'web-2': web2 } = seeded.servers;

/** Certificates of servers and sites: active, failed, and one that expires within a week. */
export function certificates({ ago, stamps }: Calendar): Certificate[] {
  const { sites } = seeded;
  const shop = sites['shop.example.com'];
  const docs = sites['docs.example.com'];
  const active = { type: 'letsencrypt', status: 'active', reason: null };
  const failed = {
    type: 'letsencrypt',
    status: 'failed',
    reason: 'DNS problem: NXDOMAIN looking up A for docs.example.com',
    expires_at: null,
  };
  const ofSite = { server_id: null };
  return [
    { id: seedId('CE', 1), ...ofSite, site_id: shop, domain: 'shop.example.com', ...active, expires_at: ago(-48), ...stamps(42) },
    {
      id: seedId('CE', 2),
      ...ofSite,
      site_id: sites['blog.example.com'],
      domain: 'blog.example.com',
      ...active,
      expires_at: ago(-5),
      ...stamps(85),
    },
    { id: seedId('CE', 3), ...ofSite, site_id: docs, domain: 'docs.example.com', ...failed, ...stamps(6) },
    {
      id: seedId('CE', 4),
      server_id: web1,
      site_id: null,
      domain: '*.example.com',
      ...active,
      type: 'wildcard',
      expires_at: ago(-70),
      ...stamps(20),
    },
    {
      id: seedId('CE', 5),
      server_id: web2,
      site_id: null,
      domain: 'web-2.example.com',
      ...active,
      type: 'custom',
      expires_at: ago(-200),
      ...stamps(165),
    },
  ];
}
