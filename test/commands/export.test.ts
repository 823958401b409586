import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stateIn } from '../../src/features/state/file.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { withRows } from '../support/platform.ts';
import { seedOf, volume } from '../support/volume.ts';

const bed = perTest(openBed);

const fileIn = ({ directory }: Bed): string => join(directory, 'deploynix.yml');
const write = (text: string): void => writeFileSync(fileIn(bed), text);
const read = (): string => readFileSync(fileIn(bed), 'utf8');
const shop = () => bed.sandbox.state.sites.find(({ domain }) => domain === 'shop.example.com');

const setVariable = (key: string, value: string): void => {
  const at = new Date(bed.clock.now()).toISOString();
  bed.sandbox.state.environment_variables.push({ id: `VAR${key}`, site_id: shop()?.id ?? '', key, value, created_at: at, updated_at: at });
};

describe('what is exported', () => {
  test('everything is read again as it was written, and nothing differs', async () => {
    const run = await bed.dnx('export');
    expect(run).toExit(0);
    const { entries } = stateIn(run.stdout, 'deploynix.yml');
    expect(new Set(entries.map(({ kind }) => kind)).size).toBe(13);
    write(run.stdout);
    const again = await bed.dnx('export --out deploynix.yml');
    expect(again).toExit(0, { stdout: '✓ deploynix.yml is up to date\n' });
    expect(read()).toBe(run.stdout);
    expect(again.changes).toEqual([]);
    await expect(bed.dnx('drift')).toExit(0);
    await expect(bed.dnx('apply --dry-run --exit-code')).toExit(0, { changes: [] });
  });

  test('a site is the whole file', async () => {
    const run = await bed.dnx('export blog.example.com');
    expect(run).toExit(0, { stderr: 'The value of 1 variable is not in the file: DB_PASSWORD.\n' });
    expect(run.stdout).toBe(`# yaml-language-server: $schema=https://raw.githubusercontent.com/deploynix/dnx/main/docs/deploynix.schema.json
sites:
  blog.example.com:
    server: web-1
    type: statamic
    repository: example/blog
    branch: main
    web_directory: /public
    php_version: 8.3
    zero_downtime: false
    env:
      APP_ENV: production
      APP_DEBUG: false
    secrets: [DB_PASSWORD]
    redirects:
      - { from: /feed, to: /rss.xml, type: 301 }
    certificates: true
`);
  });

  test('a domain on two servers has its server in the key', async () => {
    const run = await bed.dnx('export --json');
    const { sites } = run.json<{ sites: Record<string, { server?: string }> }>();
    expect(Object.keys(sites)).toContain('web-2/staging.example.com');
    expect(sites['web-2/staging.example.com']?.server).toBeUndefined();
    const one = await bed.dnx('export staging.example.com --server web-2 --json');
    expect(one.json<{ sites: object }>().sites).toHaveProperty(['staging.example.com', 'server'], 'web-2');
    const same = await bed.dnx('export web-2/staging.example.com --json');
    expect(same.stdout).toBe(one.stdout);
    await expect(bed.dnx('export staging.example.com --server web-1 --server web-2')).toExit(2, { calls: [] });
  });

  test('in a linked project, its site is exported', async () => {
    await expect(bed.dnx('link api.example.com')).toExit(0);
    const run = await bed.dnx('export --json');
    expect(Object.keys(run.json())).toEqual(['sites']);
    expect(Object.keys(run.json<{ sites: object }>().sites)).toEqual(['api.example.com']);
  });

  test('an account with nothing in it is an empty file', async () => {
    Object.assign(bed.sandbox.state, { servers: [], sites: [], git_repositories: [] });
    const run = await bed.dnx('export');
    expect(run).toExit(0, { stdout: expect.stringMatching(/^# yaml-language-server: .*\n{}\n$/) });
    await expect(bed.dnx('export --json')).toExit(0, { stdout: '{}\n' });
  });

  test('several servers are exported with their sites', async () => {
    const run = await bed.dnx('export --server web-2 --server db-1 --json');
    const { servers, sites, ...others } = run.json<{ servers: object; sites: object }>();
    expect(Object.keys(servers)).toEqual(['web-2', 'db-1']);
    expect(Object.keys(sites)).toEqual(['api.example.com', 'staging.example.com', 'docs.example.com']);
    expect(others).toEqual({});
  });

  test('only the lists of the site are read, once its names are known', async () => {
    const { calls } = await bed.dnx('export shop.example.com --server web-1');
    expect(calls.map((call) => call.replace(/[0-9A-Z]{26}/g, '*')).sort()).toEqual([
      'GET /git-repositories',
      'GET /servers',
      'GET /servers',
      'GET /servers/*/sites',
      'GET /servers/*/sites',
      'GET /servers/*/sites/*/certificates',
      'GET /servers/*/sites/*/environment-variables',
      'GET /servers/*/sites/*/queues',
      'GET /servers/*/sites/*/redirects',
    ]);
  });
});

describe('other platforms', () => {
  test('values that the API hides stand in secrets, masked or left out', async () => {
    for (const hide of [() => ({ value: '••••••••' }), () => ({ value: null }), () => ({ value: undefined })]) {
      const stop = bed.sandbox.faults.always({ method: 'GET', path: /\/environment-variables$/ }, (answer) =>
        withRows(answer, (rows) => rows.map((row) => ({ ...row, ...hide() }))),
      );
      const run = await bed.dnx('export blog.example.com', { lies: true });
      expect(run).toExit(0, { stdout: expect.stringContaining('secrets: [APP_ENV, APP_DEBUG, DB_PASSWORD]') });
      expect(run.stdout).not.toMatch(/env:|•/);
      stop();
    }
  });

  test('what a list leaves out is read from the resource', async () => {
    const whole = await bed.dnx('export --server web-1');
    for (const path of ['/servers/{server}/sites', '/servers/{server}/crontabs', '/servers/{server}/daemons'])
      bed.sandbox.faults.always({ method: 'GET', path }, (answer) =>
        withRows(answer, (rows) => rows.map(({ id, domain, command }) => ({ id, domain, command }))),
      );
    const run = await bed.dnx('export --server web-1', { lies: true });
    expect(run).toExit(0, { stdout: whole.stdout });
  });

  test('whatever the fields hold, nothing differs after an export', async () => {
    const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((text) => text.replaceAll(/[\0\ufffd•*]/g, ''));
    await fc.assert(
      fc.asyncProperty(fc.array(words, { minLength: 8, maxLength: 8 }), async (texts) => {
        const { state } = bed.sandbox;
        const rows = [
          ...state.environment_variables.map((row) => [row, 'value'] as const),
          ...state.crontabs.map((row) => [row, 'command'] as const),
          ...state.daemons.map((row) => [row, 'command'] as const),
          ...state.redirects.map((row) => [row, 'from'] as const),
          ...state.redirects.map((row) => [row, 'to'] as const),
        ];
        for (const [at, [row, field]] of rows.entries()) Object.assign(row, { [field]: `${at}${texts[at % texts.length]}` });
        const keys = state.environment_variables.map(({ key }) => key);
        const allowed = [...new Set([...keys, 'crontabs', 'daemons', 'redirects'])].flatMap((key) => ['--allow-secret', key]);
        write('');
        await expect(bed.dnx(['export', '--out', 'deploynix.yml', ...allowed])).toExit(0);
        await expect(bed.dnx('drift')).toExit(0);
        const text = read();
        await expect(bed.dnx(['export', '--out', 'deploynix.yml', ...allowed])).toExit(0);
        expect(read()).toBe(text);
      }),
      { seed: seedOf(74), numRuns: volume(30, 3) },
    );
  });
});

describe('secrets', () => {
  test('no value that may be a secret is printed', async () => {
    const secrets = ['hunter2 but longer', 'not-a-real-key', 'c2FuZGJveC1z', 'blog-password', 'api-password'];
    for (const format of ['', '--json', '-o yaml']) {
      const { stdout, stderr } = await bed.dnx(`export ${format}`);
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
    }
  });

  test('a variable is written with its value if it is named', async () => {
    const run = await bed.dnx('export shop.example.com --allow-secret STRIPE_SECRET');
    expect(run).toExit(0, { stdout: expect.stringContaining('STRIPE_SECRET: not-a-real-key') });
    await expect(bed.dnx('export shop.example.com --allow-secret STRIPE_SECERT')).toExit(2, {
      stderr: expect.stringContaining("called 'STRIPE_SECERT'. Did you mean 'STRIPE_SECRET'?"),
    });
  });

  test('a command that holds a secret stops the export, and is named without it', async () => {
    const [job] = bed.sandbox.state.crontabs;
    if (job) job.command = 'curl https://ping.example.com/?token=s3cr3t-t0ken';
    const run = await bed.dnx('export --server web-1 --out deploynix.yml');
    expect(run).toExit(2, { stderr: expect.stringContaining('--allow-secret crontabs') });
    expect(run.stderr).toContain('web-1 cron job');
    expect(run.stderr).not.toContain('s3cr3t');
    expect(() => read()).toThrow();
    await expect(bed.dnx('export --server web-1 --allow-secret crontabs')).toExit(0, {
      stdout: expect.stringContaining('command: curl https://ping.example.com/?token=s3cr3t-t0ken'),
    });
  });

  test('none is written or printed, wherever it stands', async () => {
    const { state } = bed.sandbox;
    const variable = { id: 'VARX', site_id: shop()?.id ?? '', key: 'APP_NAME', value: 'Shop', created_at: '', updated_at: '' };
    state.environment_variables = [variable];
    const database = state.databases.find(({ server_id: id }) => id === shop()?.server_id);
    const places: readonly (readonly [row: object | undefined, field: string])[] = [
      [state.crontabs[0], 'command'],
      [state.daemons[0], 'command'],
      [state.daemons[0], 'directory'],
      [state.redirects.find(({ site_id: id }) => id === shop()?.id), 'from'],
      [state.redirects.find(({ site_id: id }) => id === shop()?.id), 'to'],
      [state.queues.find(({ site_id: id }) => id === shop()?.id), 'queue'],
      [state.ssh_keys[0], 'name'],
      [state.ssh_keys[0], 'public_key'],
      [database, 'name'],
      [state.database_users.find(({ database_id: id }) => id === database?.id), 'username'],
      [state.network_rules[0], 'name'],
      [state.servers[0], 'name'],
      [state.git_repositories[0], 'name'],
      [shop(), 'branch'],
      [shop(), 'web_directory'],
      [variable, 'key'],
      [variable, 'value'],
    ];
    const secrets = ['https://ada:hunter2@example.com', 'op://x?token=hunter2', 'x ghp_abcdhunter2 x', 'curl https://hunter2:@example.com'];
    for (const [at, [row, field]] of places.entries()) {
      expect(row).toBeDefined();
      const before = Object.entries(row ?? {}).find(([name]) => name === field)?.[1];
      Object.assign(row ?? {}, { [field]: `${field === 'public_key' ? 'ssh-ed25519 AAAA ' : ''}${secrets[at % secrets.length]}` });
      const run = await bed.dnx(['export', '--server', shop()?.server_id ?? '', '--out', 'deploynix.yml']);
      expect(run).toExit(field === 'value' ? 0 : 2);
      expect(run.stdout + run.stderr + (existsSync(fileIn(bed)) ? read() : '')).not.toContain('hunter2');
      Object.assign(row ?? {}, { [field]: before });
    }
  });

  test('a value that looks like a reference is text', async () => {
    setVariable('MAIL_HOST', 'op://not/a/reference');
    const run = await bed.dnx('export shop.example.com --allow-secret MAIL_HOST');
    expect(run.stdout).toContain('MAIL_HOST: { text: op://not/a/reference }');
    const [entry] = stateIn(run.stdout, 'x').entries.filter(({ fields }) => fields.key === 'MAIL_HOST');
    expect(entry).toMatchObject({ fields: { value: 'op://not/a/reference' }, references: {} });
  });
});

const FILE = `# Shop, kept by Ada
sites:
    shop.example.com:
        server:   web-1    # Falkenstein
        branch: "develop"  # deployed by hand

        env:
            APP_NAME: 'Example Shop'
            # asked by Grace
            APP_DEBUG: true
            DB_PASSWORD: op://prod/db/password
            GONE: x
        redirects:
        - { from: /agb, to: /terms }
    blog.example.com: &blog
        branch: main
    # the old shop
    elsewhere.example.com: { server: web-2, branch: main }
`;

describe('a file that exists', () => {
  test('keeps comments, order, quotes, references and other sites', async () => {
    write(FILE);
    const run = await bed.dnx('export shop.example.com --out deploynix.yml');
    expect(run).toExit(0, {
      stdout: expect.stringMatching(/^✓ Wrote deploynix\.yml: \d+ entries\n {2}removed {2}GONE; not at Deploynix\n$/),
    });
    const lines = read().split('\n');
    const kept = FILE.replace('"develop"', '"main"').replace('APP_DEBUG: true', 'APP_DEBUG: false').replace('            GONE: x\n', '');
    const before = kept.split('\n');
    expect(before.filter((line) => !lines.includes(line))).toEqual([]);
    expect(lines.filter((line) => before.includes(line))).toEqual(before);
    expect(read()).toContain('        - { from: /agb, to: /terms }\n        - { from: /sale, to: /collections/summer, type: 302 }\n');
    await expect(bed.dnx('export shop.example.com --out deploynix.yml')).toExit(0, { stdout: '✓ deploynix.yml is up to date\n' });
  });

  test('says of how many sites the value of a variable is not in the file', async () => {
    const says = 'The values of 4 variables are not in the file: APP_KEY, DB_PASSWORD (2), STRIPE_SECRET.\n';
    await expect(bed.dnx('export --server web-1 --out new.yml')).toExit(0, { says });
  });

  test('may be a link in the project, and keeps its mode; a new one is readable for others', async () => {
    await expect(bed.dnx('export blog.example.com --out new.yml')).toExit(0);
    expect(statSync(join(bed.directory, 'new.yml')).mode & 0o777).toBe(0o644);
    write('sites: { blog.example.com: { branch: x } }\n');
    symlinkSync('deploynix.yml', join(bed.directory, 'link.yml'));
    await expect(bed.dnx('export blog.example.com --out link.yml')).toExit(0);
    expect(read()).toContain('branch: main');
  });

  test('may be JSON, and stays JSON', async () => {
    const file = join(bed.directory, 'state.json');
    const lines = () => readFileSync(file, 'utf8').split('\n');
    await expect(bed.dnx('export shop.example.com --out state.json')).toExit(0);
    const before = lines();
    for (const queue of bed.sandbox.state.queues) queue.processes = 7;
    await expect(bed.dnx('export shop.example.com --out state.json')).toExit(0);
    expect(lines()).toEqual(before.map((line) => line.replace(/"processes": \d/, '"processes": 7')));
    await expect(bed.dnx('export shop.example.com --out state.json')).toExit(0, { stdout: '✓ state.json is up to date\n' });
  });

  test.each(['# kept by Ada\n', '---\n', '\n\n', '{}\n'])('may have nothing in it: %j', async (text) => {
    write(text);
    await expect(bed.dnx('export blog.example.com --out deploynix.yml')).toExit(0);
    expect(read()).toContain('    env:\n      APP_ENV: production\n');
    expect(read().startsWith(text.replace('{}\n', 'sites:\n'))).toBe(true);
  });

  test.each([undefined, '# kept by Ada\n', 'sites: { blog.example.com: { branch: x } }\n'])(
    'is not replaced if it was changed meanwhile: %j',
    async (text) => {
      if (text !== undefined) write(text);
      bed.sandbox.faults.always({ method: 'GET', path: /\/redirects$/ }, (answer) => {
        write('# saved by an editor\n');
        return answer;
      });
      await expect(bed.dnx('export blog.example.com --out deploynix.yml')).toExit(10);
      expect(read()).toBe('# saved by an editor\n');
    },
  );

  test('is not written through a link that leads out of the project', async () => {
    mkdirSync(join(bed.directory, 'project', '.git'), { recursive: true });
    const outside = join(bed.directory, 'outside.yml');
    writeFileSync(outside, '# not mine\n');
    symlinkSync('../outside.yml', join(bed.directory, 'project', 'deploynix.yml'));
    await expect(bed.dnx('export blog.example.com --out deploynix.yml', { cwd: join(bed.directory, 'project') })).toExit(2);
    expect(readFileSync(outside, 'utf8')).toBe('# not mine\n');
  });

  test('is not replaced if it is no state file', async () => {
    write('services: {}\n');
    await expect(bed.dnx('export --out deploynix.yml')).toExit(2, {
      stderr: expect.stringContaining("'services' is not a key of the file"),
    });
    expect(read()).toBe('services: {}\n');
  });
});

describe('what cannot be exported', () => {
  test('a list that the token cannot read is not in the file, which is said', async () => {
    bed.sandbox.faults.always({ method: 'GET', path: /\/queues$/ }, { status: 403, body: { message: 'Invalid ability provided.' } });
    const run = await bed.dnx('export shop.example.com');
    expect(run.stdout).toContain('    redirects:\n');
    expect(run).toExit(5, { stdout: expect.not.stringContaining('queues:'), stderr: expect.stringContaining('1 list could not be read') });
    bed.sandbox.faults.always(
      { method: 'GET', path: '/git-repositories' },
      { status: 403, body: { message: 'Invalid ability provided.' } },
    );
    await expect(bed.dnx('export --server web-1 --server web-2')).toExit(5, {
      stderr: expect.stringContaining('7 lists could not be read'),
    });
    write('sites: { shop.example.com: { queues: [default, gone] } }\n');
    await expect(bed.dnx('export shop.example.com --out deploynix.yml')).toExit(5);
    expect(read()).toContain('queues: [default, gone]');
  });

  test('servers with one name cannot be told apart', async () => {
    for (const server of bed.sandbox.state.servers) if (server.name === 'web-2') server.name = 'web-1';
    const run = await bed.dnx('export');
    expect(run).toExit(6, { stdout: '', stderr: expect.stringContaining('web-1') });
  });

  test('keys with one name cannot be told apart; what is there twice is said once', async () => {
    const [key, other] = bed.sandbox.state.ssh_keys;
    if (key && other) other.name = key.name;
    await expect(bed.dnx('export --server web-1')).toExit(2, {
      stderr: expect.stringContaining('There are several SSH keys named ada@laptop on web-1.'),
    });
    if (key && other) other.public_key = key.public_key;
    const run = await bed.dnx('export --server web-1');
    expect(run).toExit(0, { stderr: expect.stringContaining('! web-1 has 1 SSH key twice. The file says it once.') });
  });
});
