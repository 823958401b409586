import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Shapes, WatchedShape } from '../../src/base/api-shapes.ts';
import { parseShapes } from '../../src/base/api-shapes.ts';
import { differences } from '../../src/features/probe/expectations.ts';
import { platformExpectations } from '../../src/features/probe/expected-platform.ts';
import { protocolExpectations } from '../../src/features/probe/expected-protocol.ts';
import type { ApiResponse } from '../../src/sandbox/index.ts';
import { type Bed, openBed, openLimitedBed } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';
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

const bed = perSuite(openLimitedBed);

const NONE = '7ZZZZZZZZZZZZZZZZZZZZZZZZZ';
const noRoute = refused(404, 'The route api/v1/none could not be found.');

/** What differs, and the rows of the report: nothing else may be there. */
const variants: readonly (readonly [what: string, variant: Variant, rows: readonly string[]])[] = [
  // Fields.
  ['no address of a server', objects(SERVERS, without('ip_address')), ['breaks server.ip_address']],
  ['no region of a server', objects(SERVERS, without('region')), ['copes server.region']],
  ['a site with another name for its domain', objects(SITES, renamed('domain', 'hostname')), ['breaks site.domain', 'copes field.unknown']],
  ['a name of another kind', objects(SITES, renamed('domain', 'name')), ['breaks site.domain', 'copes field.unknown']],
  ['no status of a site', objects(SITES, without('status')), ['breaks site.status']],
  ['a deployment status', objects(SITES, renamed('status', 'deployment_status')), ['copes site.status']],
  ['no time of the last deployment', objects(SITES, without('last_deployed_at')), ['breaks site.last_deployed_at']],
  [
    'a list of sites that is a summary',
    objects(/\/sites$/, without('branch', 'php_version')),
    ['copes site.branch', 'copes site.php_version'],
  ],
  ['a field in some rows only', objects(/\/sites$/, (row, index) => (index === 0 ? row : without('branch')(row))), ['copes site.branch']],
  ['more fields', objects(SITES, (row) => ({ ...row, uuid: '6ba7b810-9dad-41d1-80b4-00c04fd430c8' })), ['copes field.unknown']],
  ['a state of releases', objects(ofSites('releases'), renamed('status', 'state')), ['copes release.status']],
  ['no mark of the live release', objects(ofSites('releases'), without('active')), ['breaks release.live', 'copes release.active']],
  ['another mark of the live release', objects(ofSites('releases'), renamed('active', 'is_live')), ['copes release.active']],
  ['no port of firewall rules', objects(/\/network-rules$/, without('port')), ['breaks network-rule.port']],
  ['no expiry of certificates', objects(/\/certificates$/, without('expires_at')), ['copes certificate.expires_at']],
  ['no database of backups', objects(/backups$/, without('database_id')), ['breaks backup.database_id']],
  // Types.
  [
    'ids that are numbers',
    objects(
      /\/(queues|crontabs|daemons)$/,
      changed('id', () => 7),
    ),
    ['copes id.format'],
  ],
  [
    'ids that are words',
    objects(
      /\/crontabs$/,
      changed('id', () => 'cron-one'),
    ),
    ['copes id.format'],
  ],
  [
    'rows without an id',
    objects(
      /\/queues$/,
      changed('id', () => null),
    ),
    ['breaks queue.id'],
  ],
  ['a count as text', objects(SERVERS, changed('sites_count', String)), ['copes server.sites_count']],
  ['flags as numbers', objects(SITES, changed('zero_downtime_enabled', Number)), ['copes site.zero_downtime_enabled']],
  [
    'a name that is an object',
    objects(
      SERVERS,
      changed('name', (name) => ({ name })),
    ),
    ['breaks server.name'],
  ],
  // Times.
  [
    'times without a zone',
    objects(
      SITES,
      times((time) => time.replace('T', ' ').replace('Z', '')),
    ),
    ['copes time.format'],
  ],
  [
    'Unix times',
    objects(
      undefined,
      times((time) => Date.parse(time) / 1_000),
    ),
    ['copes time.format'],
  ],
  [
    'times for people',
    objects(
      SERVERS,
      times(() => '16 April 2026, 10:25'),
    ),
    ['breaks time.format'],
  ],
  // Words.
  [
    'another word for a site',
    objects(
      SITES,
      changed('status', () => 'paused'),
    ),
    ['copes site.status.words'],
  ],
  [
    'another word for a server',
    objects(
      SERVERS,
      changed('status', () => 'online'),
    ),
    ['copes server.status.words'],
  ],
  [
    'another word for a certificate',
    objects(
      /\/certificates$/,
      changed('status', () => 'issued'),
    ),
    ['breaks certificate.status.words'],
  ],
  [
    'a word of its own for a backup',
    objects(
      /backups$/,
      changed('status', (word) => (word === 'failed' ? 'zorp' : word)),
    ),
    ['breaks backup.status.words'],
  ],
  [
    'a word of its own for a release',
    objects(
      ofSites('releases'),
      changed('status', () => 'zippy'),
    ),
    ['copes release.status.words'],
  ],
  // Envelopes and pages.
  [
    'lists that are bare arrays',
    bodies(undefined, ({ data, ...body }) => (Array.isArray(data) ? data : { data, ...body })),
    ['breaks list.meta', 'copes list.data'],
  ],
  [
    'lists under their names',
    bodies('/servers/{server}/crontabs', ({ data, ...body }) => ({ crontabs: data, ...body })),
    ['breaks list.data'],
  ],
  ['resources without an envelope', bodies(/^\/user$|\/(servers|sites)\/\w+$/, ({ data }) => data), ['copes detail.data']],
  ['resources under their names', bodies(/\/sites\/\w+$/, ({ data }) => ({ site: data })), ['breaks detail.data']],
  ['links to pages, and no counts', bodies(undefined, ({ meta: _, ...body }) => body), ['copes list.meta']],
  ['no pages at all', bodies(undefined, ({ meta: _, links: __, ...body }) => body), ['breaks list.meta']],
  [
    'small pages',
    bodies(undefined, ({ meta, ...body }) => ({ ...body, ...(meta && { meta: { ...meta, per_page: 15 } }) })),
    ['copes list.per_page'],
  ],
  ['large pages', answering('/servers', largePages), ['copes list.per_page.most']],
  [
    'a login page instead of JSON',
    answering('/user', (answer) => (answer.status === 200 ? { ...answer, body: '<html></html>' } : answer)),
    ['breaks response.json'],
  ],
  [
    'variables by key',
    bodies(ofSites('environment-variables'), () => ({ data: { APP_KEY: 'one', APP_NAME: 'two' } })),
    ['breaks list.data'],
  ],
  // Errors and limits.
  [
    'a redirect to sign in',
    answering('/user', (answer) => (answer.status === 401 ? { status: 302, headers: { Location: '/login' }, body: '' } : answer)),
    ['breaks error.401'],
  ],
  [
    'nothing instead of 404',
    answering(`/servers/${NONE}`, () => ({ status: 200, headers: {}, body: { data: null } })),
    ['breaks error.404'],
  ],
  [
    'an HTML page with 404',
    answering(`/servers/${NONE}`, () => ({ status: 404, headers: {}, body: '<html></html>' })),
    ['copes error.message'],
  ],
  ['an unknown route as 400', answering('/dnx-none', refused(400, 'Bad request.')), ['copes error.404.route']],
  [
    'a rejected value as 400',
    answering('/backups', (answer) => (answer.status === 422 ? { ...answer, status: 400 } : answer)),
    ['copes error.422'],
  ],
  [
    'no fields in a 422',
    answering('/backups', (answer) => (answer.status === 422 ? { ...answer, body: { message: 'No.' } } : answer)),
    ['copes error.422'],
  ],
  [
    'another limit',
    answering(undefined, (answer) => ({ ...answer, headers: { ...answer.headers, 'X-RateLimit-Limit': '120' } })),
    ['copes limit.size'],
  ],
  ['no date', answering(undefined, (answer) => ({ ...answer, headers: { ...answer.headers, Date: 'today' } })), ['copes response.date']],
  ['no headers of the limit', answering(undefined, withoutLimit), ['copes limit.headers']],
  // Operations.
  ['no deployments', answering(/\/deploy$/, noRoute), ['breaks site.deploy']],
  ['a PUT to resume', answering(/\/resume$/, refused(405, 'No.', { Allow: 'PUT' })), ['breaks site.resume']],
  [
    'a backup that can be read',
    answering(`/backups/${NONE}`, refused(404, 'No query results for model [App\\Models\\Backup].')),
    ['copes backup.show'],
  ],
  ['no cron jobs', answering(/\/crontabs$/, noRoute), ['breaks crontab.list']],
  ['no list of database users', answering(/\/users$/, refused(405, 'No.', { Allow: 'POST' })), ['breaks database-user.list']],
  ['no import of a .env', answering(/\/pull$/, noRoute), ['breaks variable.pull']],
  ['no deploy keys', answering(/\/setup-deploy-key$/, noRoute), ['breaks git-repository.setup-deploy-key']],
  // What the rows say together.
  [
    'rows that were deleted',
    objects(/\/sites$/, (row, index) => ({ ...row, deleted_at: index === 0 ? '2026-01-01T00:00:00Z' : null })),
    ['breaks list.deleted', 'copes field.unknown'],
  ],
  [
    'masked variables',
    objects(
      ofSites('environment-variables'),
      changed('value', () => '••••••••'),
    ),
    ['breaks variable.value.shown'],
  ],
  [
    'releases that come oldest first',
    bodies(ofSites('releases'), ({ data, ...body }) => ({ ...body, data: (data as Row[]).toReversed() })),
    ['copes release.order'],
  ],
  [
    'a filter that is ignored',
    bodies('/backups', ({ data, ...body }) => ({
      ...body,
      data: (data as Row[]).map((row, index) => (index === 0 ? { ...row, status: 'failed' } : row)),
    })),
    ['breaks backup.filter'],
  ],
  [
    'an ability that dnx does not know',
    objects(
      '/tokens',
      changed('abilities', () => ['site:teleport']),
    ),
    ['copes token.abilities.known'],
  ],
  ['a list of servers that is a summary', objects('/servers', without('webserver')), ['copes server.webserver']],
];

