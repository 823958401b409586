import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web2 = seeded.servers['web-2'];
const SECOND = 1_000;

const bed = perTest(openBed);

const show = (site: string, options = '') => bed.dnx(`site show ${site} ${options}`);
const notFound = "Error: Site 'shop.exmaple.com' not found. Did you mean 'shop.example.com' (web-1)?\n";

describe('a site that was not found', () => {
  test('stays so for a minute without a request, and says when it was checked unless it is a typo', async () => {
    const first = await show('shop.exmaple.com');
    expect([first.code, first.stderr, first.calls.length]).toEqual([6, notFound, 4]);
    await expect(show('shop.exmaple.com')).toExit(6, { stdout: '', calls: [], stderr: notFound });
    expect((await show('nowhere.test')).stderr).toBe("Error: Site 'nowhere.test' not found.\n  Run: dnx site list\n");
    await bed.clock.sleep(20 * SECOND);
    expect((await show('shop.exmaple.com')).stderr).toBe(notFound);
    const far = await show('nowhere.test');
    expect([far.calls, far.stderr]).toEqual([
      [],
      "Error: Site 'nowhere.test' not found.\n  Checked 20s ago. Use --no-cache to check again.\n  Run: dnx site list\n",
    ]);
    await bed.clock.sleep(40 * SECOND);
    expect((await show('shop.exmaple.com')).calls).toHaveLength(4);
  });

  test('is remembered with any list of all sites', async () => {
    await expect(bed.dnx('site list')).toExit(0);
    expect((await show('nowhere.test')).calls).toEqual([]);
  });

  test('is searched again with --no-cache, which refreshes the memory', async () => {
    await expect(show('nowhere.test')).toExit(6);
    await bed.clock.sleep(30 * SECOND);
    expect((await show('nowhere.test', '--no-cache')).calls).toHaveLength(4);
    await bed.clock.sleep(40 * SECOND);
    expect((await show('nowhere.test')).calls).toEqual([]);
  });

  test('is found once dnx has created it', async () => {
    await expect(show('new.example.com')).toExit(6);
    await expect(bed.dnx('site create new.example.com --server web-2 --type laravel')).toExit(0);
    const run = await show('new.example.com', '--json');
    expect([run.code, run.json()]).toEqual([0, expect.objectContaining({ server_id: web2 })]);
    expect((await show('nowhere.test')).calls).toEqual([]);
  });

  test('is searched again on a server that dnx has created', async () => {
    await expect(show('nowhere.test')).toExit(6);
    await expect(bed.dnx(`server create web-9 --provider hetzner --region fsn1 --size cx32 --no-wait`)).toExit(0);
    await expect(show('nowhere.test')).toExit(6, { calls: ['GET /servers', expect.stringMatching(/sites$/)] });
  });

  test.each([403, 404])('is not remembered if the sites of a server cannot be read: %i', async (status) => {
    const stop = bed.sandbox.faults.always({ path: `/servers/${web2}/sites` }, { status, body: { message: 'No.' } });
    const run = await show('nowhere.test');
    expect([run.code > 0, run.calls.length >= 4]).toEqual([true, true]);
    stop();
    const again = await show('nowhere.test');
    expect([again.code, again.calls.length > 0, again.stderr.includes('Checked')]).toEqual([6, true, false]);
  });

  test('is not remembered for another resource', async () => {
    for (let time = 0; time < 2; time++) expect((await bed.dnx('server show web-9')).calls).toHaveLength(1);
  });
});

describe('a word that is no site, but', () => {
  const environment = (site: string) => ({ server: { id: seeded.servers['web-1'], name: 'web-1' }, site: { name: site } });

  test('an environment of the link file suggests -e', async () => {
    const environments = { production: environment('shop.example.com'), staging: environment('staging.example.com') };
    writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ default: 'production', environments }));
    for (const line of ['deploy staging', 'site show staging', 'rollback staging --yes']) {
      await expect(bed.dnx(line)).toExit(6, { stdout: '', stderr: "Error: Site 'staging' not found. Did you mean -e staging?\n" });
    }
    expect((await bed.dnx('logs staging')).stderr).toBe("Error: Server or site 'staging' not found. Did you mean -e staging?\n");
    expect((await bed.dnx('deploy stagin')).stderr).not.toContain('-e');
  });

  test('a server says so, without a request of its own', async () => {
    const error = "Error: Site 'web-1' not found. web-1 is a server.\n  Run: dnx site list --server web-1\n";
    const run = await bed.dnx('deploy web-1');
    expect([run.code, run.stderr, run.calls.length]).toEqual([6, error, 4]);
    await expect(bed.dnx('deploy web-1')).toExit(6, { stderr: error, calls: [] });
  });
});
