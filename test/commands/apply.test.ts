import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import planSchema from '../../docs/plan.schema.json';
import type { Plan } from '../../src/cli/plan/plan.ts';
import { type Holder, holderName } from '../../src/machine/files/lock.ts';
import { NetworkFault } from '../../src/machine/world.ts';
import { changes } from '../../src/platform/operations.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { startHolder } from '../support/holder.ts';

const bed = perTest(openBed);

const FILE = 'plan.json';
const path = () => join(bed.directory, FILE);
const read = (): Plan => JSON.parse(readFileSync(path(), 'utf8'));
const write = (plan: unknown) => writeFileSync(path(), typeof plan === 'string' ? plan : JSON.stringify(plan));
const crontabs = () => bed.sandbox.state.crontabs.filter(({ server_id }) => server_id === seeded.servers['web-1']);
const valid = new Ajv2020({ allowUnionTypes: true, formats: { 'date-time': true } }).compile(planSchema);

const SCHEDULE = 'php8.3 /home/deploynix/shop.example.com/current/artisan schedule:run';
const UPDATE = `crontab update '${SCHEDULE}' --server web-1 --frequency '0 7 * * *'`;

/** Saves the plan of a line. */
async function save(line: string, options?: RunOptions): Promise<Run> {
  const run = await bed.dnx(`${line} --dry-run --out ${FILE}`, options);
  expect(run).toExit(0, { changes: [] });
  expect(valid(read()), JSON.stringify(valid.errors)).toBe(true);
  return run;
}

const apply = (more = '--yes', options?: RunOptions) => bed.dnx(`apply ${FILE} ${more}`, options);

describe('--out', () => {
  test('writes the plan for this user alone, and says how to apply it', async () => {
    expect((await save(UPDATE)).stderr).toBe('Nothing was changed.\nApply this plan with: dnx apply plan.json\n');
    expect((statSync(path()).mode & 0o777).toString(8)).toBe('600');
    expect(read()).toMatchObject({ version: 1, host: bed.sandbox.url, created_at: expect.any(String) });
  });

  test('writes nothing if nothing would change', async () => {
    await expect(bed.dnx('env set shop.example.com NEW=1')).toExit(0);
    await expect(bed.dnx(`env set shop.example.com NEW=1 --dry-run --out ${FILE}`)).toExit(0);
    expect(existsSync(path())).toBe(false);
  });

  test('replaces no device or FIFO, which root could', async () => {
    execFileSync('mkfifo', [join(bed.directory, 'fifo')]);
    symlinkSync('fifo', join(bed.directory, 'link'));
    for (const name of ['fifo', 'link']) {
      await expect(bed.dnx(`${UPDATE} --dry-run --out ${name}`)).toExit(2, { stdout: '', says: `${name} is not a regular file` });
      expect(statSync(join(bed.directory, name)).isFIFO()).toBe(true);
    }
  });

  test('says so if the file cannot be written', async () => {
    mkdirSync(join(bed.directory, 'full/of'), { recursive: true });
    for (const name of ['full', '.', 'secret/plan.json']) {
      writeFileSync(join(bed.directory, 'secret'), '');
      const run = await bed.dnx(`${UPDATE} --dry-run --out ${name}`);
      expect(run).toExit(2, { stdout: '', stderr: expect.stringMatching(/^Error: Could not write .*\.\n$/) });
    }
  });

  test('needs --dry-run', async () => {
    await expect(bed.dnx(`${UPDATE} --out ${FILE}`)).toExit(2, { calls: [], stderr: 'Error: --out needs --dry-run.\n' });
  });

  test.each([
    ['env set shop.example.com NEW=hunter2', 'The value cannot be saved in a plan, because it is a secret that no file has.'],
    ['database-user create app --database shop --server db-1', 'a new password is shown only once'],
    ['token create ci --ability site:read', 'a new token is shown only once'],
    ['token rotate Grafana', 'a new token is shown only once'],
    ['api PATCH /servers/1', 'dnx does not know this operation'],
    ['backup restore 01JQ8Z4T9G000000000000BK06', 'its question depends on what the backup belongs to'],
  ])('refuses %s', async (line, why) => {
    await expect(bed.dnx(`${line} --dry-run --out ${FILE}`)).toExit(2, { stdout: '', changes: [], says: why });
    expect(existsSync(path())).toBe(false);
  });
});

