import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { examples } from '../support/examples.ts';
import { hasten } from '../support/hasten.ts';
import { programScript } from '../support/program.ts';

// A deployment takes less than a second in this sandbox.
test.each(examples.flatMap(({ line, nested, remote }) => (nested && !remote ? [line] : [])))('%s', async (line) => {
  const directory = mkdtempSync(join(tmpdir(), 'dnx-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const shim = join(directory, 'dnx');
  writeFileSync(shim, programScript);
  chmodSync(shim, 0o755);
  const run = await execa('sh', ['-c', line], {
    cwd: directory,
    env: { PATH: [directory, process.env.PATH].join(delimiter), HOME: directory, ...hasten(20).env },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
  });
  expect(run).toExit(0);
  expect(run.stdout).not.toBe('');
});
