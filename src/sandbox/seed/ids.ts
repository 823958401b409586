import { DAY } from '../../base/time.ts';
import { timestamp } from '../time.ts';

/** Stable ids of the seed, for documentation and tests. */
export const seeded = {
  servers: {
    'web-1': '01JQ8Z4T9G00000000000WEB01',
    'web-2': '01JQ8Z4T9G00000000000WEB02',
    'db-1': '01JQ8Z4T9G000000000000DB01',
  },
  /** `staging.example.com` is on both web servers. */
  sites: {
    'shop.example.com': '01JQ8Z4T9G00000000000SH0P1',
    'blog.example.com': '01JQ8Z4T9G00000000000B10G1',
    'staging.example.com on web-1': '01JQ8Z4T9G00000000000STAG1',
    'staging.example.com on web-2': '01JQ8Z4T9G00000000000STAG2',
    'api.example.com': '01JQ8Z4T9G00000000000AP101',
    'docs.example.com': '01JQ8Z4T9G00000000000D0CS1',
  },
  databases: {
    shop: '01JQ8Z4T9G00000000000DBSH0',
    blog: '01JQ8Z4T9G00000000000DBB10',
    analytics: '01JQ8Z4T9G00000000000DBAN0',
  },
  backups: {
    'shop database, completed': '01JQ8Z4T9G000000000000BK06',
    'shop application, completed': '01JQ8Z4T9G000000000000BK05',
  },
  gitRepositories: {
    'example/shop': '01JQ8Z4T9G0000000000GR0001',
    'example/blog': '01JQ8Z4T9G0000000000GR0002',
    'example/api': '01JQ8Z4T9G0000000000GR0003',
  },
  gitProviders: { github: '01JQ8Z4T9G0000000000GP0001', gitlab: '01JQ8Z4T9G0000000000GP0002' },
} as const;

/** The nth id of a kind. The kind is spelled in Crockford's base 32, without I, L, O and U. */
export const seedId = (kind: string, n: number): string => `01JQ8Z4T9G${`${kind}${String(n).padStart(4, '0')}`.padStart(16, '0')}`;

/** Creates timestamps by their age in days, which may be fractional. */
export type Calendar = ReturnType<typeof calendar>;

/** Creates the calendar of a seed; `now` is in epoch ms. */
export function calendar(now: number) {
  const ago = (days: number): string => timestamp(now - days * DAY);
  return { ago, stamps: (created: number, updated = created) => ({ created_at: ago(created), updated_at: ago(updated) }) };
}
