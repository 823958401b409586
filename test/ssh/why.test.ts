import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/features/why/diagnosis.ts';
import { captureChild } from '../../src/machine/child.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { said } from '../support/executable.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';
import { leading, sampled, seedOf } from '../support/volume.ts';
import { FAILED, openWhyBed, type WhyBed } from '../support/why-bed.ts';
import { logged } from './why/known.ts';

const reason = reasonAgainstSsh();
if (reason !== undefined) process.stderr.write(`Skipped the tests of dnx why: ${reason}\n`);
const it = test.skipIf(reason !== undefined);

let bed: WhyBed;
beforeAll(async () => {
  if (reason === undefined) bed = await openWhyBed();
});
afterAll(() => bed?.close());

const platform = 'Root composer.json requires php ^8.3 but your php version (8.2.29) does not satisfy that requirement.';
const log = `Deploying release ${FAILED}\n    - ${platform}\n`;

/** Puts an `ssh` first in PATH that runs this script; `$real` is the usual one. */
function withSsh(name: string, script: string): { readonly PATH: string } {
  const directory = join(bed.directory, name);
  mkdirSync(directory);
  writeFileSync(join(directory, 'ssh'), `#!/bin/sh\nreal=${join(bed.sshd.directory, 'bin/ssh')}\n${script}\n`, { mode: 0o755 });
  return { PATH: `${directory}:/usr/bin:/bin` };
}

/** Every file below a directory, with its size and times. */
const filesIn = (root: string): readonly string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => {
    const { size, mtimeMs, ctimeMs } = statSync(join(root, name), { throwIfNoEntry: false }) ?? {};
    return [name, size, mtimeMs, ctimeMs].join(' ');
  });

it('shows people the cause, the line and the command that fixes it', async () => {
  const site = bed.plant(logged(log, { site: { domain: 'seen.example.com', php_version: '8.2' } }));
  const { exitCode, stdout, stderr } = await bed.why(site);
  expect([exitCode, stdout.replace(/\d{4}-\d\d-\d\dT[\d:]+Z/, 'TIME')]).toEqual([
    0,
    [
      '✗ Deployment of seen.example.com failed TIME: PHP 8.2 is too old',
      `  release  ${FAILED}  b085a9d Queue the invoice mails`,
      '  live     20261124_031005  90c27bf Fix rounding of VAT',
      `  because  - ${platform} (deploy log, line 2)`,
      '  fix      dnx site update seen.example.com --php-version 8.3 --server web-1',
      '           dnx deploy seen.example.com --server web-1',
      '',
    ].join('\n'),
  ]);
  expect(stderr).toBe('Reading seen.example.com\nReading the logs on web-1 over SSH\n');
});

it('says that nothing is wrong, and what was checked', async () => {
  const site = bed.plant({ failed: false });
  const { exitCode, stdout } = await bed.why(site);
  expect([exitCode, stdout.replace(/\d+ms/, 'TIME')]).toEqual([
    0,
    `✓ Nothing is wrong with ${site.domain}\n  response  200 in TIME\n  disk      32% full\n  memory    73% available\n`,
  ]);
});

it('reads a log that the user has', async () => {
  const site = bed.plant({ site: { php_version: '8.2' } });
  writeFileSync(join(bed.directory, 'copied.log'), log);
  const { stdout } = await bed.why(site, ['--json', '--log', '@copied.log']);
  const { cause, evidence, unknown } = JSON.parse(stdout) as Diagnosis;
  expect([cause, evidence[0]?.source, evidence[0]?.line_number]).toEqual(['composer_platform', 'given', 2]);
  expect(unknown.map(({ what }) => what)).not.toContain('deployment log');
});

it('changes nothing, at Deploynix and on the server', async () => {
  const site = bed.plant(logged(log, { files: { 'shared/.env': 'A=1\n', 'shared/storage/logs/laravel.log': 'x\n' } }));
  const root = `/home/deploynix/${site.domain}`;
  const before = [filesIn(root), bed.sandbox.calls.length] as const;
  await expect(bed.why(site)).toExit(0);
  expect(filesIn(root)).toEqual(before[0]);
  expect([...new Set(bed.sandbox.calls.slice(before[1]).map(({ method }) => method))]).toEqual(['GET']);
});

