import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { blocksOf } from '../docs/transcript.ts';
import { openBed } from '../support/dnx.ts';
import { publicKey } from '../support/ensured.ts';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { deep } from '../support/volume.ts';

const script =
  blocksOf(readFileSync('docs/provisioning.md', 'utf8'))
    .find(({ language }) => language === 'sh')
    ?.lines.join('\n') ?? '';

const bed = perSuite(() => openBed());
beforeAll(() => {
  writeFileSync(join(bed.directory, 'provision.sh'), script);
  writeFileSync(join(bed.directory, 'deploy-key.pub'), `${publicKey('ci')} ci@example.com\n`);
});

/** The words of each dnx command, as the shell passes them. */
function commandsIn(directory: string): readonly (readonly string[])[] {
  const told = `dnx() { printf '%s\\037' "$@"; echo; }; . ./provision.sh`;
  const lines = execFileSync('sh', ['-c', told], { cwd: directory, encoding: 'utf8' }).trimEnd().split('\n');
  return lines.map((line) => line.split('\u001f').slice(0, -1));
}

/** Runs the commands of the script with this token, and returns what they print and the requests that changed something. */
async function provisioned(DNX_TOKEN: string) {
  const [lines, changes]: [string[], string[]] = [[], []];
  let notes = '';
  for (const words of commandsIn(bed.directory)) {
    const run = await bed.dnx(words, { env: { DNX_TOKEN, DNX_SERVER: 'web-1' } });
    expect(run).toExit(0);
    lines.push(...run.stdout.trimEnd().split('\n'));
    changes.push(...run.changes);
    notes += run.stderr;
  }
  return { lines, changes, notes };
}

test('the script in docs/provisioning.md creates everything once, with a token for it', async () => {
  const commands = commandsIn(bed.directory).length;
  expect(commands).toBeGreaterThanOrEqual(10);
  const created = await bed.dnx('token create provisioning --from-script provision.sh --json');
  expect(created).toExit(0);
  const { abilities } = created.json<{ abilities: string[] }>();
  expect(abilities).not.toContain('*');
  const token = bed.sandbox.mint(abilities);
  const first = await provisioned(token);
  expect(first.lines.filter((line) => line.includes('already exists'))).toEqual([]);
  // The site has some of the variables already.
  expect(first.changes.filter((call) => call.startsWith('POST ')).length).toBeGreaterThanOrEqual(commands - 2);
  expect(statSync(join(bed.directory, 'db-password')).mode & 0o777).toBe(0o600);
  const second = await provisioned(token);
  expect(second.lines.filter((line) => !/already exists|unchanged|^VARIABLE +RESULT$/.test(line))).toEqual([]);
  expect([second.lines.length, second.changes, second.notes]).toEqual([first.lines.length, [], 'The password was not compared.\n']);
  const password = readFileSync(join(bed.directory, 'db-password'), 'utf8').trim();
  expect(`${first.lines.join()}${first.notes}${second.lines.join()}`).not.toContain(password);
});

test.runIf(deep)('it runs under sandbox run', { timeout: 60_000 }, async () => {
  const executable = await openExecutable();
  for (const name of ['provision.sh', 'deploy-key.pub'])
    writeFileSync(join(executable.directory, name), readFileSync(join(bed.directory, name)));
  const run = await executable.dnx(['sandbox', 'run', '--rate-limit', '0', '--', 'sh', 'provision.sh']);
  await executable.close();
  expect(run).toExit(0, { stdout: expect.stringContaining('✓ Created') });
});
