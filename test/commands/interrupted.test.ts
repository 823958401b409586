import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const web1 = seeded.servers['web-1'];

/** Runs a command whose request of this method gets no response until Ctrl-C. */
async function interrupted(method: string, line: string) {
  bed.sandbox.faults.always({ method }, 'hang');
  const run = await bed.dnx(`${line} --debug`, { interruptOn: `> ${method}` });
  expect(run).toExit(130, { stdout: '' });
  return run.stderr.split('\n').filter((each) => !/^([<>] |$)/.test(each));
}

describe('Ctrl-C during a request', () => {
  test.each([
    ['PUT', 'site update shop.example.com --php-version 8.4'],
    ['POST', 'server restart web-1 --yes'],
    ['DELETE', 'site delete shop.example.com --confirm shop.example.com'],
  ])('says that a %s may have gone through', async (method, line) => {
    const said = await interrupted(method, line);
    expect(said.slice(0, 2)).toEqual(['Interrupted.', '  The request may have gone through. Check the current state before you retry.']);
  });

  test('names the list in which a new resource may be', async () => {
    const said = await interrupted('POST', `daemon create top --server ${web1}`);
    expect(said.slice(0, 3)).toEqual([
      'Interrupted.',
      '  The daemon may have been created.',
      `  Check before you retry: dnx daemon list --server ${web1}`,
    ]);
  });

  test('says that an apply goes on', async () => {
    const text = 'sites: { shop.example.com: { server: web-1, env: { APP_NAME: Shop, NEW: a } } }\n';
    writeFileSync(join(bed.directory, 'deploynix.yml'), text);
    bed.sandbox.faults.always({ method: 'PUT' }, 'hang');
    const run = await bed.dnx('apply --yes --debug', { interruptOn: '> PUT' });
    expect(run).toExit(130, { says: 'Interrupted.\n  Run the same command again: it goes on.' });
    expect(run.stderr).not.toContain('before you retry');
  });

  test('says nothing more if it only reads', async () => {
    expect(await interrupted('GET', 'server list')).toEqual(['Interrupted.']);
  });
});
