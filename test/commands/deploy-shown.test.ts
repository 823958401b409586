import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const shop = seeded.sites['shop.example.com'];

const bed = perTest(openBed);

describe('deploy', () => {
  test('prints the release, the URL and how to undo it', async () => {
    const run = await bed.dnx('deploy shop.example.com');
    expect(run.stdout).toMatch(
      /^✓ Deployed shop\.example\.com in 8s\n {2}release {2}20260416_120003 {2}[0-9a-f]{7} \S.*\n {2}url {6}https:\/\/shop\.example\.com\n {2}undo {5}dnx rollback shop\.example\.com --server web-1\n$/,
    );
    expect(run.stderr).not.toContain('Undo');
  });

  test('offers no rollback for a site without releases, and prints the URL of --url', async () => {
    const run = await bed.dnx('deploy blog.example.com --url https://blog.test');
    expect(run.stdout).toContain('  url      https://blog.test\n');
    expect(run.stdout).not.toContain('undo');
  });

  test('prints which release failed and which is still live', async () => {
    bed.sandbox.state.fail_deploys = true;
    const live = bed.sandbox.state.releases.find(({ site_id, active }) => site_id === shop && active);
    const run = await bed.dnx('deploy shop.example.com');
    expect(run).toExit(1, { stdout: '' });
    expect(run.stderr).toMatch(
      new RegExp(
        [
          '\nError: Deployment of shop\\.example\\.com failed after 16s',
          '  failed  20260416_120003  [0-9a-f]{7} \\S.*',
          `  live    ${live?.name}  ${live?.commit_hash?.slice(0, 7)} ${live?.commit_message}   \\(still serving\\)`,
          '  why     dnx why shop\\.example\\.com --server web-1\n$',
        ].join('\n'),
      ),
    );
  });

  test('watch offers dnx why, too, with the host that it needs', async () => {
    bed.sandbox.deployElsewhere(shop, { fails: true });
    const run = await bed.dnx(['watch', 'shop.example.com', '--host', bed.sandbox.url]);
    expect(run).toExit(1, { says: `\n  why     dnx why shop.example.com --server web-1 --host ${bed.sandbox.url}\n` });
  });

  test('--fields prints only these fields of the result', async () => {
    const run = await bed.dnx('deploy shop.example.com --fields outcome,release');
    expect(run.stdout).toBe('✓ Deployed shop.example.com in 8s\nOutcome  succeeded\nRelease  20260416_120003\n');
  });

  test('--no-wait prints what it started and how to watch it', async () => {
    await expect(bed.dnx('deploy shop.example.com --no-wait')).toExit(0, {
      stdout: '✓ Started a deployment of shop.example.com\n',
      stderr: 'Watch it with: dnx watch shop.example.com --server web-1\n',
    });
  });
});
