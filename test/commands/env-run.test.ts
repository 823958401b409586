import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { variableGroups } from '../../src/machine/settings/variables.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type Run } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const SITE = seeded.sites['blog.example.com'];
const ids = `--server ${seeded.servers['web-1']} --site ${SITE}`;
const run = `env run ${ids}`;

const bed = perTest(openBed);
beforeEach(() => writeFileSync(join(bed.directory, '.env.example'), 'APP_ENV=local\nAPP_DEBUG=true\nDB_PASSWORD=\n'));

/** Adds a variable to the site. */
function add(key: string, value: unknown): void {
  const [first] = bed.sandbox.state.environment_variables.filter((each) => each.site_id === SITE);
  if (!first) throw new Error('no variable');
  bed.sandbox.state.environment_variables.push({ ...first, id: `NEW-${key}`, key, value: value as string });
}

/** The environment of the last child. */
const given = () => bed.children.at(-1)?.env ?? {};
const output = ({ stdout, stderr }: Run) => stdout + stderr;

test('the command gets the variables of the site, which override its own, with one request', async () => {
  const ran = await bed.dnx(`${run} -- npm test`, { env: { APP_ENV: 'local', MINE: '1' } });
  expect(ran).toExit(0, { stdout: '', stderr: '', calls: [`GET /servers/${seeded.servers['web-1']}/sites/${SITE}/environment-variables`] });
  expect(bed.children).toEqual([expect.objectContaining({ file: 'npm', args: ['test'], foreground: true })]);
  expect(given()).toMatchObject({ APP_ENV: 'production', APP_DEBUG: 'false', DB_PASSWORD: 'blog-password', MINE: '1' });
});

test.each(['shop.example.com --all --', '--all shop.example.com --', 'shop.example.com --server web-1 --all --'])(
  'an option of dnx may come after the site: %s',
  async (words) => {
    const ran = await bed.dnx(`env run ${words} printenv --all`);
    expect([ran.code, bed.children.at(-1)?.args], ran.stderr).toEqual([0, ['--all']]);
    expect(given().APP_URL).toBeDefined();
  },
);

test('an unknown option after the site is refused', async () => {
  const ran = await bed.dnx('env run shop.example.com --al -- printenv');
  expect([ran.code, ran.stderr, bed.children]).toEqual([2, expect.stringContaining("Unknown option '--al'."), []]);
});

test('its options are its own', async () => {
  const ran = await bed.dnx(`${run} -- php artisan queue:work --help --site x --json`);
  expect([ran.code, bed.children[0]?.args]).toEqual([0, ['artisan', 'queue:work', '--help', '--site', 'x', '--json']]);
});

test('its exit code is that of dnx', async () => {
  await expect(bed.dnx(`${run} -- false`, { child: () => 77 })).toExit(77, { stdout: '', stderr: '' });
});

describe('variables that the project does not name', () => {
  const odd = ['RSYNC_RSH', 'TAR_OPTIONS', 'CC', 'PS1', 'GIT_SSH_COMMAND', 'BASH_ENV', 'PYTHONPATH'];
  const leftOut = (keys: readonly string[]) =>
    `Left out ${keys.join(', ')}: not in .env.example or .env of this project. Add them there, or use --all.\n`;

  test('stay as they are, and are listed', async () => {
    for (const key of odd) add(key, '/evil');
    await expect(bed.dnx(`${run} -- env`, { env: { CC: 'gcc' } })).toExit(0, { stderr: leftOut(odd) });
    expect(given()).toMatchObject({ CC: 'gcc', APP_ENV: 'production' });
    expect(Object.values(given())).not.toContain('/evil');
  });

  test('are passed on with --all, which needs no file', async () => {
    for (const key of odd) add(key, '/mine');
    rmSync(join(bed.directory, '.env.example'));
    const ran = await bed.dnx(`${run} --all -- env`);
    expect([ran.code, ran.stderr, odd.filter((key) => given()[key] !== '/mine')]).toEqual([0, '', []]);
  });

  test('are not those in .env.example or .env, here or at the root of the project', async () => {
    mkdirSync(join(bed.directory, 'clone/.git'), { recursive: true });
    mkdirSync(join(bed.directory, 'clone/app'));
    writeFileSync(join(bed.directory, 'clone/.env.example'), 'APP_ENV=\nexport DB_PASSWORD="\n# APP_DEBUG=\n');
    const cwd = join(bed.directory, 'clone/app');
    await expect(bed.dnx(`${run} -- env`, { cwd })).toExit(0, { stderr: leftOut(['APP_DEBUG']) });
    writeFileSync(join(cwd, '.env'), 'APP_DEBUG=mine\n');
    const second = await bed.dnx(`${run} -- env`, { cwd });
    expect([second.code, second.stderr, given()]).toEqual([0, '', expect.objectContaining({ APP_DEBUG: 'false' })]);
  });

  test('are all of them without such a file: nothing runs', async () => {
    rmSync(join(bed.directory, '.env.example'));
    writeFileSync(join(bed.directory, '.env.production'), 'APP_ENV=\n');
    const ran = await bed.dnx(`${run} -- env`);
    expect([ran.code, ran.calls, bed.children]).toEqual([2, [], []]);
    expect(ran.stderr).toBe(
      'Error: No .env.example or .env here names the variables to pass on.\n  Run this in the project, or use --all.\n',
    );
  });
});

