import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AuditFinding } from '../../src/features/audit/finding.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { fleet, recorder } from '../support/fleet.ts';

const MINUTE = 60_000;

let bed: Bed;
beforeEach(async () => {
  bed = await openBed({ rateLimit: 60 });
  fleet(bed, 50, 300);
});
afterEach(() => bed.close());

test('50 servers with 300 sites take 903 requests within the rate limit, with progress', async () => {
  const { calls, most, through } = recorder(bed);
  const run = await bed.dnx('audit --json', { through });
  expect(run.code).toBe(0);
  expect(run.json<AuditFinding[]>().filter(({ rule }) => rule === 'certificate-missing')).toHaveLength(300);
  // Servers, backups and tokens; six lists of each server; two of each site.
  expect(calls).toHaveLength(3 + 50 * 6 + 300 * 2);
  expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
  expect(most()).toBeLessThanOrEqual(60);
  expect(run.waited).toBeLessThan(17 * MINUTE);
  const progress = run.stderr.match(/^Auditing \d+ of 50 servers$/gm) ?? [];
  expect(progress.length).toBeGreaterThan(10);
  expect(progress.length).toBeLessThan(40);
  expect((await bed.dnx('audit --json --quiet --server w7')).stderr).not.toContain('Auditing');
}, 60_000);

test('--server audits one server with 20 requests', async () => {
  const run = await bed.dnx('audit --server w7 --json');
  expect([run.code, run.stderr]).toEqual([0, '']);
  // The search for its name, the server, the backups, five lists, and two of each site.
  expect(run.calls).toHaveLength(1 + 1 + 1 + 5 + 6 * 2);
});

test('a terminal shows how many servers are done, and Ctrl-C ends the audit without a result', async () => {
  const run = await bed.dnx('audit -o sarif', { columns: 80, interruptAt: 3 * MINUTE });
  expect([run.code, run.stdout]).toEqual([130, '']);
  expect(run.stderr).toMatch(/Auditing [1-9]\d* of 50 servers/);
});
