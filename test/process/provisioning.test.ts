import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf } from '../docs/transcript.ts';
import { publicKey } from '../support/ensured.ts';
import { type Executable, openExecutable } from '../support/executable.ts';
import { deep } from '../support/volume.ts';

const script =
  blocksOf(readFileSync('docs/provisioning.md', 'utf8'))
    .find(({ language }) => language === 'sh')
    ?.lines.join('\n') ?? '';
/** The commands of the script. */
const commands = script.split('\n').filter((line) => line.startsWith('dnx ')).length;

let executable: Executable;
beforeAll(async () => {
  executable = await openExecutable({ rateLimit: 0 });
  writeFileSync(join(executable.directory, 'provision.sh'), script);
  writeFileSync(join(executable.directory, 'deploy-key.pub'), `${publicKey('ci')} ci@example.com\n`);
});
afterAll(() => executable.close());

/** Runs the script with this token, and returns its lines and the methods of the requests that changed something. */
async function provisioned(DNX_TOKEN: string) {
  const before = executable.sandbox.calls.length;
  const run = await executable.shell('set -e; . ./provision.sh', { env: { DNX_TOKEN } });
  expect(run.exitCode, run.stderr).toBe(0);
  const changes = executable.sandbox.calls.slice(before).flatMap(({ method }) => (method === 'GET' ? [] : [method]));
  return { lines: run.stdout.trimEnd().split('\n'), stderr: run.stderr, changes };
}

test('the script in docs/provisioning.md creates everything once, with a token for it', { timeout: 60_000 }, async () => {
  expect(commands).toBeGreaterThanOrEqual(10);
  const created = await executable.shell('dnx token create provisioning --from-script provision.sh --json');
  expect(created.exitCode, created.stderr).toBe(0);
  const { abilities } = JSON.parse(created.stdout) as { abilities: string[] };
  expect(abilities).not.toContain('*');
  const token = executable.sandbox.mint(abilities);
  const first = await provisioned(token);
  expect(first.lines.filter((line) => line.includes('already exists'))).toEqual([]);
  // The site has some of the variables already.
  expect(first.changes.filter((method) => method === 'POST').length).toBeGreaterThanOrEqual(commands - 2);
  expect(statSync(join(executable.directory, 'db-password')).mode & 0o777).toBe(0o600);
  const second = await provisioned(token);
  expect(second.lines.filter((line) => !/already exists|unchanged|^VARIABLE +RESULT$/.test(line))).toEqual([]);
  expect([second.lines.length, second.changes, second.stderr]).toEqual([first.lines.length, [], 'The password was not compared.\n']);
  const password = readFileSync(join(executable.directory, 'db-password'), 'utf8').trim();
  expect(`${first.lines.join()}${first.stderr}${second.lines.join()}`).not.toContain(password);
});

test.runIf(deep)('it runs under sandbox run', { timeout: 60_000 }, async () => {
  const run = await executable.dnx(['sandbox', 'run', '--rate-limit', '0', '--', 'sh', 'provision.sh']);
  expect([run.exitCode, run.stdout], run.stderr).toEqual([0, expect.stringContaining('✓ Created')]);
});
