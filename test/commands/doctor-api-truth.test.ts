import { expect, test } from 'vitest';
import type { ApiResponse } from '../../src/sandbox/index.ts';
import { type Bed, openLimitedBed } from '../support/dnx.ts';
import {
  answering,
  bodies,
  changed,
  objects,
  ofSites,
  type Row,
  refused,
  renamed,
  SERVERS,
  SITES,
  times,
  type Variant,
  without,
} from '../support/variants.ts';
import { sampled } from '../support/volume.ts';

// What doctor --api says of a platform is what its commands do there.

const SHOP = 'shop.example.com';
const CERTIFICATES = /\/certificates(\/\w+)?$/;
const certify = 'certificate create api.example.com --site api.example.com --server web-2 --timeout 60';
const shown = (word: string, text: string): RegExp => new RegExp(`${word}.*${text}`);

interface Platform {
  readonly what: string;
  readonly variant: Variant;
  /** What the report says: all that differs, and what the first difference means. */
  readonly rows: readonly string[];
  readonly means?: string;
  /** What a command does. */
  readonly line: string;
  readonly exit: number;
  readonly prints?: RegExp;
  readonly omits?: RegExp;
}

/** Every list in pages that only a cursor leads to. */
const byCursor = (answer: ApiResponse): ApiResponse => {
  if (answer.status !== 200) return answer;
  const [first] = (answer.body as { readonly data: readonly Row[] }).data;
  const meta = { path: '/servers', per_page: 1, next_cursor: 'eyJpZCI6MX0', prev_cursor: null };
  return { ...answer, body: { data: [first], meta, links: { next: '/servers?cursor=eyJpZCI6MX0' } } };
};