function withoutLimit({ headers, ...answer }: ApiResponse): ApiResponse {
  return { ...answer, headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('X-RateLimit'))) };
}

/** Accepts any page size. */
function largePages(answer: ApiResponse): ApiResponse {
  const meta = { current_page: 1, last_page: 1, per_page: 101, total: 0, from: null, to: null };
  return answer.status === 422 ? { ...answer, status: 200, body: { data: [], meta } } : answer;
}

/** The rows that say that something differs. */
async function differing(): Promise<readonly string[]> {
  const run = await bed.dnx('doctor --api --json', { lies: true });
  const rows = run.json<{ readonly id: string; readonly verdict: string }[]>();
  return rows.flatMap(({ id, verdict }) => (verdict === 'unseen' ? [] : [`${verdict} ${id}`]));
}

test('nothing differs from the sandbox', async () => {
  expect(await differing()).toEqual([]);
});

test.each(sampled(variants, 12, 2))('names %s, and nothing else', async (_, variant, rows) => {
  const stop = variant(bed);
  try {
    expect((await differing()).toSorted()).toEqual(rows.toSorted());
  } finally {
    stop();
  }
});

/** Other valid forms, which dnx reads as well. */
const equal: readonly (readonly [what: string, variant: Variant])[] = [
  [
    'times with microseconds',
    objects(
      undefined,
      times((time) => time.replace('Z', '.123456Z')),
    ),
  ],
  [
    'times with an offset',
    objects(
      undefined,
      times((time) => time.replace('Z', '+00:00')),
    ),
  ],
  [
    'ids that are UUIDs',
    objects(
      /\/crontabs$/,
      changed('id', () => '6ba7b810-9dad-41d1-80b4-00c04fd430c8'),
    ),
  ],
  [
    'statuses in capitals',
    objects(
      SITES,
      changed('status', (word: string) => word.toUpperCase()),
    ),
  ],
  [
    'null where nothing is known',
    objects(
      SITES,
      changed('branch', () => null),
    ),
  ],
  ['counts beside the rows', bodies(undefined, ({ meta, links: _, ...body }) => ({ ...body, ...meta }))],
  [
    'pages with more links',
    bodies(undefined, ({ meta, ...body }) => ({ ...body, ...(meta && { meta: { ...meta, path: '/servers', links: [] } }) })),
  ],
];