describe('what dnx and its runtime read is never taken from a site, also with --all', () => {
  const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'];
  const certificates = ['NODE_TLS_REJECT_UNAUTHORIZED', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'OPENSSL_CONF'];
  const others = [
    'NODE_OPTIONS',
    'NODE_USE_ENV_PROXY',
    'DBUS_SESSION_BUS_ADDRESS',
    'APPDATA',
    'Https_Proxy',
    'node_options',
    'GITHUB_OUTPUT',
  ];
  /** What makes an executable of dnx, or any program, load code. */
  const loading = ['BUN_OPTIONS', 'BUN_INSPECT_PRELOAD', 'BUN_BE_BUN', 'bun_jsc_useJIT', 'LD_PRELOAD', 'LD_AUDIT', 'DYLD_INSERT_LIBRARIES'];

  test.each(['', ' --all'])('dnx env run%s', async (all) => {
    const keys = ['DNX_HOST', 'DNX_TOKEN', 'dnx_host', ...proxies, ...certificates, ...others, ...loading];
    writeFileSync(join(bed.directory, '.env'), keys.map((key) => `${key}=\n`).join(''));
    for (const key of keys) add(key, 'https://evil.example');
    const ran = await bed.dnx(`${run}${all} -- dnx whoami`);
    expect(ran.stderr).toBe(`Left out ${keys.join(', ')}: settings of dnx and its runtime never come from a site.\n`);
    expect(given()).toMatchObject({ DNX_HOST: bed.sandbox.url, DNX_TOKEN: bed.sandbox.token });
    expect(Object.values(given())).not.toContain('https://evil.example');
  });

  test('every variable that dnx reads', async () => {
    const keys = variableGroups.flatMap((group) => group.variables.map(({ name }) => name));
    for (const key of keys) add(key, 'https://evil.example');
    await expect(bed.dnx(`${run} --all -- env`)).toExit(0, { says: `Left out ${keys.join(', ')}: settings of dnx` });
    expect(Object.values(given())).not.toContain('https://evil.example');
  });

  test('NODE_ENV, which only applications read, is passed on', async () => {
    add('NODE_ENV', 'production');
    const ran = await bed.dnx(`${run} --all -- env`);
    expect([ran.stderr, given().NODE_ENV]).toEqual(['', 'production']);
  });
});

test('names that set another variable, or a shell function, are left out', async () => {
  for (const key of ['PATH=/evil', 'A=B', 'A\nPATH', 'BASH_FUNC_ls%%', 'A B', '-x', 'N\0UL']) add(key, '() { evil; }');
  add('__proto__', 'x');
  const ran = await bed.dnx(`${run} --all -- env`, { env: { PATH: '/usr/bin' } });
  expect(ran).toExit(0, { stderr: expect.stringMatching(/^! Left out .*: not a valid name\.\n$/s) });
  expect(Object.keys(given()).filter((key) => !/^\w+$/.test(key))).toEqual([]);
  expect(Object.entries(given())).toContainEqual(['__proto__', 'x']);
  expect(given().PATH).toBe('/usr/bin');
});

test('hidden values are left out with a warning', async () => {
  add('LICENSE', '••••••••');
  const ran = await bed.dnx(`${run} --all -- env`);
  expect([ran.code, ran.stderr, 'LICENSE' in given()]).toEqual([0, '! Left out LICENSE: the API hides the value.\n', false]);
});

test('a value that no command can receive is a usage error that names its key', async () => {
  add('BROKEN', 'secret\0value');
  const ran = await bed.dnx(`${run} --all -- env`);
  expect([ran.code, ran.stdout, bed.children]).toEqual([2, '', []]);
  expect(ran.stderr).toBe('Error: The value of BROKEN contains a NUL character, which no command can receive.\n');
});

test('values are never printed, not even with --debug', async () => {
  add('LICENSE', '••••••••');
  add('PATH', 'private-path');
  const ran = await bed.dnx(`${run} --debug -- env`);
  expect(output(ran)).toContain('> GET ');
  expect(output(ran)).not.toMatch(/blog-password|private-path/);
});

test('on Windows, a name replaces another case of it', async () => {
  add('Greeting', 'theirs');
  const ran = await bed.dnx(`${run} --all -- env`, { platform: 'win32', env: { GREETING: 'mine', SystemRoot: 'C:\\Windows' } });
  expect([ran.code, given().GREETING, given().Greeting]).toEqual([0, undefined, 'theirs']);
});

test('without a command or a site it fails before it runs anything', async () => {
  await expect(bed.dnx(`env run ${ids}`)).toExit(2, { calls: [] });
  const unknown = await bed.dnx('env run --site nowhere.example.com -- env');
  expect([unknown.code, bed.children]).toEqual([6, []]);
});