const platforms: readonly Platform[] = [
  ...[0, '0', 'no'].map((off) => ({
    what: `releases that are off by ${JSON.stringify(off)}`,
    variant: objects(
      SITES,
      changed('zero_downtime_enabled', () => off),
    ),
    rows: ['copes site.zero_downtime_enabled'],
    means: "dnx knows 1, 'true' and 'yes', and 0, 'false' and 'no', and takes others for unknown.",
    line: `site rollback ${SHOP} --yes`,
    exit: 6,
    prints: /does not keep releases/,
  })),
  {
    what: 'a live release that is marked with yes',
    variant: objects(
      ofSites('releases'),
      changed('active', (active) => (active ? 'yes' : 'no')),
    ),
    rows: ['copes release.active'],
    line: `site rollback ${SHOP} --yes`,
    exit: 0,
    prints: /Rolled back/,
  },
  {
    what: 'statuses of certificates that are objects',
    variant: objects(
      CERTIFICATES,
      changed('status', (value) => ({ value, label: value })),
    ),
    rows: ['breaks certificate.status.words'],
    line: certify,
    exit: 124,
  },
  {
    what: 'statuses of backups that are numbers',
    variant: objects(
      /backups$/,
      changed('status', (word) => (word === 'completed' ? 1 : 2)),
    ),
    rows: ['breaks backup.status.words'],
    line: 'backup create --database blog --server web-1 --timeout 60',
    exit: 124,
  },
  {
    what: 'certificates without a status',
    variant: objects(CERTIFICATES, without('status')),
    rows: ['breaks certificate.status'],
    means:
      'dnx certificate create cannot tell that a certificate was issued, and waits until --timeout. dnx audit does not see that one expires.',
    line: 'audit',
    exit: 0,
    omits: /Certificate expires/,
  },
  {
    what: 'pages by cursor',
    variant: answering('/servers', byCursor),
    rows: ['breaks list.meta', 'copes list.per_page'],
    means: 'dnx counts pages, so a list that has several fails, or ends after the first.',
    line: 'server list',
    exit: 1,
    prints: /cannot be read completely/,
  },
  {
    what: 'rows that were deleted',
    variant: bodies(/\/sites$/, ({ data, meta, ...body }) => {
      const rows = (data as Row[]).flatMap((row) => [
        row,
        { ...row, id: `${String(row.id).slice(0, -1)}Z`, deleted_at: '2026-01-01T00:00:00Z' },
      ]);
      return { ...body, data: rows, meta: { ...meta, total: rows.length } };
    }),
    rows: ['breaks list.deleted', 'copes field.unknown'],
    line: `site show ${SHOP}`,
    exit: 6,
    prints: /matches 2 sites/,
  },
  {
    what: 'data in data',
    variant: answering('/servers', (answer) => (answer.status === 200 ? { ...answer, body: { data: answer.body } } : answer)),
    rows: ['breaks list.data'],
    means: 'Every command that reads this list fails.',
    line: 'server list',
    exit: 1,
  },
  {
    what: 'attributes as JSON:API has them',
    variant: objects(/\/redirects$/, ({ id, ...attributes }) => ({ type: 'redirects', id, attributes })),
    rows: ['breaks redirect.from', 'copes field.unknown', 'copes redirect.to'],
    line: `redirect list ${SHOP} -o json`,
    exit: 0,
    prints: /attributes/,
  },
  {
    what: 'a success that is none',
    variant: answering(/\/crontabs$/, (answer) => ({ ...answer, body: { success: false, message: 'No.' } })),
    rows: ['breaks list.data'],
    line: 'crontab list --server web-1',
    exit: 1,
    prints: /the message “No\.” instead of a list/,
  },
  {
    what: 'no content for an empty list',
    variant: answering(/\/crontabs$/, (answer) => ({ ...answer, status: 204, body: '' })),
    rows: ['breaks crontab.list'],
    line: 'crontab list --server web-1',
    exit: 1,
  },
  {
    what: 'Unix times as text',
    variant: objects(
      undefined,
      times((time) => String(Date.parse(time) / 1_000)),
    ),
    rows: ['copes time.format'],
    means: 'dnx takes those of 9 to 13 digits for Unix times, and no others.',
    line: 'audit',
    exit: 0,
    prints: /Certificate expires in 4d/,
  },
  {
    what: 'Unix times in tables',
    variant: objects(
      undefined,
      times((time) => Date.parse(time) / 1_000),
    ),
    rows: ['copes time.format'],
    means: 'dnx takes them for Unix times. -o json prints them as they are.',
    line: `site releases ${SHOP}`,
    exit: 0,
    prints: /2026-04-16T07:12:00Z/,
  },
  {
    what: 'times as objects',
    variant: objects(
      undefined,
      times((date) => ({ date, timezone: 'UTC' })),
    ),
    rows: ['breaks time.format'],
    line: 'audit',
    exit: 0,
    omits: /Certificate expires/,
  },
  {
    what: 'days instead of times',
    variant: objects(
      undefined,
      times((time) => time.slice(0, 10)),
    ),
    rows: ['copes time.format'],
    means: 'dnx takes midnight in UTC for the time, so that it cannot tell the order of what happened on one day.',
    line: `site releases ${SHOP}`,
    exit: 0,
    prints: /2026-04-16T00:00:00Z/,
  },
  {
    what: '403 for what does not exist',
    variant: answering(/^\/servers\/7ZZZ\w+$|N0NE1$/, refused(403, 'This action is unauthorized.')),
    rows: ['breaks error.404'],
    means: 'dnx cannot tell that something is gone: it ends with another error and exit code, or shows nothing.',
    line: 'server show 01JQ8Z4T9G00000000000N0NE1',
    exit: 5,
  },
  {
    what: 'a plan without backups',
    variant: answering(/backups$/, refused(402, 'Upgrade your plan.')),
    rows: [],
    line: 'backup list',
    exit: 1,
    prints: /Upgrade your plan/,
  },
  {
    what: 'maintenance',
    variant: answering(undefined, refused(503, 'Service Unavailable')),
    rows: [],
    line: 'server list',
    exit: 1,
    prints: /Service Unavailable/,
  },
  {
    what: 'ports with other names',
    variant: objects(/\/network-rules$/, ({ port, ...row }) => ({ ...row, from_port: port, to_port: port })),
    rows: ['breaks network-rule.port', 'copes field.unknown'],
    means: 'dnx audit finds no open ports, and dnx network-rule ensure refuses, because it cannot tell what exists.',
    line: 'network-rule ensure 80 --server web-1',
    exit: 1,
    prints: /does not show the port/,
  },
  {
    what: 'rules without a source',
    variant: objects(/\/network-rules$/, without('source')),
    rows: ['breaks network-rule.source'],
    means:
      'dnx audit does not find ports that are open to the world, and dnx network-rule ensure takes a rule for the same, whatever its source.',
    line: 'network-rule ensure 80 --source 10.9.9.9 --server web-1',
    exit: 0,
    prints: /Firewall rule HTTP already exists/,
  },
  {
    what: 'backups that say of nothing what they are of',
    variant: objects(/backups$/, (row) => ({ ...row, database_id: null, site_id: null })),
    rows: [],
    line: 'backup list',
    exit: 0,
    prints: /BK06/,
  },
  {
    what: 'a short deployment without a time',
    variant: (bed) => {
      objects(SITES, (row) => ({ ...without('last_deployed_at')(row), status: 'active' }))(bed);
      return answering(ofSites('releases'), refused(403, 'This action is unauthorized.'))(bed);
    },
    rows: ['breaks site.last_deployed_at'],
    means: 'dnx deploy ends as unknown after a short deployment where no status and no release shows it.',
    line: `deploy ${SHOP}`,
    exit: 1,
    prints: /is unknown/,
  },
  {
    what: 'variables by name',
    variant: objects(ofSites('environment-variables'), renamed('key', 'name')),
    rows: ['breaks variable.key', 'copes field.unknown'],
    means: 'dnx env pull writes no variables, dnx env diff finds no differences, and dnx env set cannot change a variable.',
    line: `env set ${SHOP} APP_NAME=Shop`,
    exit: 7,
  },
  {
    what: 'masked variables',
    variant: objects(
      ofSites('environment-variables'),
      changed('value', () => '••••••••'),
    ),
    rows: ['breaks variable.value.shown'],
    means: 'dnx env pull leaves out what is hidden, and dnx env copy refuses.',
    line: `env pull ${SHOP} -`,
    exit: 0,
    prints: /Left out, because Deploynix hides them: APP_NAME/,
  },
  {
    what: 'abilities that are objects',
    variant: objects(
      '/tokens',
      changed('abilities', (all: string[]) => all.map((name) => ({ name }))),
    ),
    rows: ['copes token.abilities.known'],
    means: '--for never suggests it, and dnx audit cannot tell what a token with it may do.',
    line: 'audit',
    exit: 0,
    omits: /has every ability/,
  },
  {
    what: 'workers without a status',
    variant: objects(/\/queues$/, without('status')),
    rows: ['copes queue.status'],
    means: 'dnx audit does not find a queue worker that is stopped.',
    line: 'audit',
    exit: 0,
    omits: /Queue worker/,
  },
  {
    what: 'a list of servers without addresses',
    variant: objects('/servers', without('ip_address')),
    rows: ['copes server.ip_address'],
    means: 'Commands that read only these take it for unknown.',
    line: 'server show web-1',
    exit: 0,
    prints: shown('IP', '203\\.0\\.113\\.10'),
  },
  {
    what: 'backups of something',
    variant: objects(/backups$/, ({ database_id: database, site_id: site, ...row }) => ({ ...row, resource_id: database ?? site })),
    rows: ['breaks backup.database_id', 'copes backup.site_id', 'copes field.unknown'],
    means: 'dnx audit reports every database as never backed up, and dnx backup restore cannot say what it would overwrite.',
    line: 'backup restore 01JQ8Z4T9G000000000000BK06 --dry-run',
    exit: 0,
    prints: /does not say which database or site/,
  },
  {
    what: 'a server in a site',
    variant: objects(SITES, ({ server_id: id, ...row }) => ({ ...row, server: { id } })),
    rows: ['copes field.unknown', 'copes site.server_id'],
    line: 'site list',
    exit: 0,
    prints: shown(SHOP, 'web-1'),
  },
  {
    what: 'sizes in words',
    variant: objects(/\/sizes$/, (row) => ({ ...row, memory: '4 GB', vcpus: '2 vCPU' })),
    rows: [],
    line: 'provider sizes hetzner',
    exit: 0,
  },
  {
    what: 'another word for a site at rest',
    variant: objects(
      SITES,
      changed('status', (word) => (word === 'active' ? 'online' : word)),
    ),
    rows: ['copes site.status.words'],
    line: 'site create new.example.com --server web-1 --type laravel',
    exit: 0,
    prints: /Created site new\.example\.com in/,
  },
  {
    what: 'a word for a site that only one other has',
    variant: objects(SITES, (row) =>
      row.domain === 'shop.example.com' || row.domain === 'new.example.com' ? { ...row, status: 'cloning' } : row,
    ),
    rows: ['copes site.status.words'],
    line: 'site create new.example.com --server web-1 --type laravel --timeout 60',
    exit: 124,
  },
  {
    what: 'a word for all sites that changed just now',
    variant: objects(SITES, (row) => ({ ...row, status: 'cloning', updated_at: '2026-04-16T11:30:00Z' })),
    rows: ['copes site.status.words'],
    line: 'site create new.example.com --server web-1 --type laravel --timeout 60',
    exit: 124,
  },
  {
    what: 'another word for a server at rest',
    variant: objects(
      SERVERS,
      changed('status', (word) => (word === 'active' ? 'online' : word)),
    ),
    rows: ['copes server.status.words'],
    means: "dnx server create takes an unknown word for work in progress, and waits for 'provisioned_at' or until --timeout.",
    line: 'server provision web-1 --yes --timeout 120',
    exit: 0,
    prints: /Provisioned server web-1/,
  },
];

