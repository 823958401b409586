import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web2 = seeded.servers['web-2'];

const bed = perTest(openBed);

const show = (site: string, options = '') => bed.dnx(`site show ${site} ${options}`);

describe('a site that was not found', () => {
  test('is found once dnx has created it', async () => {
    await expect(show('new.example.com')).toExit(6);
    await expect(bed.dnx('site create new.example.com --server web-2 --type laravel')).toExit(0);
    const run = await show('new.example.com', '--json');
    expect([run.code, run.json()]).toEqual([0, expect.objectContaining({ server_id: web2 })]);
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
  });
});
