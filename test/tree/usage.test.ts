import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';

const bed = perSuite(openBed);

test.each([
  ['open', '[server|site] [options]'],
  ['ssh', '[server|site] [options] [command...]'],
  ['logs', '[server|site] [sites...] [options]'],
  ['artisan', '[options] [site] [command...]'],
  ['tinker', '[site] [file...] [options]'],
  ['env run', '[options] [site] -- <command>'],
  ['env get', '[site] <variable> [options]'],
  ['deploy', '[site...] [options]'],
  ['db tunnel', '[site] [options] [-- command]'],
])('the usage of dnx %s is %s', async (path, usage) => {
  const { stdout } = await bed.dnx(`${path} --help`);
  expect(stdout).toContain(`\nUsage: dnx ${path} ${usage}\n`);
});

test('dnx db names the group whose commands it also takes', async () => {
  const { stdout } = await bed.dnx('db --help');
  expect(stdout).toContain("\nThe commands of 'dnx database' also work here: dnx database --help\n");
  expect(stdout).not.toContain('Aliases');
  expect((await bed.dnx('dbs --help')).stdout).toBe(stdout);
});

test.each(['db list --help', 'dbs list --help', 'help db list', 'db help list'])(
  'dnx %s shows the help of dnx database list',
  async (line) => {
    expect((await bed.dnx(line)).stdout).toBe((await bed.dnx('database list --help')).stdout);
  },
);
