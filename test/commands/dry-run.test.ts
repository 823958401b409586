import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Transport } from '../../src/machine/world.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openLimitedBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openLimitedBed);

const CRON = "crontab update 'php8.3 /home/deploynix/shop.example.com/current/artisan schedule:run' --server web-1";

/** Runs a line that must send nothing but GET requests. */
async function dry(line: string, options?: RunOptions) {
  const run = await bed.dnx(`${line} --dry-run`, options);
  expect(run.changes).toEqual([]);
  return run;
}

describe('--dry-run', () => {
  test('shows what would change from what to what, and which abilities that needs', async () => {
    await expect(dry(`${CRON} --frequency '0 7 * * *'`)).toExit(0, {
      stdout: [
        "~ update cron job 'php8.3 /home/deploynix/shop.example.com/current/artisan schedule:run' on server web-1",
        "  frequency  '* * * * *' → '0 7 * * *'",
        '1 change',
        '  needs  crontab:update',
        '  undo   dnx undo',
        '',
      ].join('\n'),
      stderr: 'Nothing was changed.\n',
    });
  });

  test('prints a plan for scripts', async () => {
    expect((await dry(`${CRON} --frequency '0 7 * * *' --json`)).json()).toEqual({
      version: 1,
      host: bed.sandbox.url,
      changes: [
        {
          call: 'PUT /servers/{server}/crontabs/{crontab}',
          targets: {
            server: { id: seeded.servers['web-1'], name: 'web-1' },
            crontab: { id: expect.any(String), name: 'php8.3 /home/deploynix/shop.example.com/current/artisan schedule:run' },
          },
          body: { frequency: '0 7 * * *' },
          before: { frequency: '* * * * *' },
          undo: null,
        },
      ],
      consent: { level: null, confirm: null },
      abilities: ['crontab:update'],
      about: [],
    });
  });

  test('reads what an id names, so that the plan has its name and can be undone', async () => {
    const id = seeded.servers['web-1'];
    const run = await dry(`server update ${id} --name web-9 --json`);
    expect([run.calls, run.json()]).toMatchObject([
      [`GET /servers/${id}`],
      {
        changes: [
          {
            targets: { server: { id, name: 'web-1' } },
            before: { name: 'web-1' },
            undo: expect.stringContaining('in a plan that --out saves'),
          },
        ],
      },
    ]);
    const [crontab] = bed.sandbox.state.crontabs;
    const { server_id, ...was } = { ...crontab };
    const out = `crontab delete ${was.id} --server ${server_id} --dry-run --out plan.json`;
    expect((await bed.dnx(out)).stdout).toContain('  undo     dnx undo\n');
    await expect(bed.dnx('apply plan.json --yes')).toExit(0);
    await expect(bed.dnx('undo --yes')).toExit(0);
    expect(bed.sandbox.state.crontabs.at(-1)).toMatchObject({ command: was.command, frequency: was.frequency, user: was.user });
  });

  test('fails as the command would if an id names nothing', async () => {
    await expect(dry(`crontab delete 01JQ8Z4T9G0000000000NOTHIN --server ${seeded.servers['web-1']}`)).toExit(6, { stdout: '' });
  });

  test('takes a token that cannot read what it changes', async () => {
    const env = { DNX_TOKEN: bed.sandbox.mint(['server:update']) };
    const run = await dry(`server update ${seeded.servers['web-1']} --name web-9 --json`, { env });
    expect(run.json()).toMatchObject({ changes: [{ before: null, undo: expect.stringContaining('was not read') }] });
  });

  test('keeps the query of dnx api, also in the plan', async () => {
    const place = `/servers/${seeded.servers['web-1']}/sites/${seeded.sites['shop.example.com']}`;
    const line = ['api', 'PUT', `${place}?force=1&with=a&with=b`, '-F', 'branch=next', '--dry-run', '--out', 'plan.json'];
    expect((await bed.dnx(line)).stdout).toContain('  query   force=1&with=a&with=b\n');
    const asked: string[] = [];
    const through = (network: Transport): Transport => ({
      ...network,
      request: (request) => {
        if (request.method === 'PUT') asked.push(request.url.slice(request.url.indexOf('?')));
        return network.request(request);
      },
    });
    await expect(bed.dnx('apply plan.json --yes', { through })).toExit(0);
    expect(asked).toEqual(['?force=1&with=a&with=b']);
  });

  test('says which consent is needed, and asks for none', async () => {
    expect((await dry('server delete web-1')).stdout).toBe(
      `- delete server web-1\n  id         ${seeded.servers['web-1']}\n  sites      3: shop.example.com, blog.example.com, staging.example.com\n  databases  1: blog\n1 change\n  needs    server:delete\n  undo     not possible: Its sites and data are gone.\n  consent  --confirm web-1\n`,
    );
    expect((await dry('site suspend shop.example.com blog.example.com')).stdout).toBe(
      '* suspend shop.example.com (web-1)\n* suspend blog.example.com (web-1)\n2 changes\n  needs    site:update\n  undo     dnx undo\n  consent  --yes\n',
    );
    expect((await dry('backup restore 01JQ8Z4T9G000000000000BK06 --json')).json()).toMatchObject({
      consent: { level: 'severe', confirm: 'shop' },
    });
    expect((await dry('env set shop.example.com APP_DEBUG=true --json')).json()).toMatchObject({
      consent: { level: 'severe', confirm: 'shop.example.com' },
      about: [{ dangers: { APP_DEBUG: expect.any(String) } }],
    });
  });

  test('fails as the command would before it sends anything', async () => {
    await expect(dry('server delete web-1 --confirm web-2')).toExit(2, { stdout: '' });
    await expect(dry('server delete web-7')).toExit(6, { stdout: '' });
    await expect(dry('crontab create --server web-1')).toExit(2, { stdout: '' });
    await expect(dry('rollback shop.example.com --to nothing')).toExit(6, { stdout: '' });
  });

  test('hides secrets', async () => {
    writeFileSync(join(bed.directory, 'secret'), 'hunter2-hunter2\n');
    for (const line of [
      'database-user create app --database shop --server db-1 --password @secret',
      'env set shop.example.com APP_NAME=hunter2-hunter2 NEW=hunter2-hunter2',
      'credential create x --provider hetzner --token @secret',
      `api POST /tokens -F 'nested:={"token":"hunter2-hunter2"}'`,
    ])
      for (const more of ['', ' --json', ' --debug', ' -o csv', ' -o yaml']) {
        const run = await dry(`${line}${more}`);
        expect(run).toExit(0, { says: 'Nothing was changed.', stdout: expect.stringContaining('••••••••') });
        expect(run.stdout + run.stderr).not.toContain('hunter2');
      }
  });

  test('hides the value of a variable that would stay as it is', async () => {
    await expect(bed.dnx('env set shop.example.com NEW=hunter2')).toExit(0);
    for (const line of ['env set shop.example.com NEW=hunter2', 'env ensure shop.example.com NEW=hunter2'])
      for (const more of ['', ' --json']) {
        const run = await dry(`${line}${more}`);
        expect([run.code, run.stdout + run.stderr]).toEqual([0, expect.not.stringContaining('hunter2')]);
      }
  });

  test('names what an earlier change creates', async () => {
    const run = await dry('site create new.example.com --server web-1 --certificate --deploy --json');
    const site = { id: null, name: 'new.example.com', created_by: 1 };
    expect(run.json()).toMatchObject({ changes: [{}, { targets: { site } }, { targets: { site } }] });
  });

  test('leaves nothing on this machine', async () => {
    const state = () => readdirSync(join(bed.directory, 'state')).filter((name) => !name.startsWith('budget'));
    for (const line of [
      'deploy shop.example.com',
      'deploy blog.example.com',
      'rollback shop.example.com',
      'rollback shop.example.com --result-file new',
      'deploy shop.example.com --result-file new',
      'token create ci --ability site:read --to-file new',
      'token rotate Grafana --to-file new',
    ])
      await expect(dry(line)).toExit(0);
    expect([state(), existsSync(join(bed.directory, 'new'))]).toEqual([[], false]);
  });

  test('says that a deployment in progress would be followed', async () => {
    bed.sandbox.deployElsewhere(seeded.sites['shop.example.com']);
    expect((await dry('deploy shop.example.com --exit-code')).stdout).toContain(
      'Nothing would change\n  running  shop.example.com is already deploying; would follow it\n',
    );
    const wait = await dry('deploy shop.example.com --if-running wait');
    expect([wait.stdout, wait.waited]).toEqual([expect.stringContaining('would wait for it\n'), 0]);
    await expect(dry('deploy shop.example.com --if-running fail')).toExit(10);
  });

  test('works with DNX_READ_ONLY', async () => {
    await expect(dry('server restart web-1', { env: { DNX_READ_ONLY: '1' } })).toExit(0);
  });

  test('works with a token that may only read', async () => {
    const token = bed.sandbox.mint(['server:read', 'crontab:read']);
    const run = await dry(`${CRON} --frequency '0 7 * * *'`, { env: { DNX_TOKEN: token } });
    expect(run).toExit(0, { stdout: expect.stringContaining('needs  crontab:update') });
  });

  test('is fit for a narrow terminal', async () => {
    const { stdout } = await dry('env set shop.example.com A=1 --deploy', { columns: 40 });
    expect(stdout.split('\n').filter((line) => line.length > 40)).toEqual([]);
  });
});