async function withVariant(variant: Variant, use: (bed: Bed) => Promise<void>): Promise<void> {
  const bed = await openLimitedBed();
  try {
    variant(bed);
    await use(bed);
  } finally {
    await bed.close();
  }
}

test.each(sampled(platforms, 8, 1).map((platform) => [platform.what, platform] as const))(
  '%s: the report says what the command does',
  (_, platform) =>
    withVariant(platform.variant, async (bed) => {
      const report = await bed.dnx('doctor --api --json', { lies: true });
      const rows = report.json<{ readonly id: string; readonly verdict: string; readonly means: string }[]>();
      const differing = rows.filter(({ verdict }) => verdict !== 'unseen');
      expect(differing.map(({ id, verdict }) => `${verdict} ${id}`).toSorted()).toEqual(platform.rows.toSorted());
      const [first] = platform.rows;
      if (platform.means !== undefined) expect(differing.find(({ id }) => first?.endsWith(` ${id}`))?.means).toBe(platform.means);
      const run = await bed.dnx(platform.line, { lies: true });
      expect(run).toExit(platform.exit);
      const text = run.stdout + run.stderr;
      if (platform.prints) expect(text).toMatch(platform.prints);
      if (platform.omits) expect(text).not.toMatch(platform.omits);
    }),
);
