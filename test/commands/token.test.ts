import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

/** Only the stored token. */
const stored = { DNX_TOKEN: undefined };
const names = () => bed.sandbox.state.tokens.map(({ name }) => name);
const byName = (name: string) => bed.sandbox.state.tokens.find((each) => each.name === name);

async function signIn(token: string): Promise<void> {
  await expect(bed.dnx('login --with-token', { env: stored, stdin: token })).toExit(0);
}

/** Whether the API accepts this token. */
const works = async (token: string): Promise<boolean> => (await bed.dnx('whoami', { env: { DNX_TOKEN: token } })).code === 0;

test('token abilities says nothing of a missing site if the line needs no more to find one by name', async () => {
  expect((await bed.dnx(['token', 'abilities', '--for', 'db query'])).stderr).not.toContain('given');
});

test.each([
  ['ssh --all -- uptime', ['server:read']],
  ['ssh --config --all', ['server:read', 'site:read']],
  ['ssh --config web-1', ['server:read']],
  ['artisan --all about', ['server:read', 'site:read']],
])('%s needs no more than %j', async (line, needed) => {
  const run = await bed.dnx(['token', 'abilities', '--for', line, '--json']);
  expect(run.json<{ ability: string }[]>().map(({ ability }) => ability)).toEqual(needed);
});

describe('token create', () => {
  test('prints only the token on stdout, with only the abilities that the command needs', async () => {
    const run = await bed.dnx(['token', 'create', 'ci', '--for', 'deploy --wait']);
    expect(run).toExit(0, { stdout: expect.stringMatching(/^\d+\|\w+\n$/) });
    expect(run.stderr).toContain('No site given. To find one by name, the token also needs server:read.\n');
    expect(byName('ci')?.abilities).toEqual(['site:deploy', 'site:read']);
    expect(await works(run.stdout.trim())).toBe(true);
  });

  test.each([
    ['beside the data', (token: string, data: object) => ({ data, token })],
    ['in the data', (token: string, data: object) => ({ message: 'Created.', data: { ...data, token } })],
    ['in a bare object', (token: string, data: object) => ({ ...data, token })],
  ])('prints one object with --json if the API sends the token %s', async (_, shape) => {
    bed.sandbox.faults.next({ method: 'POST', path: '/tokens' }, (answer) => {
      const { token, data } = answer.body as { token: string; data: object };
      return { ...answer, body: shape(token, data) };
    });
    const run = await bed.dnx('token create ci --preset ci-deploy --json');
    expect(run.json()).toMatchObject({
      name: 'ci',
      abilities: ['site:deploy', 'server:read', 'site:read'],
      token: expect.stringMatching(/^\d+\|/),
    });
    expect(run.json()).not.toHaveProperty('data');
  });

  test('-F and --data override its arguments and options', async () => {
    const run = await bed.dnx(['token', 'create', 'ci', '--data', '{"abilities":["site:read"]}', '-F', 'name=cd']);
    expect([run.code, byName('cd')?.abilities, byName('ci')]).toEqual([0, ['site:read'], undefined]);
    expect(run.stderr).toContain('Abilities of token cd: site:read\n');
  });

  test.each([
    ['deploy shop.example.com', 'site'],
    ['logs --site shop.example.com', 'site'],
    ['crontab list --server web-1', 'server'],
  ])('says that a token for %s works for every %s', async (line, noun) => {
    for (const words of [
      ['token', 'create', 'ci'],
      ['token', 'abilities'],
    ]) {
      const run = await bed.dnx([...words, '--for', line]);
      expect(run).toExit(0, { says: `The token works for every ${noun}: abilities are not limited to one.\n` });
    }
  });

  test('combines --ability, --for and --from-script, and says what it skipped', async () => {
    writeFileSync(join(bed.directory, 'deploy.sh'), 'dnx env import --site 1 --server 2\nls | xargs dnx deploy\n');
    const run = await bed.dnx(['token', 'create', 'ci', '--ability', 'daemon:read', '--for', 'deploy', '--from-script', 'deploy.sh']);
    expect(run).toExit(0);
    expect(byName('ci')?.abilities).toEqual(['daemon:read', 'site:deploy', 'site:update']);
    expect(run.stderr).toContain('deploy.sh:2 was skipped (its arguments come from xargs): ls | xargs dnx deploy');
  });

  test('--to-file writes the token readable only by its owner and never prints it', async () => {
    const run = await bed.dnx('token create ci --preset read-only --to-file ci.token --json');
    const file = join(bed.directory, 'ci.token');
    const token = readFileSync(file, 'utf8').trim();
    expect(run).toExit(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(run.stdout + run.stderr).not.toContain(token);
    expect(run.json()).toMatchObject({ name: 'ci', file });
    expect(await works(token)).toBe(true);
  });

  test('--to-file refuses an existing file before a token is created', async () => {
    writeFileSync(join(bed.directory, 'ci.token'), 'something');
    await expect(bed.dnx('token create ci --preset full --to-file ci.token')).toExit(2, { stdout: '', calls: [] });
    expect(readFileSync(join(bed.directory, 'ci.token'), 'utf8')).toBe('something');
  });

  test('--to-file leaves no file if no token is created', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: '/tokens' }, { status: 500 });
    await expect(bed.dnx('token create ci --preset full --to-file ci.token')).toExit(1);
    expect(() => statSync(join(bed.directory, 'ci.token'))).toThrow('ENOENT');
  });

  test.each([
    ['token create ci', 'No abilities given.'],
    ['token create ci --for "token list"', 'No ability needed: any token can do that.'],
    ['token create ci --for "nonsense"', 'nonsense'],
    ['token create ci --from-script missing.sh', 'missing.sh does not exist.'],
  ])('%s exits 2 before any request', async (line, words) => {
    await expect(bed.dnx(line)).toExit(2, { stdout: '', calls: [], says: words });
  });

  test('--from-script says that a script without a dnx command needs another one', async () => {
    writeFileSync(join(bed.directory, 'deploy.yml'), 'jobs:\n  deploy:\n    steps:\n      - run: ./deploy.sh\n');
    const run = await bed.dnx('token create ci --from-script deploy.yml');
    expect(run).toExit(2, { calls: [], says: 'deploy.yml has no dnx command. If it runs another script, pass that, too.' });
  });

  test('warns about an ability that is not in the API reference', async () => {
    const run = await bed.dnx('token create ci --ability site:fly');
    expect(run).toExit(7, { says: "Unknown ability 'site:fly'. To see all abilities: dnx token abilities\n" });
  });
});