describe('--exit-code', () => {
  test('is 10 if something would change', async () => {
    await expect(dry(`${CRON} --frequency '0 7 * * *' --exit-code`)).toExit(10);
    await expect(dry('env set shop.example.com APP_NAME=Shop --exit-code')).toExit(10);
  });

  test('is 0 if nothing would', async () => {
    await expect(bed.dnx('env set shop.example.com NEW=1')).toExit(0);
    const run = await dry('env ensure shop.example.com NEW=1 --exit-code');
    expect(run).toExit(0, { stdout: 'Nothing would change\n  because  Variable NEW already exists\n' });
  });

  test('is 0 if what a change would bring is there already', async () => {
    const state = (changes: object) => {
      for (const site of bed.sandbox.state.sites) if (site.id === seeded.sites['shop.example.com']) Object.assign(site, changes);
    };
    state({ status: 'suspended', php_version: '8.3' });
    for (const [line, why] of [
      ['site update shop.example.com --php-version 8.3', 'shop.example.com: php version is already 8.3'],
      [`site update ${seeded.sites['shop.example.com']} --server web-1 --php-version 8.3`, 'shop.example.com: php version is already 8.3'],
      ['site suspend shop.example.com', 'shop.example.com: status is already suspended'],
      ['site resume blog.example.com', 'blog.example.com: status is already active'],
      ['site unschedule shop.example.com', 'shop.example.com: scheduled deploy at is already not set'],
    ] as const) {
      const run = await dry(`${line} --exit-code`);
      expect([run.code, run.stdout], line).toEqual([0, `Nothing would change\n  because  ${why}\n`]);
    }
    const both = await dry('site suspend shop.example.com blog.example.com --exit-code');
    expect(both).toExit(10, { stdout: expect.stringMatching(/^\* suspend blog[^*]*\n1 change\n {2}because +shop.example.com: status/) });
  });

  test('needs --dry-run', async () => {
    await expect(bed.dnx('server restart web-1 --exit-code')).toExit(2, { calls: [], stderr: 'Error: --exit-code needs --dry-run.\n' });
  });

  test('is no option of a command that only reads', async () => {
    await expect(bed.dnx('server list --dry-run')).toExit(2);
  });
});
