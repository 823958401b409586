import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';

let sandbox: Sandbox;
let directory: string;
beforeEach(async () => {
  sandbox = await startSandbox();
  directory = mkdtempSync(join(tmpdir(), 'dnx-test-'));
});
afterEach(async () => {
  await sandbox.close();
  rmSync(directory, { recursive: true, force: true });
});

const words = [resolve('bin/dnx.js'), 'token', 'rotate', 'Grafana', '--yes'];
const options = () => ({
  cwd: directory,
  extendEnv: false,
  reject: false,
  env: { HOME: directory, PATH: process.env.PATH, DNX_HOST: sandbox.url, DNX_TOKEN: sandbox.token },
});
const old = () => sandbox.state.tokens.some(({ id }) => id === 4);

test('the old token is revoked once the new one has been written', async () => {
  const { stdout, exitCode } = await execa(process.execPath, words, options());
  expect([exitCode, old()]).toEqual([0, false]);
  expect(stdout).toMatch(/^7\|\w+$/);
});

test('a token that could not be written costs nothing: the old one still works', async () => {
  const full = openSync('/dev/full', 'w');
  try {
    // The types of execa know no descriptor but the standard ones.
    const { stderr, exitCode } = await execa(process.execPath, words, { ...options(), stdout: full as 1 });
    expect([exitCode, old()]).toEqual([1, true]);
    expect(stderr).toContain('the old one (id 4) is revoked after that');
    expect(stderr).toContain('The disk is full.');
  } finally {
    closeSync(full);
  }
});