describe('token abilities', () => {
  test('lists every ability with the commands that need it', async () => {
    const run = await bed.dnx('token abilities --json');
    const all = JSON.parse(run.stdout) as { ability: string; allows: string[]; assumed: string[] }[];
    expect(all).toHaveLength(42);
    expect(all.find(({ ability }) => ability === 'site:deploy')).toEqual({
      ability: 'site:deploy',
      allows: ['site deploy', 'site schedule', 'site unschedule', 'doctor'],
      assumed: ['site rollback'],
    });
    expect(run.calls).toEqual([]);
  });

  test('prints the smallest set and why', async () => {
    const run = await bed.dnx(['token', 'abilities', '--for', 'deploy --wait', '--for', 'env set']);
    expect(run).toExit(0, { stdout: expect.stringContaining('site:deploy  stated') });
    expect(run.stdout).toContain('site:update  assumed');
    expect(run.stdout).toContain('deploy --wait: --wait');
    expect(run.stderr).toContain('dnx token create NAME --ability site:deploy --ability site:read --ability site:update');
  });
});

describe('token create --from-script', () => {
  test('reports an unknown variable once', async () => {
    const script = 'dnx server show $SERVER\ndnx deploy --server $SERVER --site $SITE\ndnx site list --server $SERVER\n';
    writeFileSync(join(bed.directory, 'deploy.sh'), script);
    const run = await bed.dnx('token create ci --from-script deploy.sh');
    expect(run).toExit(0);
    expect(run.stderr.split('\n').filter((line) => line.includes('$SERVER'))).toEqual([
      'The value of $SERVER is unknown; assuming it is a name.',
    ]);
  });
});

describe('token list --audit', () => {
  test('does not flag every ability of the token in use', async () => {
    const marks = (await bed.dnx('token list --audit --json')).json<{ audit: string[] }[]>();
    expect(marks[0]?.audit.join()).not.toContain('every ability');
    expect(marks[2]?.audit).toContain('has every ability');
  });

  test('flags what needs attention', async () => {
    const run = await bed.dnx('token list --audit --json');
    const marks = Object.fromEntries((JSON.parse(run.stdout) as { id: number; audit: string[] }[]).map(({ id, audit }) => [id, audit]));
    expect(marks).toMatchObject({
      2: [],
      3: ['has every ability', 'unused for 127 days'],
      4: ['never used'],
      5: ['has every ability', 'same name as #6'],
      6: ['has every ability', 'same name as #5'],
    });
    expect(run.stderr).toContain('4 of 6 tokens need attention. To revoke one: dnx token revoke ID\n');
  });
});

