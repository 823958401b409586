import { readdirSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { archive } from '../../src/sandbox/resources/backups.ts';
import { openElsewhere } from '../support/elsewhere.ts';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';

const id = seeded.backups['shop database, completed'];

const executable = perTest(openExecutable);

/** Everything but the state and the cache of dnx. */
const left = () => readdirSync(executable.directory).filter((name) => !['.local', '.cache'].includes(name));

test('the next download into a directory removes what a killed one left there, and nothing of one that runs', async () => {
  const store = await openElsewhere((_, response) => {
    response.writeHead(200, { 'Content-Length': 999_999 });
    response.write(Buffer.from(archive({ id })));
  });
  onTestFinished(() => store.close());
  const stop = executable.sandbox.faults.always({ path: `/backups/${id}/download` }, { status: 302, headers: { Location: store.url } });
  const [killed, running] = [1, 2].map(() => executable.dnx(['backup', 'download', id, '-O', 'slow.gz']));
  await expect
    .poll(() => readdirSync(executable.directory, { recursive: true }).filter((name) => /part-.*slow/.test(`${name}`)).length)
    .toBe(2);
  killed?.kill('SIGKILL');
  expect((await killed)?.signal).toBe('SIGKILL');
  expect(left()).toHaveLength(2);
  stop();
  await expect(executable.dnx(['backup', 'download', id, '-O', 'copy.gz'])).toExit(0);
  expect(left()).toEqual([expect.stringMatching(/^\.dnx-part-\w+$/), 'copy.gz']);
  running?.kill('SIGTERM');
  expect([(await running)?.exitCode, left()]).toEqual([143, ['copy.gz']]);
});

test('the next sandbox removes what a killed one left', async () => {
  const killed = executable.dnx(['sandbox', 'run', '--', 'cat'], { stdin: 'pipe' });
  await expect.poll(() => readdirSync(executable.directory, { recursive: true }).some((name) => `${name}`.endsWith('bin/dnx'))).toBe(true);
  killed.kill('SIGKILL');
  killed.stdin?.end();
  expect((await killed).signal).toBe('SIGKILL');
  expect(left()).toHaveLength(1);
  await expect(executable.dnx(['sandbox', 'run', '--', 'true'])).toExit(0);
  expect(left()).toEqual([]);
});
