import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ImportRecord } from '../../src/features/import/record.ts';
import { recordIn } from '../../src/features/import/record.ts';
import { stateIn } from '../../src/features/state/file.ts';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { openForge, SECRET } from '../support/forge.ts';
import { leasing } from '../support/leased.ts';
import { need } from '../support/programs.ts';
import { sampled, seedOf } from '../support/volume.ts';

const bed = perTest(openBed);
const forge = perTest(openForge);

type Imported = ImportRecord & { readonly things: number; readonly files: readonly string[]; readonly written: boolean };

const unlimited = { DNX_RATE_LIMIT: 'off' };
const fromForge = (line = '', options: RunOptions = {}): Promise<Run> =>
  bed.dnx(`import forge ${line}`, {
    ...options,
    env: { FORGE_TOKEN: forge.token, DNX_IMPORT_HOST: forge.url, ...unlimited, ...options.env },
  });
const apply = (line: string): Promise<Run> => bed.dnx(`apply ${line}`, { env: unlimited });
const read = (name: string) => readFileSync(join(bed.directory, name), 'utf8');
const files = (directory = bed.directory) => readdirSync(directory).filter((name) => /^(\.env|deploynix|import|\.gitignore)/.test(name));

/** One server with four sites. */
const FEW = '--server worker-1';

/** Leaves Deploynix with these servers alone, and nothing on them. */
function onlyServers(): void {
  const { state } = bed.sandbox;
  const [like] = state.servers.splice(0);
  const names = ['lb-1', 'app-1', 'app-2', 'worker-1', 'db-1'];
  state.servers.push(
    ...names.map((name, at) => ({ ...(like as (typeof state.servers)[number]), id: `01JQ8Z4T9G0000000000SERV0${at}`, name })),
  );
}

const git = (...words: readonly string[]) => execFileSync('git', words, { cwd: bed.directory, encoding: 'utf8' });

/** What a run that wrote says, with every file read again. */
function checked(run: Run): Imported {
  const imported = run.json<Imported>();
  const { moved, not_moved, unread, things } = imported;
  expect(moved.length + not_moved.length).toBe(things);
  expect(unread.length > 0 ? [5, 12] : [0]).toContain(run.code);
  const { moved: movedThere, not_moved: leftThere } = recordIn(read('import.yml'), 'import.yml');
  expect([movedThere, leftThere]).toEqual([moved, not_moved]);
  stateIn(read('deploynix.yml'), 'deploynix.yml');
  return imported;
}

