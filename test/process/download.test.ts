import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { archive } from '../../src/sandbox/archive.ts';
import { type Sandbox, seeded, startSandbox } from '../../src/sandbox/index.ts';
import { openElsewhere } from '../support/elsewhere.ts';

const dnx = resolve('bin/dnx.js');
const id = seeded.backups['shop database, completed'];
const whole = Buffer.from(archive({ id }));

let sandbox: Sandbox;
let cwd: string;
beforeEach(async () => {
  sandbox = await startSandbox();
  cwd = mkdtempSync(join(tmpdir(), 'dnx-test-'));
});
afterEach(async () => {
  await sandbox.close();
  rmSync(cwd, { recursive: true, force: true });
});

/** Runs a line of shell in the folder, in which `dnx` is the built one and `$ID` a backup. */
const shell = (line: string) =>
  execa('bash', ['-c', `dnx() { "$NODE" "$DNX" "$@"; }; ${line}`], {
    cwd,
    reject: false,
    stdin: 'ignore',
    stripFinalNewline: false,
    extendEnv: false,
    env: {
      PATH: process.env.PATH ?? '',
      NODE: process.execPath,
      DNX: dnx,
      ID: id,
      DNX_HOST: sandbox.url,
      DNX_TOKEN: sandbox.token,
      DNX_CONFIG_DIR: cwd,
      DNX_CACHE_DIR: cwd,
    },
  });

test('-O - gives a pipe every byte; a reader that goes away is a quiet end', async () => {
  const run = await shell(
    'dnx backup download $ID -O - > copy.gz && dnx backup download $ID -O - -q | head -c 10 > first; exit $PIPESTATUS',
  );
  expect(readFileSync(join(cwd, 'copy.gz')).equals(whole)).toBe(true);
  expect(readFileSync(join(cwd, 'first')).equals(whole.subarray(0, 10))).toBe(true);
  expect([run.exitCode, run.stderr]).toEqual([0, 'Downloading to standard output\n']);
});

test('a disk that takes no more is told, and nothing is kept', async () => {
  const full = await shell('dnx backup download $ID -q -O - > /dev/full');
  expect([full.exitCode, full.stderr]).toEqual([1, expect.stringContaining('The disk is full')]);
  const limited = await shell('ulimit -f 64; dnx backup download $ID -q -O x.gz');
  expect([limited.exitCode, limited.stdout]).toEqual([1, '']);
  expect(limited.stderr).toContain('x.gz: the file would be larger than is allowed.');
  expect(readdirSync(cwd)).toEqual([]);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s in the middle leaves no file', async (signal, code) => {
  const store = await openElsewhere((_, response) => {
    response.writeHead(200, { 'Content-Length': whole.length });
    response.write(whole.subarray(0, 10_000));
  });
  onTestFinished(() => store.close());
  sandbox.faults.always({ path: `/backups/${id}/download` }, { status: 302, headers: { Location: `${store.url}/x.gz` } });
  const child = shell('exec "$NODE" "$DNX" backup download $ID');
  await vi.waitFor(() => expect(readdirSync(cwd)).toEqual([expect.stringMatching(/^\.x\.gz\.\w+\.part$/)]), { timeout: 10_000 });
  child.kill(signal);
  const run = await child;
  expect([run.exitCode, run.stdout, readdirSync(cwd)]).toEqual([code, '', []]);
});