describe('dnx apply', () => {
  test('sends exactly the plan, once', async () => {
    await save(UPDATE);
    await expect(apply()).toExit(0, { changes: [expect.stringMatching(/^PUT \/servers\/\w+\/crontabs\/\w+$/)] });
    expect(crontabs()[0]?.frequency).toBe('0 7 * * *');
    await expect(apply()).toExit(0, { changes: [], stdout: 'This plan was already applied.\n' });
  });

  test('takes a token that can do what the plan needs, where another one made it', async () => {
    const readOnly = { env: { DNX_TOKEN: bed.sandbox.mint(['server:read', 'crontab:read']) } };
    await save(UPDATE, readOnly);
    await expect(apply('--yes', readOnly)).toExit(5);
    const abilities = await bed.dnx(`token abilities --for "apply ${FILE}" --json`);
    const needed = abilities.json<{ ability: string }[]>().map(({ ability }) => ability);
    expect(needed.sort()).toEqual(['crontab:read', 'crontab:update', 'server:read']);
    const run = await apply('--yes', { env: { DNX_TOKEN: bed.sandbox.mint(needed) } });
    expect([run.code, crontabs()[0]?.frequency], run.stderr).toEqual([0, '0 7 * * *']);
  });

  test('refuses with 10 what is not as it was', async () => {
    await save(UPDATE);
    await expect(bed.dnx(UPDATE.replace('0 7', '0 6'))).toExit(0);
    for (const more of ['--yes', '--check']) {
      await expect(apply(more)).toExit(10, { changes: [], stdout: '', says: "frequency is '0 6 * * *', not '* * * * *'" });
    }
    expect((await apply('--yes --json')).stderr).toContain('"code":"differences"');
  });

  test('refuses what is gone, has another name, or exists by now', async () => {
    await save(UPDATE);
    const [first] = crontabs();
    bed.sandbox.state.crontabs.splice(bed.sandbox.state.crontabs.indexOf(first as never), 1);
    await expect(apply()).toExit(10, { says: 'is gone' });
    await save('server restart web-1');
    await expect(bed.dnx('server update web-1 --name web-9')).toExit(0);
    await expect(apply()).toExit(10, { says: 'web-1 is web-9 now' });
    const create = "crontab create date --frequency '0 8 * * *' --server web-1";
    await save(create.replace('web-1', 'web-9'));
    await expect(bed.dnx(create.replace('0 8', '0 9').replace('web-1', 'web-9'))).toExit(0);
    await expect(apply()).toExit(10, { says: 'date exists now' });
  });

  test('--check only compares', async () => {
    await save(UPDATE);
    await expect(apply('--check')).toExit(0, {
      changes: [],
      stdout: '✓ 1 change can be applied\n  needs    crontab:update\n  consent  --yes\n',
    });
  });

  test('asks for the strictest consent, whatever the plan says of it', async () => {
    await save('database delete shop --server db-1');
    write({ ...read(), consent: { level: null, confirm: null } });
    await expect(apply('')).toExit(2, { says: 'Use --confirm shop.' });
    await expect(apply('--yes')).toExit(2);
    await expect(apply('--confirm other')).toExit(2);
    const run = await apply('--confirm shop');
    expect([run.code, run.changes.length], run.stderr).toEqual([0, 1]);
    await save(UPDATE);
    await expect(apply('')).toExit(2, { says: 'Use --yes' });
    expect((await apply('', { columns: 80, keys: 'n\r' })).stderr).toContain('Apply 1 change?');
    for (const wrong of ['--confirm nonsense', '--yes --confirm nonsense', '--confirm web-1'])
      await expect(apply(wrong)).toExit(2, { says: '--confirm names nothing of this plan.' });
    expect(bed.sandbox.calls.filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  test('shows what it is about to do by the names that things have', async () => {
    await save('server restart web-1');
    const plan = read();
    write({ ...plan, changes: [{ ...plan.changes[0], targets: { server: { id: seeded.servers['web-1'], name: null } } }] });
    expect((await apply()).stderr).toContain('* restart server web-1\n');
  });

  test('says what has only started, and how to follow it', async () => {
    const line = 'certificate create www.shop.example.com --site shop.example.com';
    await expect(bed.dnx(`${line} --dry-run --out ${FILE}`)).toExit(0);
    const run = await bed.dnx(`apply ${FILE} --yes`);
    expect(run).toExit(0, { stdout: expect.stringMatching(/\+ create certificate www\.shop\.example\.com .* started\n$/) });
    const [, follow = ''] = /Follow it with: dnx (.*)\n$/.exec(run.stderr) ?? [];
    expect((await bed.dnx(`${follow} --json`)).json()).toMatchObject({ domain: 'www.shop.example.com', status: 'pending' });
  });

  test('reads secrets when it is applied', async () => {
    writeFileSync(join(bed.directory, 'secret'), 'hunter2\n');
    await save('env set shop.example.com NEW --from-file secret');
    expect(readFileSync(path(), 'utf8')).not.toContain('hunter2');
    writeFileSync(join(bed.directory, 'secret'), 'hunter3\n');
    const run = await apply();
    expect([run.code, run.stdout + run.stderr], run.stderr).toEqual([0, expect.not.stringContaining('hunter')]);
    expect(bed.sandbox.state.environment_variables.find(({ key }) => key === 'NEW')?.value).toBe('hunter3');
  });

  test('applies the push of a dotenv file', async () => {
    writeFileSync(join(bed.directory, '.env.shop.example.com'), 'NEW=hunter2\nLOG_LEVEL=debug\n');
    await save('env push --site shop.example.com');
    expect(readFileSync(path(), 'utf8')).not.toContain('hunter2');
    await expect(apply()).toExit(0, { changes: [expect.stringContaining('POST '), expect.stringContaining('POST ')] });
  });

  test('follows a rollback, or leaves it to dnx watch', async () => {
    const live = () =>
      bed.sandbox.state.releases.find(({ site_id, active }) => active && site_id === seeded.sites['shop.example.com'])?.name;
    const names = [live()];
    for (const wait of ['--wait', '--no-wait']) {
      await save('rollback shop.example.com --yes');
      await expect(apply(`--yes ${wait}`)).toExit(0);
      names.push(live());
    }
    expect([names[1], names[2]]).toEqual(['20260413_071200', '20260413_071200']);
    await expect(bed.dnx('watch shop.example.com')).toExit(0);
    expect([names[0], live()]).toEqual(['20260416_071200', '20260410_071200']);
  });

  test('uses what an earlier change creates', async () => {
    await save('site create new.example.com --server web-1 --type laravel --git-repository-id example/blog --deploy');
    const run = await apply();
    expect([run.code, run.changes.length], run.stderr).toEqual([0, 2]);
    const site = bed.sandbox.state.sites.find(({ domain }) => domain === 'new.example.com');
    expect(run.changes[1]).toBe(`POST /servers/${seeded.servers['web-1']}/sites/${site?.id}/deploy`);
  });

  test('stops at the first failure, and goes on from there', async () => {
    await save('site suspend shop.example.com blog.example.com web-1/staging.example.com');
    bed.sandbox.faults.next(
      { method: 'POST', path: new RegExp(seeded.sites['blog.example.com']) },
      { status: 422, body: { message: 'No.' } },
    );
    const run = await apply('--yes --json');
    expect([run.code, run.json()]).toMatchObject([
      12,
      [{ outcome: 'applied' }, { outcome: 'failed', error: { code: 'invalid' } }, { outcome: 'not_started' }],
    ]);
    const again = await apply();
    expect([again.code, again.changes.length]).toEqual([0, 2]);
  });

  test.each(['drop', 'drop-after'] as const)('finds out what became of a change whose response is lost: %s', async (fault) => {
    for (const [method, line] of [
      ['PUT', UPDATE],
      ['DELETE', `crontab delete '${SCHEDULE}' --server web-1`],
      ['POST', 'database create reports --server db-1'],
      ['POST', 'site suspend shop.example.com'],
    ] as const) {
      await save(line);
      bed.sandbox.faults.next({ method }, fault);
      const first = await apply();
      const second = await apply();
      expect([second.code, first.changes.length + second.changes.length], `${line}: ${first.stderr}`).toEqual([
        0,
        fault === 'drop' ? 2 : 1,
      ]);
    }
  });
});

describe('an action whose response is lost counts as performed only if its target is as wanted', () => {
  const site = () =>
    bed.sandbox.state.sites.find(({ id }) => id === seeded.sites['shop.example.com']) as unknown as Record<string, unknown>;
  test.each<[string, string, string, unknown]>([
    ['site suspend shop.example.com', 'status', 'active', 'deploying'],
    ['site resume shop.example.com', 'status', 'suspended', 'suspended'],
    ['site schedule shop.example.com --at 2099-12-01T02:00 --yes', 'scheduled_deploy_at', '2099-01-01T00:00:00Z', '2099-02-02T00:00:00Z'],
    ['site unschedule shop.example.com', 'scheduled_deploy_at', '2099-01-01T00:00:00Z', '2099-02-02T00:00:00Z'],
  ])('%s', async (line, field, before, meanwhile) => {
    site()[field] = before;
    await save(line);
    bed.sandbox.faults.next({ method: 'POST' }, 'drop');
    await expect(
      apply('--yes', {
        through: (network) => ({
          ...network,
          request: async (request) => {
            try {
              return await network.request(request);
            } finally {
              if (request.method === 'POST') site()[field] = meanwhile;
            }
          },
        }),
      }),
    ).toExit(13, { stdout: expect.not.stringMatching(/ applied\n/) });
  });
});

describe('if the progress cannot be saved', () => {
  const directory = () => join(bed.directory, 'state/plans');
  const aside = () => `${directory()}.aside`;

  /** Puts a file where the directory is, as on a disk that fails. */
  function fail(): void {
    if (existsSync(aside())) return;
    if (existsSync(directory())) renameSync(directory(), aside());
    mkdirSync(dirname(directory()), { recursive: true });
    writeFileSync(directory(), '');
  }
  const failing = (method: string) =>
    bed.sandbox.faults.next({ method }, (response) => {
      fail();
      return response;
    });

  test('nothing is sent', async () => {
    await save(UPDATE);
    fail();
    const says = `Error: Could not save the progress in ${directory()}: ENOTDIR. Nothing was sent.\n`;
    await expect(apply()).toExit(1, { changes: [], stdout: '', says });
  });

  test('once it is compared, the change is not sent', async () => {
    await save(UPDATE);
    failing('GET');
    await expect(apply()).toExit(1, { changes: [], says: ': ENOTDIR. This change was not sent.\n' });
  });

  test('once a change is sent, says so, and the next run finds out that it was performed', async () => {
    await save(UPDATE);
    failing('PUT');
    const run = await apply();
    expect(run).toExit(0, { changes: [expect.stringMatching(/^PUT /)], says: `Could not save the progress in ${directory()}: ENOTDIR.\n` });
    expect(run.stdout).toMatch(/ applied\n$/);
    rmSync(directory());
    renameSync(aside(), directory());
    const [name = ''] = readdirSync(directory());
    const record = JSON.parse(readFileSync(join(directory(), name), 'utf8'));
    // The process that held it has ended.
    writeFileSync(join(directory(), name), JSON.stringify({ ...record, holder: null }));
    await expect(apply()).toExit(0, { changes: [], says: 'Was performed before: ' });
  });
});

describe('another process that applies the plan', () => {
  /** Leaves what this process would save of a plan of which it has sent nothing. */
  async function leave(holder: Holder): Promise<void> {
    await save(UPDATE);
    bed.sandbox.faults.next({ method: 'PUT' }, { status: 422, body: { message: 'No.' } });
    await expect(apply()).toExit(7);
    const directory = join(bed.directory, 'state/plans');
    const [name = ''] = readdirSync(directory);
    const record = JSON.parse(readFileSync(join(directory, name), 'utf8'));
    writeFileSync(join(directory, name), JSON.stringify({ ...record, holder: holderName(holder) }));
  }

  test('is not overtaken while it runs', async () => {
    const { holder, kill } = await startHolder();
    await leave(holder);
    for (const more of ['--yes', '--yes --in-flight send'])
      await expect(apply(more)).toExit(1, { calls: [], stderr: `Error: Process ${holder.pid} on ${holder.host} is applying this plan.\n` });
    await kill();
    await expect(apply()).toExit(0, { changes: [expect.stringMatching(/^PUT /)] });
  });

  test('on another machine may have ended, which --in-flight says', async () => {
    await leave({ host: 'runner-7', pid: 7, boot: '', namespace: '', start: '1' });
    const stderr =
      'Error: Process 7 on runner-7 is applying this plan.\n  If it has ended, run this again with --in-flight done or --in-flight send.\n';
    await expect(apply()).toExit(1, { calls: [], stderr });
    await expect(apply('--yes --in-flight send')).toExit(0, { changes: [expect.stringMatching(/^PUT /)] });
  });
});

test('--check saves nothing', async () => {
  await save(UPDATE);
  await expect(apply('--check')).toExit(0);
  expect(existsSync(join(bed.directory, 'state/plans'))).toBe(false);
});

test.each(['apply plan.json', 'undo'])('%s compares once more after its question', async (line) => {
  const server = bed.sandbox.state.servers[0];
  if (line === 'undo') await expect(bed.dnx('server update web-1 --name web-9')).toExit(0);
  else await save('server update web-1 --name web-9');
  await expect(
    bed.dnx(line, {
      columns: 80,
      keys: 'y\r',
      through: (network) => ({
        ...network,
        request: async (request) => {
          const response = await network.request(request);
          Object.assign(server ?? {}, { name: 'web-5' });
          return response;
        },
      }),
    }),
  ).toExit(10, { changes: [], says: 'web-5' });
});

test('--in-flight counts only if dnx cannot find out', async () => {
  await save(UPDATE);
  // Nothing can be read after the request.
  let isOver = false;
  const first = await apply('--yes', {
    through: (network) => ({
      ...network,
      request: async (request) => {
        if (isOver) throw new NetworkFault('gone', { sent: false });
        isOver = request.method === 'PUT';
        const response = await network.request(request);
        if (!isOver) return response;
        throw new NetworkFault('gone', { sent: true });
      },
    }),
  });
  const again = await apply('--yes --in-flight send');
  expect([first.code, again.code, again.changes], again.stderr).toEqual([13, 0, []]);
  expect(again.stderr).toContain('Was performed before');
});

test('DNX_READ_ONLY lets a plan be compared, and not applied', async () => {
  await save(UPDATE, { env: { DNX_READ_ONLY: '1' } });
  await expect(apply('--check', { env: { DNX_READ_ONLY: '1' } })).toExit(0);
  await expect(apply('--yes', { env: { DNX_READ_ONLY: '1' } })).toExit(5, { calls: [] });
});

describe('a hostile plan', () => {
  const hostile = async (change: (plan: Plan) => unknown) => {
    rmSync(path(), { force: true });
    await save(UPDATE);
    write(change(read()));
    const run = await apply();
    expect(run).toExit(2, { changes: [], stdout: '' });
    return run.stderr;
  };
  const first = (plan: Plan, part: object) => ({ ...plan, changes: [{ ...plan.changes[0], ...part }] });

  test('names no other host', async () => {
    expect(await hostile((plan) => ({ ...plan, host: 'https://evil.example' }))).toContain('is a plan for https://evil.example');
  });

  test.each([
    ['GET /user'],
    ['POST /tokens'],
    ['DELETE /tokens/{token}'],
    ['POST /login'],
    ['POST /logout'],
    ['POST /../../evil'],
    ['PATCH /servers/{server}'],
    ['constructor'],
  ])('sends no %s', async (call) => {
    expect(await hostile((plan) => first(plan, { call, targets: {}, body: {} }))).toContain('is not a plan: change 1');
  });

  test.each([
    ['..', 'is not a valid id'],
    ['', 'is not a valid id'],
  ])('has no target %j', async (id, why) => {
    expect(await hostile((plan) => first(plan, { targets: { ...plan.changes[0]?.targets, crontab: { id, name: null } } }))).toContain(why);
  });

  test.each<[string, (plan: Plan) => object]>([
    ['about', (plan) => ({ ...plan, about: 5 })],
    ['about[0]', (plan) => ({ ...plan, about: [null] })],
    ['abilities[0]', (plan) => ({ ...plan, abilities: [1] })],
    ['consent', (plan) => ({ ...plan, consent: 'none' })],
    ['consent.level', (plan) => ({ ...plan, consent: { level: 'low', confirm: null } })],
    ['consent.more', (plan) => ({ ...plan, consent: { ...plan.consent, more: 1 } })],
    ['created_at', (plan) => ({ ...plan, created_at: 7 })],
    ['changes', ({ changes: _, ...plan }) => plan],
    ['changes[0]', (plan) => ({ ...plan, changes: [null] })],
    ['changes[0].about', (plan) => first(plan, { about: 'x' })],
    ['changes[0].about[0]', (plan) => first(plan, { about: [null] })],
    ['changes[0].undo', (plan) => first(plan, { undo: {} })],
    ['changes[0].absent', (plan) => first(plan, { absent: 1 })],
    ['changes[0].undoes.n', (plan) => first(plan, { undoes: { run: 'x', n: 0.5 } })],
    ['changes[0].undoes.more', (plan) => first(plan, { undoes: { run: 'x', n: 0, more: 1 } })],
    ['changes[0].query', (plan) => first(plan, { query: ['a'] })],
    ['changes[0].before', (plan) => first(plan, { before: 'x' })],
    ['changes[0].before', (plan) => first(plan, { before: undefined })],
    ['changes[0].targets.server.id', (plan) => first(plan, { targets: { ...plan.changes[0]?.targets, server: { id: 1, name: null } } })],
    ['changes[0].__proto__', (plan) => first(plan, JSON.parse('{"__proto__":{"absent":true}}'))],
  ])('has no other %s than the schema says', async (field, change) => {
    expect(await hostile(change)).toContain(`is not a plan: ${field} is not`);
  });

  test('is absent only where it creates something', async () => {
    expect(await hostile((plan) => first(plan, { absent: true }))).toContain('change 1 creates nothing');
  });

  test('cannot swap what a name confirms', async () => {
    await save('site delete shop.example.com --server web-1');
    const plan = read();
    const { server, site } = plan.changes[0]?.targets ?? {};
    write(first(plan, { targets: { site, server } }));
    await expect(apply('--confirm web-1')).toExit(2, { stdout: '' });
    await expect(apply('--confirm shop.example.com')).toExit(0);
  });

  test('refers to no later change, and to nothing of another kind', async () => {
    for (const created_by of [0, 1, 2, -1, 1.5])
      await hostile((plan) => first(plan, { targets: { ...plan.changes[0]?.targets, crontab: { id: null, name: null, created_by } } }));
  });

  test.each([
    ['file:///etc/passwd', 'outside of this project'],
    ['file://../../../../etc/passwd', 'outside of this project'],
    ['dotenv:///etc/environment#PATH', 'outside of this project'],
    ['op://app/db/password', 'cannot be read'],
    ['sh://id', 'cannot be read'],
    ['env://DNX_TOKEN', 'never reads the settings of dnx'],
  ])('reads no %s', async (secret, why) => {
    const stderr = await hostile((plan) => ({
      ...plan,
      changes: [
        {
          call: 'POST /servers/{server}/sites/{site}/environment-variables',
          targets: {
            server: { id: seeded.servers['web-1'], name: null },
            site: { id: seeded.sites['shop.example.com'], name: null },
          },
          body: { key: 'NEW', value: { secret } },
          before: null,
        },
      ],
    }));
    expect(stderr).toContain(why);
    expect(bed.children).toEqual([]);
  });

  test('runs no program for a reference in a dotenv file', async () => {
    writeFileSync(join(bed.directory, '.env.shop'), 'NEW=op://app/db/password\n');
    const body = { key: 'NEW', value: { secret: 'dotenv://.env.shop#NEW' } };
    const targets = { server: { id: seeded.servers['web-1'], name: null }, site: { id: seeded.sites['shop.example.com'], name: null } };
    const call = 'POST /servers/{server}/sites/{site}/environment-variables';
    expect(await hostile((plan) => first(plan, { call, targets, body, before: null }))).toContain('a plan runs no program');
  });

  test('has no secret as text', async () => {
    const targets = { server: { id: seeded.servers['db-1'], name: null }, database: { id: '01JQ8Z4T9G00000000000DBSH0', name: null } };
    const call = 'POST /servers/{server}/databases/{database}/users';
    const body = { username: 'x', password: 'hunter2' };
    expect(await hostile((plan) => first(plan, { call, targets, body, before: null }))).toContain('as text');
  });

  test('is no larger than it says', async () => {
    await hostile((plan) => ({ ...plan, changes: Array.from({ length: 10_001 }, () => plan.changes[0]) }));
    await hostile((plan) => ({ ...plan, more: [] }));
    await hostile((plan) => first(plan, { next: [] }));
    await hostile(() => `${' '.repeat(10_500_000)}{}`);
    await hostile(() => `{"changes":${'['.repeat(100_000)}`);
    await hostile(() => '[]');
    await hostile((plan) => ({ ...plan, version: 2 }));
  });

  test('is a regular file', async () => {
    mkdirSync(path());
    await expect(apply()).toExit(2);
    await expect(bed.dnx('apply nothing.json --yes')).toExit(2);
  });

  test('shows no control characters', async () => {
    await save('server restart web-1');
    const plan = read();
    write({ ...plan, changes: [{ ...plan.changes[0], targets: { server: { id: seeded.servers['web-1'], name: '\u001b[2Jweb-1' } } }] });
    const run = await apply('--yes', { columns: 80 });
    expect([run.code, run.stderr.includes('\u001b[2J')]).toEqual([10, false]);
  });
});

test('the schema names every operation that changes something, and is printed by dnx apply --schema', async () => {
  const run = await bed.dnx('apply --schema');
  expect([run.code, run.calls, run.stdout]).toEqual([0, [], readFileSync('docs/plan.schema.json', 'utf8')]);
  expect(planSchema.$defs.change.properties.call.anyOf[0]?.enum).toEqual(changes);
});

test('the progress of plans has no secret', async () => {
  writeFileSync(join(bed.directory, 'secret'), 'hunter2\n');
  await save('env set shop.example.com NEW --from-file secret');
  await expect(apply()).toExit(0);
  const directory = join(bed.directory, 'state/plans');
  for (const name of readdirSync(directory)) {
    expect((statSync(join(directory, name)).mode & 0o777).toString(8)).toBe('600');
    expect(readFileSync(join(directory, name), 'utf8')).not.toContain('hunter2');
  }
});
