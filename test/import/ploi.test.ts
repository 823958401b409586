import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ImportRecord, recordIn } from '../../src/features/import/record.ts';
import { stateIn } from '../../src/features/state/file.ts';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { failures } from '../support/hostile-api.ts';
import { openPloi, PLOI_SECRET } from '../support/ploi.ts';

const bed = perTest(openBed);
const ploi = perTest(openPloi);

type Imported = ImportRecord & { readonly things: number };

const unlimited = { DNX_RATE_LIMIT: 'off' };
const fromPloi = (line = '', options: RunOptions = {}): Promise<Run> =>
  bed.dnx(`import ploi ${line}`, {
    ...options,
    env: { PLOI_TOKEN: ploi.token, DNX_IMPORT_HOST: ploi.url, ...unlimited, ...options.env },
  });
const read = (name: string) => readFileSync(join(bed.directory, name), 'utf8');
const written = () => readdirSync(bed.directory).filter((name) => /^(\.env\.|deploynix|import)/.test(name));

/** What a run that wrote says, with every file read again. */
function checked(run: Run): Imported {
  const imported = run.json<Imported>();
  const { moved, not_moved, things } = imported;
  expect(moved.length + not_moved.length).toBe(things);
  const again = recordIn(read('import.yml'), 'import.yml');
  expect([again.moved, again.not_moved]).toEqual([moved, not_moved]);
  stateIn(read('deploynix.yml'), 'deploynix.yml');
  return imported;
}

describe('dnx import ploi', () => {
  test('moves or lists each thing that Ploi has, and says why', async () => {
    const run = await fromPloi('--json');
    const { platform, things, unread, not_moved, sites, servers } = checked(run);
    expect(run).toExit(0);
    expect([platform, unread, ploi.served]).toEqual(['Ploi', [], ploi.all]);
    expect(things).toBe(ploi.all.size);
    expect(not_moved.filter(({ why }) => why === 'dnx does not know what it is.')).toEqual([]);
    expect(not_moved.filter(({ what }) => what === 'server').map(({ instead }) => instead)).toEqual([
      'dnx server create web-1 --type app --php-version 8.3 --database-type mysql',
      'dnx server create web-2 --type app --php-version 8.2',
    ]);
    expect([servers.map(({ address }) => address), sites.length]).toEqual([['203.0.113.10', '203.0.113.11'], 8]);
    expect(sites.map(({ directory, user }) => [directory, user])).toContainEqual(['/home/acme/admin.acme.test', 'acme']);
    expect(run.stdout + read('deploynix.yml') + read('import.yml')).not.toContain(PLOI_SECRET);
    expect(read('deploynix.yml') + read('import.yml')).not.toContain("pa#ss '");
    expect(read('.env.api.example.com')).toContain(`DB_PASSWORD="pa#ss 'api'"`);
    expect(ploi.requests.every(({ method }) => method === 'GET')).toBe(true);
    expect(
      run.calls.filter((call) => !/ (\/api)?\/(servers|user|scripts|status-pages|webserver-templates|projects|backups)\b/.test(call)),
    ).toEqual([]);
  });

  test('is written in the words of a state file', async () => {
    await expect(fromPloi()).toExit(0);
    const { entries } = stateIn(read('deploynix.yml'), 'deploynix.yml');
    const fields = (kind: string, server: string) =>
      entries.filter((one) => one.kind === kind && one.place.server === server).map((one) => one.fields);
    expect(fields('site', 'web-1')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          domain: 'api.example.com',
          type: 'laravel',
          branch: 'main',
          web_directory: '/public',
          php_version: '8.3',
        }),
        expect.objectContaining({ domain: 'admin.acme.test', php_version: '8.0' }),
      ]),
    );
    expect(fields('queue', 'web-1')).toContainEqual(
      expect.objectContaining({ connection: 'redis', queue: 'high,default', processes: 2, tries: 3, timeout: 60, sleep: 3 }),
    );
    expect(fields('queue', 'web-2')).toContainEqual(expect.objectContaining({ queue: 'mails', tries: 3 }));
    expect(fields('daemon', 'web-2').map(({ command }) => command)).toEqual(['php8.2 /home/deploynix/crm.acme.test/artisan import:listen']);
    expect(fields('crontab', 'web-1')).toContainEqual(
      expect.objectContaining({ command: 'php8.3 /home/deploynix/shop.example.com/artisan schedule:run', frequency: '* * * * *' }),
    );
    expect(fields('redirect', 'web-1')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ from: '/old', to: '/new', type: '301' }),
        expect.objectContaining({ type: '302' }),
      ]),
    );
    expect(fields('network_rule', 'web-2')).toContainEqual(
      expect.objectContaining({ port: '5432', protocol: 'tcp', action: 'deny', source: '192.0.2.7' }),
    );
    expect(fields('network_rule', 'web-1')).toHaveLength(64);
    expect(fields('ssh_key', 'web-1')).toContainEqual(expect.objectContaining({ public_key: expect.stringMatching(/^ssh-ed25519 /) }));
    expect(read('import.yml')).toContain('loses --backoff=10');
  });

  test('is applied: what it moved is there, and applying it again sends nothing', async () => {
    await expect(fromPloi()).toExit(0);
    const { state } = bed.sandbox;
    const [like] = state.servers.splice(0);
    for (const name of ['web-1', 'web-2'])
      state.servers.push({ ...(like as (typeof state.servers)[number]), id: `01JQ8Z4T9G000000000SERVER${name.at(-1)}`, name });
    const apply = () => bed.dnx('apply --create --yes', { env: unlimited });
    await expect(apply()).toExit(0);
    await expect(apply()).toExit(0, { changes: [] });
    await expect(bed.dnx('import verify --no-tables --no-requests', { env: unlimited })).toExit(0, { changes: [] });
    const { moved } = recordIn(read('import.yml'), 'import.yml');
    const count = (what: string) => moved.filter((one) => one.what === what).length;
    const on = (rows: readonly { readonly server_id: string }[]) => rows.filter(({ server_id }) => server_id.includes('SERVER')).length;
    expect([on(state.sites), on(state.daemons), on(state.crontabs), on(state.databases), on(state.ssh_keys)]).toEqual(
      ['site', 'daemon', 'cron job', 'database', 'SSH key'].map(count),
    );
    expect(state.database_users.map(({ username }) => username)).toEqual(expect.arrayContaining(['shop', 'api', 'admin']));
  }, 120_000);

  test('narrows to servers, and takes the token from stdin', async () => {
    const run = await fromPloi('--server web-2 --as web-2=app-2 --with-token --json', {
      stdin: `${ploi.token}\n`,
      env: { PLOI_TOKEN: 'wrong' },
    });
    expect(checked(run).sites.map(({ server }) => server)).toEqual(['app-2', 'app-2', 'app-2']);
    expect(ploi.requests.some(({ url }) => url?.startsWith('/api/scripts'))).toBe(false);
    await expect(fromPloi('', { env: { PLOI_TOKEN: '' } })).toExit(4, { says: 'Set PLOI_TOKEN' });
    await expect(fromPloi('', { env: { PLOI_TOKEN: 'wrong' } })).toExit(4, { says: 'https://ploi.io/profile/api-keys' });
    await expect(fromPloi('--server web-9')).toExit(6, { says: "Ploi has no server 'web-9'." });
  });
});

