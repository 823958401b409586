import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';
import { hostileNames } from '../support/hostile-names.ts';
import { sampled, seedOf } from '../support/volume.ts';

const bed = perSuite(() => openBed());
beforeEach(() => {
  Object.assign(web1(), { ip_address: '203.0.113.10', ssh_user: 'deploynix' });
  rmSync(join(bed.directory, '.deploynix.json'), { force: true });
});

const web1 = () => bed.sandbox.state.servers.find(({ name }) => name === 'web-1') ?? expect.fail('no server');

describe('a hostile name is refused before anything runs', () => {
  test.each(sampled(hostileNames, 7, seedOf(22)))('as the address of a server: %j', async (name) => {
    Object.assign(web1(), { ip_address: name });
    const run = await bed.dnx('ssh web-1 -- echo ran');
    expect([run.code, run.stdout, bed.children]).toEqual([1, '', []]);
    expect(run.stderr).toContain("unusable IP address for server 'web-1'");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not reach the terminal
    expect(run.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  test.each(sampled(hostileNames, 7, seedOf(23)))('as the user of a server: %j', async (name) => {
    Object.assign(web1(), { ssh_user: name });
    const run = await bed.dnx('artisan --site shop.example.com list');
    expect([run.code, run.stdout, bed.children]).toEqual([1, '', []]);
    expect(run.stderr).toContain("unusable SSH user for server 'web-1'");
    expect(run.stderr).toContain('Use --user.');
  });

  test.each(sampled(hostileNames, 7, seedOf(24)))('as --user: %j', async (name) => {
    const run = await bed.dnx(['ssh', 'web-1', `--user=${name}`, '--', 'echo', 'ran']);
    expect([run.code, run.stdout, bed.children]).toEqual([2, '', []]);
    expect(run.stderr).toContain('is not a user name');
  });

  test('as the address of a server, until it has a usable one', async () => {
    Object.assign(web1(), { ip_address: '%h' });
    await expect(bed.dnx('ssh web-1 -- true')).toExit(1);
    Object.assign(web1(), { ip_address: '203.0.113.10' });
    await expect(bed.dnx('ssh web-1 -- true')).toExit(0);
    bed.children.length = 0;
  });

  test.each(sampled(hostileNames, 6, seedOf(5)))('as a server or site of a link file: %j', async (name) => {
    const given = { id: name, name };
    for (const environment of [{ server: name }, { site: name }, { server: 'web-1', site: name }, { server: given, site: given }]) {
      writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ environments: { production: environment } }));
      for (const line of ['ssh -- echo ran', 'artisan list']) {
        const run = await bed.dnx(line);
        expect([run.code === 0, run.stdout, bed.children]).toEqual([false, '', []]);
      }
    }
    expect(readdirSync(bed.directory).filter((file) => file.includes('HOSTILE'))).toEqual([]);
  });
});
