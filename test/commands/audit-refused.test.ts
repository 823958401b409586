import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AuditFinding } from '../../src/features/audit/finding.ts';
import { ruleIds, serverRules } from '../../src/features/audit/rules.ts';
import { one, plants } from '../support/audited.ts';
import { openCleanBed } from '../support/clean.ts';
import { perTest } from '../support/fixtures.ts';
import { junitIn } from '../support/junit.ts';
import { sarifIn } from '../support/sarif.ts';
import { sampled, seedOf, volume } from '../support/volume.ts';

const bed = perTest(openCleanBed);

const certificateRules = ['certificate-missing', 'certificate-expiring'];

/** The lists that an audit reads, and the rules that cannot be checked without them. */
const lists: readonly (readonly [path: string, rules: readonly string[]])[] = [
  [
    '/servers/{server}/sites',
    [
      ...[
        'certificate-missing',
        'certificate-expiring',
        'php-end-of-life',
        'deployment-failed',
        'queue-worker-stopped',
        'zero-downtime-off',
      ],
      ...['preview-overdue', 'preview-unmarked'],
    ],
  ],
  ['/servers/{server}/sites/{site}/certificates', certificateRules],
  ['/servers/{server}/sites/{site}/queues', ['queue-worker-stopped']],
  ['/servers/{server}/certificates', ['certificate-expiring']],
  ['/servers/{server}/databases', ['database-backup-missing']],
  ['/servers/{server}/daemons', ['daemon-stopped']],
  ['/servers/{server}/network-rules', ['database-port-open']],
  ['/servers/{server}/ssh-keys', ['ssh-key-differs']],
  ['/backups', ['database-backup-missing']],
  ['/tokens', ['token-all-abilities']],
];

const ordered = (rules: readonly string[]) => ruleIds.filter((each) => rules.includes(each));
const reply = { status: 403, body: { message: 'Invalid ability provided.' } };

test.each(lists)('a 403 for %s is named as not checked', async (path, rules) => {
  bed.sandbox.faults.always({ method: 'GET', path }, reply);
  const run = await bed.dnx('audit --json');
  const found = run.json<AuditFinding[]>();
  expect(run).toExit(12);
  expect(JSON.parse(run.stderr).error.message).toMatch(/^\d checks? could not be made, so findings may be missing\.$/);
  expect(found.map(({ rule }) => rule)).toEqual(ordered(rules));
  for (const { severity, message } of found) {
    expect(severity).toBe('not_checked');
    expect(message).toMatch(/^Not checked( on [^:]+)?: .*(“Invalid ability provided”|Token is missing the ability|probably lacks)/);
  }
});