test.each(equal)('takes %s as they are', async (_, variant) => {
  const stop = variant(bed);
  try {
    expect(await differing()).toEqual([]);
  } finally {
    stop();
  }
});

/** What of a recorded file is the same when it is recorded again. */
function recordedIn({ directory }: Bed): Pick<Shapes, 'answers' | 'facts'> {
  const { answers, facts } = parseShapes(readFileSync(join(directory, 'shapes.json'), 'utf8'), 'shapes.json');
  return { answers, facts };
}

// A filter that lets one other row through is none of the forms of a sandbox.
const repeatable = [...variants, ...equal].flatMap(([what, variant]) =>
  what === 'a filter that is ignored' ? [] : [[what, variant] as const],
);

test.each(sampled(repeatable, 4, 1))('a sandbox in the shapes of %s has these shapes', async (_, variant) => {
  const stop = variant(bed);
  const record = 'doctor --api --out shapes.json';
  const first = await bed.dnx(record, { lies: true }).finally(stop);
  const { answers, facts } = recordedIn(bed);
  const user = answers['GET /user'];
  const limit = user && 'headers' in user ? user.headers['x-ratelimit-limit'] : undefined;
  const other = await openBed({ shapes: { version: 1, dnx: '', month: '', host: 'other', answers, facts }, rateLimit: Number(limit ?? 0) });
  const again = await other.dnx(record, { lies: true, env: { DNX_RATE_LIMIT: 'off' } });
  const seen = recordedIn(other);
  await other.close();
  expect([again.code, seen]).toEqual([first.code, { answers, facts }]);
});