describe('dnx import forge', () => {
  test('moves or lists each thing that Forge has, and says why', async () => {
    const run = await fromForge('--json');
    const { moved, not_moved, unread, things, sites } = checked(run);
    expect(unread).toEqual([]);
    expect(forge.served).toEqual(forge.all);
    expect([things, moved.length + not_moved.length]).toEqual([forge.all.size, forge.all.size]);
    expect(not_moved.filter(({ why }) => why === 'dnx does not know what it is.')).toEqual([]);
    expect([sites.length, files().filter((name) => name.startsWith('.env.')).length]).toEqual([29, 29]);
    const written = read('deploynix.yml') + read('import.yml');
    expect(run.stdout + written).not.toContain(SECRET);
    expect(written).not.toContain("pa#ss '");
    expect(read('.env.portal.acme.test')).toContain('DB_PASSWORD="pa#ss \'portal\'"');
    for (const name of files())
      expect([name, statSync(join(bed.directory, name)).mode & 0o777]).toEqual([name, name.startsWith('.env.') ? 0o600 : 0o644]);
    expect(run.calls.filter((call) => !call.includes('/orgs'))).toEqual([]);
  }, 60_000);

  test('is applied: what it moved is there, and applying it again sends nothing', async () => {
    await expect(fromForge()).toExit(0);
    onlyServers();
    const applied = await apply('--create --yes');
    expect(applied).toExit(0);
    expect(applied.stdout + applied.stderr).not.toContain("pa#ss '");
    await expect(apply('--create --yes')).toExit(0, { changes: [], stdout: 'Everything is as deploynix.yml says.\n' });
    await expect(bed.dnx('drift', { env: unlimited })).toExit(0);
    const verify = () => bed.dnx('import verify --no-tables --no-requests', { env: unlimited });
    await expect(verify()).toExit(10, { changes: [], stderr: 'Error: 1 difference from Forge: *.tenants.example.com.\n' });
    const { state } = bed.sandbox;
    const { moved } = recordIn(read('import.yml'), 'import.yml');
    const count = (...what: readonly string[]) => moved.filter((one) => what.includes(one.what)).length;
    const on = (rows: readonly { readonly server_id: string }[]) => rows.filter(({ server_id }) => server_id.includes('SERV0')).length;
    expect([on(state.sites), on(state.daemons), on(state.crontabs), on(state.databases)]).toEqual(
      ['site', 'background process', 'scheduled job', 'database'].map((what) => count(what)),
    );
    const there = state.sites.flatMap(({ id, server_id }) => (server_id.includes('SERV0') ? [id] : []));
    const ofSites = (rows: readonly { readonly site_id: string }[]) => rows.filter(({ site_id }) => there.includes(site_id)).length;
    expect([ofSites(state.redirects), ofSites(state.queues)]).toEqual([count('redirect rule'), count('queue worker')]);
    const site = state.sites.find(({ domain }) => domain === 'portal.acme.test');
    const variables = state.environment_variables.filter(({ site_id }) => site_id === site?.id);
    expect(variables.find(({ key }) => key === 'DB_PASSWORD')?.value).toBe("pa#ss 'portal'");
    expect(state.database_users.map(({ username }) => username)).toContain('portal');
    expect(site?.zero_downtime_enabled).toBe(true);
    const [worker] = state.queues.splice(-1);
    await expect(verify()).toExit(10, { stdout: expect.stringMatching(`queue workers .* missing: .*${worker?.queue}`) });
  }, 300_000);

  test('writes nothing with --dry-run, and says the same', async () => {
    const dry = await fromForge(`--dry-run --json --dir moved ${FEW}`);
    expect(dry).toExit(0);
    expect(files()).toEqual([]);
    expect(() => statSync(join(bed.directory, 'moved'))).toThrow();
    const run = await fromForge(`--json --dir moved ${FEW}`);
    expect(run.json<Imported>().moved).toEqual(dry.json<Imported>().moved);
    expect(files(join(bed.directory, 'moved')).toSorted()).toEqual([...run.json<Imported>().files].toSorted());
  });

  test('overwrites nothing without --force or an answer', async () => {
    writeFileSync(join(bed.directory, 'deploynix.yml'), 'sites: {}\n');
    writeFileSync(join(bed.directory, '.env.mail.example.com'), 'MINE=1\n', { mode: 0o644 });
    await expect(fromForge(FEW)).toExit(2, {
      says: '.env.mail.example.com and deploynix.yml exist, and are different. Nothing was written.',
    });
    await expect(fromForge(FEW, { columns: 100, keys: 'n\r' })).toExit(1, { says: 'Overwrite?' });
    expect([read('deploynix.yml'), files().length]).toEqual(['sites: {}\n', 2]);
    await expect(fromForge(`--force ${FEW}`)).toExit(0);
    expect(statSync(join(bed.directory, '.env.mail.example.com')).mode & 0o777).toBe(0o600);
    await expect(fromForge(FEW)).toExit(0);
  });

  test('keeps the values out of Git', async () => {
    need('git');
    git('init', '-q');
    writeFileSync(join(bed.directory, '.gitignore'), '/vendor');
    await expect(fromForge(FEW)).toExit(0, { says: 'Added 4 files to .gitignore' });
    expect(read('.gitignore')).toMatch(/^\/vendor\n\/\.env\.shop\.example\.com\n/);
    expect(git('status', '--porcelain', '--untracked-files=all', '--', '.env.*')).toBe('');
    git('add', '--force', '.env.mail.example.com');
    await expect(fromForge(`--force ${FEW}`)).toExit(10, { says: '.env.mail.example.com is tracked by Git. Nothing was written.' });
  });

  test('leaves the other bytes of .gitignore alone, and makes Git ignore the values in a subdirectory', async () => {
    need('git');
    git('init', '-q');
    writeFileSync(join(bed.directory, '.gitignore'), '/vendor\r\n!.env.*\r\n');
    mkdirSync(join(bed.directory, 'sub'));
    writeFileSync(join(bed.directory, 'sub/.gitignore'), Buffer.from([0x2f, 0xe9, 0x0a]));
    await expect(fromForge(`--dir sub ${FEW}`)).toExit(0);
    expect([...readFileSync(join(bed.directory, 'sub/.gitignore')).subarray(0, 4)]).toEqual([0x2f, 0xe9, 0x0a, 0x2f]);
    expect(git('status', '--porcelain', '-uall', '--', 'sub')).not.toContain('.env.');
  });

  test('adds nothing to .gitignore twice where Git is missing', async () => {
    mkdirSync(join(bed.directory, '.git'));
    for (const _ of [1, 2]) await expect(fromForge(FEW, { env: { PATH: join(bed.directory, '.git') } })).toExit(0);
    expect(read('.gitignore').match(/mail/g)).toHaveLength(1);
  });

  test('writes no value that Git would add', async () => {
    need('git');
    git('init', '-q');
    writeFileSync(join(bed.directory, 'rules'), '');
    symlinkSync('rules', join(bed.directory, '.gitignore'));
    await expect(fromForge(FEW)).toExit(2, { says: '.gitignore is a link, which Git does not follow. Nothing was written.' });
    rmSync(join(bed.directory, '.gitignore'));
    writeFileSync(join(bed.directory, '.gitignore'), '/.env.mail.example.com\n!.env.mail*\n');
    await expect(fromForge(FEW)).toExit(10, { says: 'Git does not ignore .env.mail.example.com. No values were written.' });
    expect([read('rules'), files()]).toEqual(['', ['.gitignore']]);
  });

  test('writes no value through a link into a file that is tracked', async () => {
    need('git');
    git('init', '-q');
    writeFileSync(join(bed.directory, 'mine'), 'A=1\n');
    git('add', 'mine');
    symlinkSync('mine', join(bed.directory, '.env.mail.example.com'));
    await expect(fromForge(`--force ${FEW}`)).toExit(10, { says: 'is tracked by Git. Nothing was written.' });
    expect(read('mine')).toBe('A=1\n');
  });

  test('says that it cannot create the directory', async () => {
    writeFileSync(join(bed.directory, 'file'), '');
    await expect(fromForge(`--dir file/below ${FEW}`)).toExit(1, { says: 'Could not create file/below: ENOTDIR.' });
  });

  test('goes on without a question where it was killed', async () => {
    await expect(fromForge(FEW)).toExit(0);
    for (const name of ['import.yml', 'deploynix.yml', '.env.mail.example.com']) rmSync(join(bed.directory, name));
    checked(await fromForge(`--json ${FEW}`));
    await expect(bed.dnx('import verify --no-tables --no-requests')).toExit(10);
    writeFileSync(join(bed.directory, 'import.yml'), read('import.yml').replace('directory: /', 'directory: ./'));
    await expect(bed.dnx('import verify')).toExit(2, { says: 'import.yml is not a record of dnx import: sites[0].directory is missing' });
    await expect(fromForge(FEW)).toExit(2, { says: 'import.yml exists, and is different. Nothing was written.' });
  });

  test('narrows to servers, and renames them', async () => {
    const run = await fromForge('--server worker-1 --as worker-1=jobs-1 --json');
    const { servers, sites } = checked(run);
    expect(servers.map(({ name, was }) => [name, was])).toEqual([['jobs-1', 'worker-1']]);
    expect(sites.map(({ server }) => server)).toEqual(Array(4).fill('jobs-1'));
    expect(read('deploynix.yml')).not.toContain('worker-1');
    await expect(fromForge('--as none=web-1')).toExit(2, { says: "Forge has no server 'none' that is imported." });
    await expect(fromForge('--as app-1=web-1 --as app-2=web-1')).toExit(2, { says: "--as names 'web-1' twice." });
    await expect(fromForge('--as app-1=app-2')).toExit(2, { says: "Two servers would be 'app-2'." });
    await expect(fromForge("--as 'app-1=a b'")).toExit(2, { says: 'is not OLD=NEW' });
    forge.change(/\/servers$/, { name: 'WORKER-1' }, 4);
    await expect(fromForge()).toExit(2, { says: "Two servers would be 'WORKER-1'." });
  });

  test('takes the token from stdin, and fails without one', async () => {
    await expect(fromForge(`--with-token ${FEW}`, { stdin: `${forge.token}\n`, env: { FORGE_TOKEN: 'wrong' } })).toExit(0);
    await expect(fromForge('', { env: { FORGE_TOKEN: '' } })).toExit(4, { says: 'No token of Forge given.' });
    const wrong = await fromForge('--force', { env: { FORGE_TOKEN: 'wrong' } });
    expect(wrong).toExit(4);
    expect(wrong.stderr).toContain('rejected the token');
    expect(wrong.stderr).not.toContain('wrong');
  });

  test('needs no sign-in, works with DNX_READ_ONLY, and is for a person', async () => {
    await expect(fromForge(FEW, { env: { DNX_TOKEN: '', DNX_READ_ONLY: '1' } })).toExit(0);
    const session = await leasing(bed, 'agent run --show-values', async (inside) => {
      const run = await inside('import forge', { FORGE_TOKEN: forge.token, DNX_IMPORT_HOST: forge.url });
      expect(run).toExit(2, { calls: [], says: 'dnx import forge is refused here: it would get around the token in use.' });
    });
    expect(session, session.stderr).toExit(0);
  });
});