it('runs no word of a domain, a release or a commit, here or there', async () => {
  const names = [
    `'; touch pwned; '.example.com`,
    '$(touch pwned).example.com',
    '`touch pwned`.example.com',
    '"; touch pwned #.example.com',
    '-rf.example.com',
  ];
  for (const domain of sampled(names, 1, seedOf(9))) {
    const state = {
      site: { domain, php_version: '8.2', branch: '$(touch pwned)' },
      release: { name: `$(touch pwned)'; touch pwned; '`, commit_message: '\x1b]0;pwned\x07$(touch pwned)' },
    };
    const site = bed.plant(logged(`    - ${platform}\n`, state));
    const { exitCode, stdout } = await bed.why(site);
    expect(exitCode).toBe(0);
    expect(stdout, domain).toContain('(deploy log, line 1)');
    expect(stdout).not.toContain('\x1b');
    const places = ['/home/deploynix', `/home/deploynix/${domain}`, bed.directory, process.cwd()];
    expect(places.filter((place) => existsSync(join(place, 'pwned')))).toEqual([]);
  }
});

it('never reads values of variables from the server, and hides secrets in lines', async () => {
  const key = ['MIIEvQIBADANBgkqhkiG9w0BAQEFAASC', 'Zm9vYmFyZm9vYmFyZm9vYmFy=', 'QUJDREVGR0g='];
  const env = `APP_KEY=base64:c2VjcmV0IHZhbHVl\nexport DB_PASSWORD='hunter2 hunter2'\nPRIVATE_KEY="-----BEGIN PRIVATE KEY-----\n${key.join('\n')}\n-----END PRIVATE KEY-----"\nEMPTY=\n`;
  const pieces = ['ESCAPED_PIECE=1', 'COMMENT_PIECE=2', 'HASH_PIECE=3'];
  const odd = `ESCAPED="it is \\"\n${pieces[0]}"\n# OLD="\n${pieces[1]}"\nHASH=1 #="\n${pieces[2]}"\n`;
  const secrets = ['hunter2', 'ghp_0123456789abcdefghij', 'corr3ct-horse', 'sw0rdfish', 'tok-9f8e7d6c', 'v4lue-of-stripe'];
  const lines = [
    `fatal: unable to access 'https://ada:corr3ct-horse@github.com/example/shop.git/': Could not resolve host: github.com`,
    `error: failed with DB_PASSWORD=hunter2 and "token": "tok-9f8e7d6c", Authorization: Bearer tok-9f8e7d6c`,
    `error: mysqldump -u shop -psw0rdfish failed with ghp_0123456789abcdefghij and v4lue-of-stripe`,
  ];
  const site = bed.plant(logged(`Deploying release ${FAILED}\n${lines.join('\n')}\n`, { files: { 'shared/.env': env + odd } }));
  const [variable] = bed.sandbox.state.environment_variables;
  if (variable)
    bed.sandbox.state.environment_variables.push({
      ...variable,
      id: 'var-why',
      site_id: site.id,
      key: 'STRIPE_SECRET',
      value: 'v4lue-of-stripe',
    });
  const PATH = withSsh('spy', `exec "$real" "$@" | tee ${join(bed.directory, 'seen')}`);
  const unknown = await bed.why(site, [], { env: PATH });
  const known = await bed.why(site, ['--json', '--debug']);
  for (const secret of [...secrets, ...key]) expect(unknown.stdout + unknown.stderr + known.stdout + known.stderr).not.toContain(secret);
  expect((JSON.parse(known.stdout) as Diagnosis).evidence[0]?.line).toBe(
    "fatal: unable to access 'https://***@github.com/example/shop.git/': Could not resolve host: github.com",
  );
  const received = readFileSync(join(bed.directory, 'seen'), 'utf8');
  const [, body = ''] = /\S+ env\n([^ ]*?)\n\n/.exec(received) ?? [];
  expect(Buffer.from(body, 'base64').toString()).toBe('APP_KEY\nDB_PASSWORD\nPRIVATE_KEY\nEMPTY=\nESCAPED\nHASH\n');
});

it('reads no name from a .env that Laravel refuses', async () => {
  const env = `APP_KEY=base64:c2VjcmV0\nPRIVATE_KEY='-----BEGIN PRIVATE KEY-----\nZm9vYmFyZm9vYmFyZm9vYmFy=\n-----END PRIVATE KEY-----'\n`;
  const site = bed.plant({ failed: false, files: { 'shared/.env': env } });
  const PATH = withSsh('refused-env', `exec "$real" "$@" | tee ${join(bed.directory, 'refused-seen')}`);
  const { stdout } = await bed.why(site, ['--json'], { env: PATH });
  expect((JSON.parse(stdout) as Diagnosis).unknown).toContainEqual({
    what: `/home/deploynix/${site.domain}/shared/.env`,
    why: 'Laravel cannot read it',
    fix: null,
  });
  expect(readFileSync(join(bed.directory, 'refused-seen'), 'utf8')).not.toMatch(/ env\n/);
});