/** A deployment as the sandbox makes it. */
const deployment: WatchedShape = {
  words: ['active', 'deploying', 'active'],
  busy_after_s: 2,
  settled_after_s: 20,
  moves: { last_deployed_at: 'end', updated_at: 'start', release: 'start', live: 'end' },
  releases: 'one',
  webhooks: 'none',
  ended: 'good',
};

/** What a deployment may show instead. */
const deployments: readonly (readonly [what: string, shown: Partial<WatchedShape>, rows: readonly string[]])[] = [
  ['what the sandbox shows', {}, []],
  ['a failure', { words: ['active', 'deploying', 'failed'], ended: 'bad', moves: { ...deployment.moves, last_deployed_at: 'never' } }, []],
  ['another word at rest', { words: ['online', 'deploying', 'online'] }, []],
  ['a late status', { busy_after_s: 120 }, ['copes deploy.begins']],
  ['no status of work in progress', { words: ['active'], busy_after_s: null }, ['copes deploy.busy']],
  ['another word for work in progress', { words: ['active', 'cloning', 'active'] }, ['copes deploy.words']],
  ['an early time', { moves: { ...deployment.moves, last_deployed_at: 'start' } }, ['copes deploy.moves']],
  ['no time', { moves: { ...deployment.moves, last_deployed_at: 'never' } }, ['copes deploy.moves']],
  ['no result', { ended: 'unclear' }, ['breaks deploy.ends']],
  ['two releases', { releases: 'some' }, ['copes deploy.releases']],
  ['a record of a webhook', { webhooks: 'one' }, ['copes deploy.webhooks']],
  ['a deployment that was not watched to its end', { settled_after_s: null, busy_after_s: null, ended: 'unclear' }, []],
];

test.each(deployments)('a watched deployment: %s', (_, shown, rows) => {
  const shapes: Shapes = { version: 1, dnx: '', month: '', host: 'other', answers: {}, facts: {}, watched: [{ ...deployment, ...shown }] };
  const found = differences(shapes, platformExpectations).flatMap(({ expectation: { id }, found }) =>
    found === 'unseen' ? [] : [`${found.level} ${id}`],
  );
  expect(found).toEqual(rows);
});

test('every expectation that is written by hand has a variant', () => {
  const named = [...variants, ...deployments].flatMap(([, , rows]) => rows.map((row) => row.split(' ')[1]));
  const written = [...protocolExpectations, ...platformExpectations].map(({ id }) => id);
  expect(written.filter((id) => !named.includes(id))).toEqual([]);
});
