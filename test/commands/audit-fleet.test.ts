import { beforeEach, expect, test } from 'vitest';
import type { AuditFinding } from '../../src/features/audit/finding.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { fleet, recorder } from '../support/fleet.ts';
import { volume } from '../support/volume.ts';

const MINUTE = 60_000;
const SERVERS = volume(50, 20);
/** Six on each server. */
const SITES = SERVERS * 6;
/** Servers, backups and tokens; six lists of each server; two of each site. */
const REQUESTS = 3 + SERVERS * 6 + SITES * 2;

const bed = perTest(() => openBed({ rateLimit: 60 }));
beforeEach(() => fleet(bed, SERVERS, SITES));

test(`${SERVERS} servers with ${SITES} sites take ${REQUESTS} requests within the rate limit, with progress`, async () => {
  const { calls, most, through } = recorder(bed);
  const run = await bed.dnx('audit --json', { through });
  expect(run).toExit(0);
  expect(run.json<AuditFinding[]>().filter(({ rule }) => rule === 'certificate-missing')).toHaveLength(SITES);
  expect(calls).toHaveLength(REQUESTS);
  expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
  expect(most()).toBeLessThanOrEqual(60);
  expect(run.waited).toBeLessThan((REQUESTS / 60 + 2) * MINUTE);
  const progress = run.stderr.match(new RegExp(`^Auditing \\d+ of ${SERVERS} servers$`, 'gm')) ?? [];
  expect(progress.length).toBeGreaterThan(5);
  expect(progress.length).toBeLessThan(0.8 * SERVERS);
  expect((await bed.dnx('audit --json --quiet --server w7')).stderr).not.toContain('Auditing');
}, 60_000);

test('--server audits one server with 20 requests', async () => {
  const run = await bed.dnx('audit --server w7 --json');
  expect(run).toExit(0, { stderr: '' });
  // The search for its name, the server, the backups, five lists, and two of each site.
  expect(run.calls).toHaveLength(1 + 1 + 1 + 5 + 6 * 2);
});

test('a terminal shows how many servers are done, and Ctrl-C ends the audit without a result', async () => {
  const run = await bed.dnx('audit -o sarif', { columns: 80, interruptAt: 2 * MINUTE });
  expect(run).toExit(130, { stdout: '', stderr: expect.stringMatching(new RegExp(`Auditing [1-9]\\d* of ${SERVERS} servers`)) });
});