describe('a Forge that nobody should trust', () => {
  const names = [
    '../../etc/passwd',
    'a\u0000b',
    'x\ny: z',
    '"q"',
    "it's",
    'no',
    '1e3',
    '&a',
    '*a',
    '!!tag',
    '- a',
    'op://a/b/c',
    'file:///etc/passwd',
    '# c',
    '\u202eevil',
    '.',
    '..',
    '-oProxyCommand=x',
    '$(id)',
    '',
    ' ',
  ];

  const lists = ['sites', 'domains', 'schemas', 'users', 'processes', 'scheduled-jobs', 'firewall-rules', 'redirect-rules'];
  const rows = [...lists.map((list) => [list, 0] as const), ...[0, 5, 10, 15].map((from) => ['servers', from] as const)];

  test.each(sampled(rows, 4, seedOf(21)))('gives names to %s from number %i, and nothing wrong is written or lost', async (list, start) => {
    for (const [index, name] of names.slice(start).entries())
      forge.change(
        new RegExp(`/${list}$`),
        { name, command: name, from: name, to: name, ip_address: name, directory: name, user: name, cron: name },
        index,
      );
    const run = await fromForge('--json');
    const { things, unread, not_moved } = checked(run);
    expect(things + unread.length).toBeGreaterThanOrEqual(forge.served.size);
    expect(not_moved.length).toBeGreaterThan(0);
    for (const name of files()) expect(name).toMatch(/^[\w.-]+$/);
  });

  test('gives secrets in names, of which nothing is written or printed', async () => {
    forge.change(/\/scheduled-jobs$/, { command: 'curl -H "Authorization: Bearer hunter2hunter2hunter2" https://example.com' }, 0);
    forge.change(/\/background-processes$/, { command: 'php artisan x --password=hunter2hunter2' }, 0);
    forge.change(/\/redirect-rules$/, { to: 'https://u:hunter2hunter2@example.com/?token=hunter2hunter2hunter2' }, 0);
    const url = 'https://bob:hunter2hunter2@github.com/acme/shop.git';
    forge.change(/\/sites$/, { repository: { url, provider: 'github', branch: 'main' } }, 0);
    const runs = [await fromForge('--json --debug'), await fromForge()];
    const shown = runs.map(({ stdout, stderr }) => stdout + stderr).join('');
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(shown + read('import.yml') + read('deploynix.yml')).not.toContain('hunter2');
    expect(shown).not.toContain(forge.token);
  });

  test('gives names of servers that say what to type, and control no terminal', async () => {
    for (const [index, name] of ['NAME-1', 'a\u202eb\u001b[31m', 'my server'].entries()) forge.change(/\/servers$/, { name }, index + 1);
    const run = await fromForge();
    expect(run).toExit(0);
    expect(run.stdout).toMatch(/server NAME-1 +A state file creates no server\. dnx server create NAME-1 /);
    expect(run.stdout).toMatch(/server my server .* --as 'my server=NAME'\n/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for them
    expect(run.stdout + run.stderr).not.toMatch(/[\u001b\u202e]/);
  });

  test('gives rules and sites of which one says what another one says', async () => {
    const rule = { name: 'A', port: '9999', type: 'allow' };
    forge.change(/\/firewall-rules$/, { ...rule, ip_address: ['192.0.2.1', '192.0.2.2'] }, 0);
    forge.change(/\/firewall-rules$/, { ...rule, ip_address: ['192.0.2.2', '192.0.2.3'] }, 1);
    forge.change(/\/servers\/\d+\/sites$/, { name: 'MAIL.example.com' }, 0);
    for (const [path, found] of forge.routes)
      if (path.endsWith('/domains')) for (const one of [found].flat()) one.attributes = { ...one.attributes, type: 'alias' };
    const { not_moved } = checked(await fromForge(`--json ${FEW}`));
    expect(read('deploynix.yml').match(/192\.0\.2\.\d/g)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
    expect(not_moved.find(({ what }) => what === 'site')?.why).toBe('Another site of its server has the same name.');
  });

  test('gives values that a state file never reads as something else', async () => {
    const content = `A=no\nB=1e3\nC=&a\nD=op://vault/item/field\nE=file:///etc/passwd\nF="two\nlines"\nG='#'\nH=\${A}\nA=twice\n`;
    forge.change(/\/environment$/, { content });
    await expect(fromForge('--server worker-1')).toExit(0);
    onlyServers();
    await expect(apply('--create --yes')).toExit(0);
    const { state } = bed.sandbox;
    const site = state.sites.find(({ domain }) => domain === 'mail.example.com');
    const values = state.environment_variables.filter(({ site_id }) => site_id === site?.id).map(({ key, value }) => [key, value]);
    const wanted = { A: 'twice', B: '1e3', C: '&a', D: 'op://vault/item/field', E: 'file:///etc/passwd', F: 'two\nlines', G: '#', H: 'no' };
    expect(Object.fromEntries(values)).toEqual(expect.objectContaining(wanted));
  }, 60_000);

  test('gives a .env that Laravel would refuse, which is not sent', async () => {
    forge.change(/\/environment$/, { content: 'A="never closed\nSECRET_X=1\n' });
    const run = await fromForge('--json --server worker-1');
    const { not_moved } = checked(run);
    expect(not_moved.find(({ what }) => what === 'environment file')).toMatchObject({
      why: expect.stringContaining('a quote is never closed'),
      instead: expect.stringContaining('env_file: .env.'),
    });
    expect(read('deploynix.yml')).not.toContain('env_file');
  });

  test('has a token that may not read all, which is said', async () => {
    forge.scopes = ['server:view', 'organization:view'];
    const run = await fromForge('--json');
    const { unread } = checked(run);
    expect(run).toExit(5);
    expect(unread.map(({ what }) => what)).toContain('firewall rules');
    expect(read('deploynix.yml')).not.toContain('network_rules');
    expect(read('import.yml')).toContain('firewall rules');
  });

  test.each(['same page', 'endless', 'redirect', 'html', 'garbage', 'no list', 'huge', 'late', 'broken'] as const)(
    'answers its servers with: %s, and nothing is written',
    async (how) => {
      forge.hostile = { how, at: /\/servers$/ };
      const run = await fromForge();
      expect(run.code).not.toBe(0);
      expect(run.stderr).not.toContain(forge.token);
      expect(files()).toEqual([]);
    },
  );

  test('is not followed to another directory', async () => {
    mkdirSync(join(bed.directory, 'here'));
    await expect(fromForge('--organization ../../user')).toExit(2);
    expect(files()).toEqual([]);
  });
});