describe('a Ploi that nobody should trust', () => {
  test.each(failures('Ploi', '/servers'))('is not imported: %s at %s', async (how, at, code, says) => {
    ploi.hostile = { how, at };
    const run = await fromPloi('', { env: { DNX_RATE_LIMIT: '' } });
    expect([run.code, run.stderr]).toEqual([code, expect.stringContaining(says)]);
    expect(run.stderr).not.toContain(ploi.token);
    expect(written()).toEqual([]);
    expect(ploi.requests.length).toBeLessThan(500);
  });

  test('has a token that may not read all, which is said', async () => {
    ploi.forbidden = /\/(network-rules|monitors)$/;
    const run = await fromPloi('--json');
    expect(run).toExit(5, { says: 'Read monitors, Read network rules' });
    expect(checked(run).unread.map(({ what }) => what)).toContain('network rules');
    ploi.forbidden = /servers$/;
    await expect(fromPloi('--force')).toExit(5, { says: 'It needs the scope Read servers.' });
  });

  test.each<readonly [string, RegExp, Record<string, unknown>]>([
    ['a redirect from nowhere', /redirects$/, { redirect_from: null }],
    ['a name that is an object', /ssh-keys$/, { name: { a: 1 } }],
    ['a site that is no site', /sites$/, { id: '../../user', health_url: null }],
    ['a .env that is no text', /env$/, { content: ['APP_KEY=1'] }],
  ])('loses nothing silently: %s', async (_, at, fields) => {
    ploi.change(at, fields, 0);
    const run = await fromPloi('--json');
    const { things, unread } = checked(run);
    expect(run).toExit(12);
    expect(things + unread.length).toBe(ploi.served.size);
    expect(ploi.requests.some(({ url }) => url?.includes('..'))).toBe(false);
  });

  test('has a repository that it does not find, which is said, unlike a .env', async () => {
    ploi.hostile = { how: 'not found', at: /(repository|env)$/ };
    const run = await fromPloi('--json');
    expect(run).toExit(12);
    expect(checked(run).unread.map(({ what }) => what)).toEqual(Array(5).fill('repository'));
  });

  test('gives names that are no names, and nothing wrong is written or lost', async () => {
    const names = [
      '../../etc/passwd',
      'x\ny: z',
      '"q"',
      'no',
      '1e3',
      '&a',
      'op://a/b/c',
      'file:///etc/passwd',
      '\u202eevil',
      '..',
      '-oProxyCommand=x',
      '$(id)',
    ];
    for (const [index, name] of names.entries())
      ploi.change(
        /./,
        { name, domain: name, command: name, label: name, user: name, redirect_from: name, directory: name, queue: name, key: name },
        index,
      );
    const run = await fromPloi('--json');
    const { things, unread } = checked(run);
    expect(things + unread.length).toBeGreaterThanOrEqual(ploi.served.size);
    for (const name of written()) expect(name).toMatch(/^[\w.-]+$/);
  });
});
