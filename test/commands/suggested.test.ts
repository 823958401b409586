import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const name = "$(touch pwned)`touch pwned`';touch pwned;'&&touch pwned|touch pwned>pwned #";
/** The name as one word of a shell. */
const escaped = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
const shop = seeded.sites['shop.example.com'];
const web1 = seeded.servers['web-1'];

/** Pastes every suggested command into bash, where `dnx` prints its arguments, and returns them. */
function pasted(text: string): readonly string[] {
  const lines = text.split('\n').flatMap((line) => /\bdnx [a-z].*/.exec(line)?.[0] ?? []);
  const script = `dnx() { printf '%s\\n' "$@"; }\n${lines.join('\n')}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: bed.directory, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.split('\n');
}

test.each<[string, readonly string[], RunOptions?]>([
  ['a deployment', ['deploy', shop, '--server', web1]],
  ['a deployment that is not followed', ['deploy', name, '--server', name, '--no-wait']],
  ['a deployment that fails', ['deploy', shop, '--server', web1]],
  ['an interrupted deployment', ['deploy', shop, '--server', web1], { interruptAt: 5_000 }],
  ['a rollback', ['rollback', shop, '--server', web1, '--yes']],
])('a name that is shell code stays one word in a suggested command: %s', async (which, words, options) => {
  Object.assign(bed.sandbox.state.servers.find(({ id }) => id === web1) ?? {}, { name });
  Object.assign(bed.sandbox.state.sites.find(({ id }) => id === shop) ?? {}, { domain: name });
  bed.sandbox.state.fail_deploys = which === 'a deployment that fails';
  const run = await bed.dnx(words, options);
  expect(pasted(run.stdout + run.stderr), run.stdout + run.stderr).toContain(name);
  expect(readdirSync(bed.directory)).not.toContain('pwned');
});

/** Shell code that is valid in a URL. */
const host = "https://evil.example/$(touch$IFS$9pwned)';touch$IFS$9pwned;'";

test.each([
  ['server list', { host }, `--host ${escaped(host)} or DNX_HOST=${escaped(host)}`],
  ['login --with-token', { host }, `--host ${escaped(host)} or DNX_HOST=${escaped(host)}`],
  ['server list', { profile: name }, `--profile ${escaped(name)} or DNX_PROFILE=${escaped(name)}`],
])('a link file cannot put shell code into a suggestion: %s with %o', async (line, link, suggestion) => {
  writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify(link));
  const run = await bed.dnx(line, { env: { DNX_HOST: undefined, DNX_TOKEN: undefined }, stdin: bed.sandbox.token });
  expect(run).toExit(2, { calls: [], says: suggestion });
});

test('a profile or token whose name is shell code stays one word in a suggestion', async () => {
  const profile = ['--profile', name];
  const signedOut = await bed.dnx(['whoami', ...profile], { env: { DNX_TOKEN: undefined } });
  expect(signedOut).toExit(4, { says: `dnx login --profile ${escaped(name)}` });
  const token = bed.sandbox.mint(['*'], { name });
  await expect(bed.dnx(['login', '--with-token', ...profile], { stdin: token, env: { DNX_TOKEN: undefined } })).toExit(0);
  const revoked = await bed.dnx(['token', 'revoke', name, '--yes', ...profile], { env: { DNX_TOKEN: undefined } });
  expect(revoked).toExit(2, { says: `--confirm ${escaped(name)}` });
  const logout = await bed.dnx(['logout', ...profile], { env: { DNX_TOKEN: undefined } });
  expect(logout).toExit(0, { says: `dnx config delete-profile ${escaped(name)}` });
});

test('a domain on two servers whose names are shell code stays one word in a suggestion', async () => {
  for (const server of bed.sandbox.state.servers) server.name = name;
  await expect(bed.dnx('site show staging.example.com')).toExit(6, { says: `Use --server, or ${escaped(`${name}/staging.example.com`)}.` });
});