test.each(sampled(lists, 1, 39))('a 403 for %s is named in every format, and does not pass --fail-on', async (path, rules) => {
  bed.sandbox.faults.always({ method: 'GET', path }, reply);
  const table = await bed.dnx('audit');
  expect(table).toExit(12, { stderr: expect.stringMatching(/^Error: \d checks? could not be made/) });
  expect(table.stdout).toContain('Not checked\n');
  expect(table.stdout).toContain(rules[0]);
  expect(table.stdout).not.toContain('✓');
  expect(table.stdout).toContain('No findings on 3 servers and ');
  expect(table.stdout).toContain('but not everything could be checked');
  const sarif = sarifIn((await bed.dnx('audit -o sarif')).stdout).runs[0];
  expect(sarif.results).toEqual([]);
  expect(sarif.invocations[0].toolExecutionNotifications.map(({ associatedRule }) => associatedRule.id)).toEqual(ordered(rules));
  const cases = await junitIn((await bed.dnx('audit -o junit')).stdout);
  expect(
    cases
      .filter(({ outcome }) => outcome === 'skipped')
      .map(({ rule }) => rule)
      .sort(),
  ).toEqual([...rules].sort());
  expect(cases.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  const markdown = (await bed.dnx('audit -o markdown')).stdout;
  expect(markdown).toContain('### Not checked');
  for (const rule of rules) expect(markdown).toContain(`- <code>${rule}</code> Not checked`);
  await expect(bed.dnx('audit --fail-on high')).toExit(12);
  await expect(bed.dnx('audit --fail-on none')).toExit(0, { stderr: expect.stringMatching(/^! \d checks? could not be made/) });
});

test('a list that the token cannot read is asked for once, not for every server', async () => {
  for (const [path] of lists) bed.sandbox.faults.always({ method: 'GET', path }, reply);
  const run = await bed.dnx('audit --json');
  const counts = new Map<string, number>();
  for (const call of run.calls) {
    const kind = call.replaceAll(/01J\w+/g, '#');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  expect(Math.max(...counts.values())).toBe(1);
  expect(run.json<AuditFinding[]>().map(({ rule }) => rule)).toEqual([...serverRules, 'token-all-abilities']);
});

test('a list that is refused on one server is read on the others', async () => {
  const [web1, , db1] = bed.sandbox.state.servers;
  plants['PostgreSQL open']?.plant(bed.sandbox.state, bed.clock.now());
  bed.sandbox.faults.always({ path: `/servers/${db1?.id}/network-rules` }, reply);
  const last = (await bed.dnx('audit --json')).json<AuditFinding[]>();
  expect(last.map(({ severity, server }) => [severity, server])).toEqual([['not_checked', 'db-1']]);
  bed.sandbox.faults.clear();
  bed.sandbox.faults.always(
    { path: `/servers/${web1?.id}/network-rules` },
    { status: 403, body: { message: 'This action is unauthorized.' } },
  );
  const first = (await bed.dnx('audit --json')).json<AuditFinding[]>();
  expect(first.map(({ severity, server }) => [severity, server])).toEqual([
    ['high', 'db-1'],
    ['not_checked', 'web-1'],
  ]);
});

test('without the certificates of a server, a site without its own is not reported, because they may cover it', async () => {
  plants['a certificate that was never issued']?.plant(bed.sandbox.state, bed.clock.now());
  bed.sandbox.faults.always({ path: '/servers/{server}/certificates' }, reply);
  const found = (await bed.dnx('audit --json')).json<AuditFinding[]>();
  expect(found.filter(({ severity }) => severity !== 'not_checked')).toEqual([]);
  expect(found.filter(({ rule }) => rule === 'certificate-missing').map(({ site }) => site)).toEqual(['api.example.com']);
});

describe('other failures', () => {
  test('a 403 for the servers fails the audit', async () => {
    bed.sandbox.faults.always({ path: '/servers' }, reply);
    await expect(bed.dnx('audit -o sarif')).toExit(5, { stdout: '' });
  });

  test('a 500 for one list is not checked, and a lost network ends the audit', async () => {
    bed.sandbox.faults.always({ path: '/backups' }, { status: 500 });
    const found = (await bed.dnx('audit --json')).json<AuditFinding[]>();
    expect(found.map(({ severity, rule }) => [severity, rule])).toEqual([['not_checked', 'database-backup-missing']]);
    bed.sandbox.faults.clear();
    bed.sandbox.faults.always({ path: '/servers/{server}/daemons' }, 'drop');
    await expect(bed.dnx('audit -o junit')).toExit(13, { stdout: '' });
  });

  test('a revoked token ends it', async () => {
    bed.sandbox.faults.always({ path: '/servers/{server}/ssh-keys' }, { status: 401 });
    await expect(bed.dnx('audit')).toExit(4);
  });
});

/** Values that an API may send instead of the usual ones. None of them is a fault. */
const odd = fc.constantFrom<unknown>(
  null,
  undefined,
  '',
  'unknown',
  'weird status',
  0,
  -1,
  1e300,
  true,
  [],
  {},
  [null],
  { a: 1 },
  '2026-99-99',
  '\ud800',
  'é',
);

test('null, missing and unknown values are never findings, and never break an audit', async () => {
  const { state, faults } = bed.sandbox;
  // A suspended site has no certificate, which is a fault once its status says something else.
  state.sites = state.sites.filter(({ status }) => status !== 'suspended');
  const keep = new Set([
    'id',
    'name',
    'domain',
    'server_id',
    'site_id',
    'database_id',
    'command',
    'queue',
    'public_key',
    'fingerprint',
    'port',
  ]);
  // These mean something: everyone, and no.
  const plain: Readonly<Record<string, readonly unknown[]>> = { source: [null, ''], zero_downtime_enabled: [0] };
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(odd), async (values) => {
      faults.clear();
      faults.always({ method: 'GET', path: /^\// }, (response) => {
        const { data } = response.body as { data?: unknown };
        const spoiled = (each: Record<string, unknown>) =>
          Object.fromEntries(
            Object.entries(each).map(([key, value]) => {
              const next = values.next().value;
              const harmless = keep.has(key) || plain[key]?.includes(next);
              return [key, harmless ? value : next];
            }),
          );
        return { ...response, body: { ...(response.body as object), data: Array.isArray(data) ? data.map(spoiled) : data } };
      });
      const run = await bed.dnx('audit --json --fail-on none');
      expect([run.code, run.stderr.includes('bug')], run.stderr).toEqual([0, false]);
      const found = run
        .json<AuditFinding[]>()
        .filter(({ severity, rule }) => severity !== 'not_checked' && rule !== 'database-backup-missing');
      expect(found).toEqual([]);
    }),
    { numRuns: volume(15, 5), seed: seedOf(13) },
  );
}, 60_000);

test('values in other spellings are understood', async () => {
  const { state } = bed.sandbox;
  const names = [
    'zero-downtime off',
    'a stopped worker',
    'a stopped daemon',
    'PHP past its end on a site',
    'a failed deployment',
    'PostgreSQL open',
  ];
  for (const name of names) plants[name]?.plant(state, bed.clock.now());
  Object.assign(one(state.sites), { zero_downtime_enabled: '0', php_version: 'php81', status: 'Deployment-Failed' });
  Object.assign(
    one(state.queues, ({ status }) => status === 'stopped'),
    { status: 'Stopped' },
  );
  for (const rule of state.network_rules.filter(({ port }) => port === 5432)) Object.assign(rule, { action: 'ALLOW', protocol: 'TCP' });
  for (const each of state.certificates) each.status = each.status.toUpperCase();
  for (const each of state.backups) Object.assign(each, { status: 'COMPLETED', completed_at: Date.parse(each.completed_at ?? '') / 1000 });
  const found = (await bed.dnx('audit --json')).json<AuditFinding[]>();
  expect(found.map(({ rule }) => rule).sort()).toEqual(names.map((name) => plants[name]?.rule).sort());
});

test.each([
  [{}, 'a server without a usable id'],
  [{ name: 'web-9' }, 'a server web-9 without a usable id'],
])('a server that has no id is named as far as it can be: %j', async (server, named) => {
  bed.sandbox.faults.always({ method: 'GET', path: '/servers' }, { status: 200, body: { data: [server] } });
  const { code, stdout } = await bed.dnx('audit');
  expect([code, stdout.includes(`Deploynix lists ${named}.`)], stdout).toEqual([12, true]);
});