describe('token revoke', () => {
  test('revokes by name and by id', async () => {
    await expect(bed.dnx('token revoke Grafana --yes')).toExit(0);
    expect((await bed.dnx('token revoke 5 --yes --json')).json()).toEqual({ id: '5', deleted: true });
    expect(names()).toEqual(['Sandbox', 'GitHub Actions', 'Old laptop', 'API Login']);
  });

  test('asks for confirmation with the name, and says which token is in use', async () => {
    for (const [line, question] of [
      ['token revoke 4', 'Revoke token Grafana (id 4)?'],
      ['token revoke Grafana', 'Revoke token Grafana (id 4)?'],
      ['token revoke 1 4', 'Revoke tokens Sandbox (id 1, currently in use), Grafana (id 4)?'],
    ] as const) {
      const run = await bed.dnx(line, { keys: 'n\r', columns: 100 });
      expect([line, run.code, names().length]).toEqual([line, 1, 6]);
      expect(run.stderr).toContain(question);
    }
  });

  test('reports an unknown id before it asks', async () => {
    const run = await bed.dnx('token revoke 99', { keys: 'y\r', columns: 100 });
    expect(run).toExit(6, { says: "Token '99' not found." });
    expect(run.stderr).not.toContain('Revoke token');
    expect(run.calls).toEqual(['GET /tokens']);
  });

  test('refuses an ambiguous name', async () => {
    await expect(bed.dnx(['token', 'revoke', 'API Login', '--yes'])).toExit(6);
    expect(names()).toHaveLength(6);
  });

  test('needs --confirm for the token in use', async () => {
    await signIn(bed.sandbox.token);
    await expect(bed.dnx('token revoke Sandbox --yes', { env: stored })).toExit(2, { says: '--confirm Sandbox' });
    await expect(bed.dnx('token revoke Sandbox --yes --confirm Other', { env: stored })).toExit(2);
    const unneeded = await bed.dnx('token revoke Grafana --yes --confirm Sandbox', { env: stored });
    expect([unneeded.code, unneeded.calls.filter((call) => call.startsWith('DELETE '))]).toEqual([2, []]);
    expect(names()).toContain('Sandbox');
    const run = await bed.dnx('token revoke Sandbox --yes --confirm Sandbox', { env: stored });
    expect(run.stdout).toBe('✓ Revoked token Sandbox; you are signed out\n');
    expect(names()).not.toContain('Sandbox');
    expect(bed.keychain.size).toBe(0);
  });

  test('revokes the token in use after the others', async () => {
    await signIn(bed.sandbox.token);
    const run = await bed.dnx('token revoke Sandbox Grafana 5 --yes --confirm Sandbox --json', { env: stored });
    expect(run.json()).toEqual(['1', '4', '5'].map((id) => ({ id, deleted: true })));
    expect([run.code, names()]).toEqual([0, ['GitHub Actions', 'Old laptop', 'API Login']]);
    expect(run.calls.filter((call) => call.startsWith('DELETE'))).toEqual(['DELETE /tokens/4', 'DELETE /tokens/5', 'DELETE /tokens/1']);
    expect(bed.keychain.size).toBe(0);
  });

  test.each([
    ['without --confirm for the token in use', 'token revoke Grafana Sandbox --yes', {}, '--confirm Sandbox'],
    ['with a wrong --confirm', 'token revoke Grafana Sandbox --yes --confirm Grafana', {}, "Expected 'Sandbox'."],
    ['with a wrong name on a terminal', 'token revoke Grafana Sandbox --yes', { keys: 'Grafana\r', columns: 100 }, "Expected 'Sandbox'."],
  ])('revokes nothing %s', async (_, line, options, words) => {
    await signIn(bed.sandbox.token);
    const run = await bed.dnx(line, { ...options, env: stored });
    expect([run.code, names().length]).toEqual([2, 6]);
    expect(run.stderr).toContain(words);
  });

  test('the confirmation says that it signs you out', async () => {
    await signIn(bed.sandbox.token);
    const run = await bed.dnx('token revoke Grafana Sandbox', { keys: 'y\rSandbox\r', columns: 100, env: stored });
    expect([run.code, names().length]).toEqual([0, 4]);
    expect(run.stderr).toContain('You are currently using token Sandbox. Revoking it signs you out.');
  });
});
