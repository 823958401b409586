import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import type { AuditFinding } from '../../src/features/audit/finding.ts';
import { ruleIds, sshRules } from '../../src/features/audit/rules.ts';
import { DAY, type Expected, plants } from '../support/audited.ts';
import { openCleanBed } from '../support/clean.ts';
import { split } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';
import { sampled, seedOf, volume } from '../support/volume.ts';

const bed = perSuite(openCleanBed);
beforeEach(() => bed.reset());

async function audit(line = ''): Promise<readonly AuditFinding[]> {
  const run = await bed.dnx(`audit --json ${line}`);
  expect(run).toExit(0, { stderr: '' });
  return run.json<AuditFinding[]>();
}

/** Plants faults in the clean sandbox, and returns what the audit should find. */
function plant(names: readonly string[]): readonly Expected[] {
  return names.map((name) => {
    const { plant: put, ...expected } = plants[name] as (typeof plants)[string];
    put(bed.sandbox.state, bed.clock.now());
    return expected;
  });
}

const brief = ({ rule, severity, server, site }: AuditFinding | Expected) => ({ rule, severity, server, site });
const sorted = (all: readonly (AuditFinding | Expected)[]) => all.map((each) => JSON.stringify(brief(each))).sort();

test('a clean organization has no findings', async () => {
  expect(await audit()).toEqual([]);
  await expect(bed.dnx('audit')).toExit(0, { stdout: '✓ No findings on 3 servers and 6 sites.\n', stderr: '' });
});

test('every rule has a plant, but those that need a connection or a clone', () => {
  const planted = Object.values(plants).map(({ rule }) => rule);
  expect([...new Set([...planted, ...sshRules, 'preview-orphaned'])].sort()).toEqual([...ruleIds].sort());
});

test.each(sampled(Object.keys(plants), 5, 21))('finds %s, once, and nothing else', async (name) => {
  const [expected] = plant([name]);
  const found = await audit();
  expect(found.map(brief)).toEqual([expected]);
});

test('finds everything at once, and each fix is a command of dnx', async () => {
  const expected = plant(Object.keys(plants));
  const found = await audit();
  expect(sorted(found)).toEqual(sorted(expected));
  expect(new Set(found.map(({ fingerprint }) => fingerprint)).size).toBe(found.length);
  for (const { fix } of found) {
    const [program, ...words] = split(fix?.command ?? '');
    const { error, line } = await parse(words, tree);
    expect([program, error, line?.command.name !== undefined], fix?.command).toEqual(['dnx', undefined, true]);
  }
});

test('finds exactly what is planted, in any combination and order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(Object.keys(plants)), async (names) => {
      bed.reset();
      const expected = plant(names);
      expect(sorted(await audit())).toEqual(sorted(expected));
    }),
    { numRuns: volume(15, 4), seed: seedOf(13) },
  );
});

test('audits one server with --server, without what concerns all of them', async () => {
  const all = plant(Object.keys(plants));
  const found = await audit('--server web-2');
  expect(sorted(found)).toEqual(sorted(all.filter(({ server }) => server === 'web-2')));
  const run = await bed.dnx('audit --server web-2');
  expect(run.calls.filter((call) => /ssh-keys|tokens/.test(call))).toEqual([]);
  expect(run.stdout).toContain(' on 1 server and 5 sites: ');
});

test.each([
  ['PostgreSQL open', 'high', 10, '1 finding of severity high.'],
  ['PostgreSQL open', 'low', 10, '1 finding of severity low or higher.'],
  ['a stopped worker', 'high', 0, ''],
  ['a stopped worker', 'medium', 10, '1 finding of severity medium or higher.'],
  ['zero-downtime off', 'medium', 0, ''],
  ['zero-downtime off', 'low', 10, '1 finding of severity low or higher.'],
  ['PostgreSQL open', 'none', 0, ''],
])('with %s, --fail-on %s exits %i', async (name, level, code, words) => {
  plant([name]);
  await expect(bed.dnx(`audit --fail-on ${level}`)).toExit(code, { stderr: words === '' ? '' : `Error: ${words}\n` });
});

test.each(['table', 'json', 'csv', 'sarif', 'junit', 'markdown'])('-o %s prints what was found, although it exits 10', async (format) => {
  plant(['PostgreSQL open']);
  const run = await bed.dnx(`audit --fail-on high -o ${format}`);
  expect(run).toExit(10, { says: '1 finding of severity high.' });
  expect(run.stdout).toContain(['table', 'markdown'].includes(format) ? 'dnx network-rule delete' : 'database-port-open');
});

test('takes the days of a backup from --backup-days', async () => {
  const backup = bed.sandbox.state.backups[0];
  if (backup) backup.completed_at = backup.created_at = new Date(bed.clock.now() - 3 * DAY).toISOString();
  expect(await audit('--backup-days 4')).toEqual([]);
  expect((await audit('--backup-days 2')).map(({ rule }) => rule)).toEqual(['database-backup-missing']);
});

test('warns of a PHP version 90 days before its end, and not before', async () => {
  const site = bed.sandbox.state.sites[0];
  if (site) site.php_version = '8.2';
  expect(await audit()).toEqual([]);
  const near = Date.parse('2026-10-15') - bed.clock.now();
  bed.clock.ahead = near;
  const found = (await bed.dnx('audit --json')).json<AuditFinding[]>().filter(({ rule }) => rule === 'php-end-of-life');
  bed.clock.ahead = 0;
  expect(found.map(({ severity, message }) => [severity, message])).toEqual([
    ['medium', 'PHP 8.2 gets no security fixes after 2026-12-31'],
  ]);
});

test('a server that is being provisioned is not checked, which is said', async () => {
  const [server] = bed.sandbox.state.servers;
  if (server) Object.assign(server, { status: 'provisioning', provisioned_at: null });
  const run = await bed.dnx('audit --json --fail-on low');
  const found = run.json<AuditFinding[]>();
  expect(run).toExit(0);
  expect([...new Set(found.map(({ severity, server, message }) => `${severity} ${server} ${message}`))]).toEqual([
    'not_checked web-1 Not checked on web-1: The server is still being provisioned.',
  ]);
  expect(run.calls.filter((call) => call.includes(`${server?.id}/`))).toEqual([]);
});