it('shows the nearest lines without secrets', async () => {
  const site = bed.plant(logged(`Deploying release ${FAILED}\nerror: failed with DB_PASSWORD=hunter2 and "token": "tok-9f8e7d6c"\n`));
  const { stdout } = await bed.why(site);
  expect(stdout).toContain('nearest   error: failed with DB_PASSWORD=*** and "token": *** (deploy log, line 2)');
});

it.each(
  leading(
    [
      ['ssh is missing', () => ({ PATH: '/nowhere' }), 'Could not run ssh: command not found'],
      [
        'no key is accepted',
        () => withSsh('refused', 'echo "deploynix@203.0.113.10: Permission denied (publickey)." >&2; exit 255'),
        'Permission denied (publickey)',
      ],
      ['a login prints and runs nothing', () => withSsh('banner', 'echo Welcome'), 'the server ran no command over SSH'],
    ],
    2,
  ),
)('judges from the API alone if %s', async (_, env, why) => {
  const suspended = await bed.why(bed.plant({ failed: false, site: { status: 'suspended' } }), ['--json'], { env: env() });
  const known = JSON.parse(suspended.stdout) as Diagnosis;
  expect([suspended.exitCode, known.cause]).toEqual([0, 'site_suspended']);
  expect(known.unknown).toEqual([
    {
      what: 'server logs and state',
      why: expect.stringContaining(why),
      fix: expect.toSatisfy((fix) => (why.startsWith('Permission') ? /\. Then: dnx ssh-key create \S+ --server web-1 /.test(fix) : true)),
    },
  ]);
});

it('gives up on a server that does not answer', async () => {
  const limits: unknown[] = [];
  const program: typeof captureChild = (child, parent) => {
    if (child.file === 'ssh' && child.args[0] !== '-G') limits.push(child.limitMs);
    return captureChild({ ...child, limitMs: 100 }, parent);
  };
  const ran = await bed.why(bed.plant({}), ['--json'], { program, env: withSsh('hangs', 'exec sleep 100') });
  const { outcome, unknown } = JSON.parse(ran.stdout) as Diagnosis;
  expect([ran.exitCode, outcome, limits]).toEqual([0, 'unknown', [20_000]]);
  expect(unknown).toContainEqual({ what: 'server logs and state', why: 'the server did not answer over SSH in 20s', fix: null });
});

it('keeps what it read if the connection is cut', async () => {
  const env = withSsh('cut', `"$real" "$@" | sed '/ php$/q'`);
  const ran = await bed.why(bed.plant({ failed: false }), ['--json'], { env });
  const { outcome, unknown, checks } = JSON.parse(ran.stdout) as Diagnosis;
  expect([ran.exitCode, outcome, checks.memory?.total]).toEqual([0, 'healthy', 4105158656]);
  expect(unknown).toContainEqual({ what: 'the rest of the server', why: 'the connection was cut', fix: null });
});

it('does not call a site healthy whose server the token cannot read', async () => {
  const site = bed.plant({ failed: false });
  const { exitCode, stdout } = await bed.why(site, ['--json'], { env: { DNX_TOKEN: bed.sandbox.mint(['site:read']) } });
  const { outcome, unknown } = JSON.parse(stdout) as Diagnosis;
  expect([exitCode, outcome]).toEqual([5, 'unknown']);
  expect(unknown.map(({ what, why }) => `${what}: ${why}`)).toEqual([
    'server: needs server:read',
    'certificates: needs certificate:read',
    'workers: needs queue-worker:read',
    'server log: needs server:read',
    'server over SSH: needs server:read',
  ]);
});

it('fails if it cannot read the site', async () => {
  await expect(bed.here(['why', '01JQ8Z4T9G00000000000NOSUC', '--server', seeded.servers['web-1'], '--url', 'http://127.0.0.1:9/'])).toExit(
    6,
    { stdout: '', says: 'not found' },
  );
  await expect(
    bed.here(['why', '01JQ8Z4T9G00000000000NOSUC', '--server', seeded.servers['web-1']], {
      env: { DNX_TOKEN: 'wrong' },
    }),
  ).toExit(4, { stdout: '', says: 'DNX_TOKEN' });
});

it('ends with Ctrl-C, and ends ssh', async () => {
  const env = withSsh('interrupted', `echo $$ >${join(bed.directory, 'pid')}; exec sleep 100`);
  const running = bed.begin(bed.plant({}), { env });
  await said(running, 'over SSH');
  await expect
    .poll(() => existsSync(join(bed.directory, 'pid')) && readFileSync(join(bed.directory, 'pid'), 'utf8').trim())
    .toMatch(/^\d+$/);
  running.kill('SIGINT');
  const { exitCode, stdout } = await running;
  expect([exitCode, stdout]).toEqual([130, '']);
  expect(existsSync(`/proc/${readFileSync(join(bed.directory, 'pid'), 'utf8').trim()}`)).toBe(false);
});
