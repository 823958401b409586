import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { archive } from '../../src/sandbox/resources/backups.ts';
import { openElsewhere } from '../support/elsewhere.ts';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';

const id = seeded.backups['shop database, completed'];
const whole = Buffer.from(archive({ id }));

const executable = perTest(openExecutable);

/** Runs a shell line; `$ID` is a backup. */
const shell = (line: string) => executable.shell(line, { env: { ID: id } });
/** Everything but the state directory of dnx. */
const saved = () => readdirSync(executable.directory).filter((name) => name !== '.cache' && name !== '.local');

test('-O - writes every byte to a pipe, and exits as if killed by SIGPIPE if the reader closes it', async () => {
  const run = await shell(
    'dnx backup download $ID -O - > copy.gz && dnx backup download $ID -O - -q | head -c 10 > first; exit $PIPESTATUS',
  );
  expect(readFileSync(join(executable.directory, 'copy.gz')).equals(whole)).toBe(true);
  expect(readFileSync(join(executable.directory, 'first')).equals(whole.subarray(0, 10))).toBe(true);
  expect(run).toExit(141, { stderr: 'Downloading to standard output\n' });
});

test('a full disk is an error and leaves no file', async () => {
  await expect(shell('dnx backup download $ID -q -O - > /dev/full')).toExit(1, { says: 'the disk is full' });
  const limited = await shell('ulimit -f 64; dnx backup download $ID -q -O x.gz');
  expect(limited).toExit(1, { stdout: '', says: 'x.gz: the file has reached the size limit.' });
  expect(saved()).toEqual([]);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s during the download leaves no file', async (signal, code) => {
  const store = await openElsewhere((_, response) => {
    response.writeHead(200, { 'Content-Length': whole.length });
    response.write(whole.subarray(0, 10_000));
  });
  onTestFinished(() => store.close());
  executable.sandbox.faults.always({ path: `/backups/${id}/download` }, { status: 302, headers: { Location: `${store.url}/x.gz` } });
  const child = shell('exec "$NODE" "$DNX" backup download $ID');
  await expect.poll(saved).toEqual([expect.stringMatching(/^\.dnx-part-\w+$/)]);
  child.kill(signal);
  const run = await child;
  expect([run.exitCode, run.stdout, saved()]).toEqual([code, '', []]);
});
