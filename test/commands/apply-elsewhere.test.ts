import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Plan } from '../../src/cli/plan/plan.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { sampled } from '../support/volume.ts';

const bed = perTest(openBed);

const SCHEDULE = 'php8.3 /home/deploynix/shop.example.com/current/artisan schedule:run';
const UPDATE = `crontab update '${SCHEDULE}' --server web-1 --frequency '0 7 * * *'`;
const CREATE = "crontab create date --frequency '0 8 * * *' --server web-1";
const RESTART = 'server restart web-1';
const AGAIN = 'This plan was already applied.\n';

/** The files of dnx on another machine, which knows nothing of this one. */
const elsewhere = (): RunOptions['env'] => ({
  DNX_CONFIG_DIR: join(bed.directory, 'elsewhere/config'),
  DNX_CACHE_DIR: join(bed.directory, 'elsewhere/cache'),
  DNX_STATE_DIR: join(bed.directory, 'elsewhere/state'),
});

/** A machine that has just been made. */
function fresh(): RunOptions['env'] {
  rmSync(join(bed.directory, 'elsewhere'), { recursive: true, force: true });
  return elsewhere();
}

const plan = (name = 'plan.json'): Plan => JSON.parse(readFileSync(join(bed.directory, name), 'utf8'));

/** Saves the plans of these lines as one. */
async function save(...lines: readonly string[]): Promise<void> {
  const plans: Plan[] = [];
  for (const line of lines) {
    await expect(bed.dnx(`${line} --dry-run --out plan.json`)).toExit(0, { changes: [] });
    plans.push(plan());
  }
  writeFileSync(join(bed.directory, 'plan.json'), JSON.stringify({ ...plans[0], changes: plans.flatMap(({ changes }) => changes) }));
}

const apply = (more = '--yes', env?: RunOptions['env'], options?: RunOptions): Promise<Run> =>
  bed.dnx(`apply plan.json ${more}`, { ...options, ...(env && { env }) });

beforeEach(() => {
  writeFileSync(join(bed.directory, 'secret'), 'hunter2\n');
  writeFileSync(join(bed.directory, 'key.pub'), 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKey ada@example.com\n');
});

describe('a plan that was applied is already applied on any machine', () => {
  const lines = [
    UPDATE,
    CREATE,
    `crontab delete '${SCHEDULE}' --server web-1`,
    'database create reports --server db-1',
    'database-user create app --database shop --server db-1 --password @secret',
    'ssh-key create ada --public-key @key.pub --server web-1',
    'network-rule create 6001 --protocol tcp --server web-1',
    'redirect create /old /new --site shop.example.com',
    'env set NEW --from-file secret --site shop.example.com',
    'env set APP_NAME --from-file secret --site shop.example.com',
    'env unset APP_NAME --site shop.example.com',
    'site suspend shop.example.com',
    'site schedule shop.example.com --at 2099-12-01T02:00Z',
    'site create new.example.com --type static --server web-1',
    'server update web-1 --name web-9',
    'certificate create www.shop.example.com --site shop.example.com',
    'rollback shop.example.com --yes',
  ];
  test.each(sampled(lines, 9, 12))('%s', async (line) => {
    await save(line);
    await expect(apply()).toExit(0, { changes: [expect.any(String)] });
    await expect(apply('--check', elsewhere())).toExit(0, { changes: [], stdout: AGAIN });
    await expect(apply('--yes', elsewhere())).toExit(0, { changes: [], stdout: AGAIN });
    const rows = (await apply('--yes --json', elsewhere())).json();
    expect(rows).toEqual([
      { change: 1, call: plan().changes[0]?.call, id: expect.toBeOneOf([null, expect.any(String)]), outcome: 'unchanged' },
    ]);
  });
});

test('a part that was made is not made again, and the result says so', async () => {
  await save(UPDATE, CREATE, 'database create reports --server db-1');
  await expect(bed.dnx(UPDATE)).toExit(0);
  await expect(bed.dnx(CREATE)).toExit(0);
  await expect(apply('--check', elsewhere())).toExit(0, {
    stdout: '✓ 1 change can be applied\n  needs    database:create\n  consent  --yes\n',
  });
  const run = await apply('--yes --json', elsewhere());
  expect(run).toExit(0, { changes: [expect.stringMatching(/\/databases$/)], says: '2 of 3 changes were already made.\n' });
  expect(run.json()).toMatchObject([{ outcome: 'unchanged' }, { outcome: 'unchanged', id: expect.any(String) }, { outcome: 'applied' }]);
  await expect(apply('--yes', elsewhere())).toExit(0, { changes: [], stdout: AGAIN });
});

test('what is neither as it was nor as the plan wants it ends with 10, and nothing is sent', async () => {
  await save(UPDATE, CREATE);
  await expect(bed.dnx(CREATE.replace('0 8', '0 9'))).toExit(0);
  for (const more of ['--yes', '--check']) await expect(apply(more, fresh())).toExit(10, { changes: [], says: 'date exists now' });
  await expect(bed.dnx(UPDATE.replace('0 7', '0 6'))).toExit(0);
  await expect(apply('--yes', fresh())).toExit(10, { changes: [], says: "frequency is '0 6 * * *', not '* * * * *'" });
});

test('two of the same are two, and what is replaced is not taken for what replaces it', async () => {
  await save(CREATE, CREATE);
  const [first] = plan().changes;
  await expect(apply()).toExit(0, { changes: [expect.any(String), expect.any(String)] });
  await expect(apply('--yes', elsewhere())).toExit(0, { changes: [], stdout: AGAIN });
  bed.sandbox.state.crontabs.pop();
  await expect(apply('--yes', fresh())).toExit(0, { changes: [expect.any(String)] });
  await save(`crontab delete '${SCHEDULE}' --server web-1`);
  const [deletion] = plan().changes;
  const body = { command: SCHEDULE, frequency: '* * * * *' };
  writeFileSync(
    join(bed.directory, 'plan.json'),
    JSON.stringify({ ...plan(), changes: [deletion, { ...first, body, absent: undefined }] }),
  );
  await expect(apply('--yes', fresh())).toExit(0, { changes: [expect.stringContaining('DELETE '), expect.stringContaining('POST ')] });
  await expect(apply('--yes', fresh())).toExit(0, { changes: [], stdout: AGAIN });
});

test('a rule for one address is not taken for one that opens the port', async () => {
  await save('network-rule create 6001 --protocol tcp --server web-1');
  await expect(bed.dnx('network-rule create 6001 --protocol tcp --source 192.0.2.1 --server web-1')).toExit(0);
  await expect(apply('--yes', elsewhere())).toExit(10, { changes: [], says: '6001 exists now' });
});

test('a certificate that was there before is not taken for a new one', async () => {
  await save('certificate create shop.example.com --site shop.example.com');
  await bed.clock.sleep(1_000);
  await expect(apply()).toExit(0, { changes: [expect.stringMatching(/certificates$/)] });
  await expect(apply('--yes', elsewhere())).toExit(0, { changes: [], stdout: AGAIN });
});

test('what a later change of the plan replaces or deletes counts as made', async () => {
  await save(UPDATE, UPDATE.replace('0 7', '0 9'), `crontab delete '${SCHEDULE}' --server web-1`);
  const whole = plan();
  for (const count of [2, 3]) {
    writeFileSync(join(bed.directory, 'plan.json'), JSON.stringify({ ...whole, changes: whole.changes.slice(0, count) }));
    await expect(apply('--yes', fresh())).toExit(0, { changes: expect.toSatisfy((all: unknown[]) => all.length > 0) });
    await expect(apply('--yes', fresh())).toExit(0, { changes: [], stdout: AGAIN });
  }
});

describe('what nobody can know', () => {
  test('is sent if nothing says that the plan was applied elsewhere', async () => {
    await save(RESTART, UPDATE, RESTART);
    await expect(apply('--yes', elsewhere())).toExit(0, { changes: expect.toSatisfy((all: unknown[]) => all.length === 3) });
    await save(RESTART);
    await expect(apply('--yes', elsewhere())).toExit(0, { changes: [expect.stringMatching(/restart$/)] });
  });

  test.each([
    ['done', 0],
    ['send', 1],
  ])('ends with 13 if another change was made, and goes on with --in-flight %s', async (answer, count) => {
    await save(UPDATE, RESTART);
    await expect(bed.dnx(UPDATE)).toExit(0);
    for (const more of ['--yes', '--check'])
      await expect(apply(more, elsewhere())).toExit(13, {
        changes: [],
        says: 'It is unknown whether this was performed: restart server web-1',
      });
    const run = await apply(`--yes --in-flight ${answer}`, elsewhere());
    expect([run.code, run.changes.length], run.stderr).toEqual([0, count]);
    await expect(apply('--yes', elsewhere())).toExit(0, { changes: [], stdout: AGAIN });
  });

  test('was not sent before a change that is still to be made', async () => {
    await save(UPDATE, RESTART, CREATE);
    await expect(bed.dnx(CREATE)).toExit(0);
    const run = await apply('--yes', elsewhere());
    expect([run.code, run.changes.length], run.stderr).toEqual([0, 2]);
  });

  test('is what happened to a value that the API hides', async () => {
    await save('env set NEW --from-file secret --site shop.example.com', 'env set APP_NAME --from-file secret --site shop.example.com');
    await expect(apply()).toExit(0);
    bed.sandbox.faults.always({ method: 'GET', path: /environment-variables$/ }, (answer) => {
      const { data, ...rest } = (answer as { body: { data: object[] } }).body;
      return { ...answer, body: { ...rest, data: data.map((item) => ({ ...item, value: '********' })) } };
    });
    await expect(apply('--yes', elsewhere())).toExit(13, { changes: [], says: 'the API does not show: value' });
    await expect(apply('--yes --in-flight done', elsewhere())).toExit(0, { changes: [], stdout: AGAIN });
  });

  test('is a deployment of the site that the plan creates', async () => {
    await save('site create new.example.com --server web-1 --type laravel --git-repository-id example/blog --deploy');
    await expect(apply()).toExit(0);
    const run = await apply('--yes', elsewhere());
    expect(run).toExit(13, { changes: [], says: 'unknown whether this was performed: deploy new.example.com' });
    await expect(apply('--yes --in-flight done', elsewhere())).toExit(0, { changes: [], stdout: AGAIN });
  });
});

test('a created parent is found for the changes that need it', async () => {
  await save('site create new.example.com --type static --server web-1', 'redirect create /old /new --site shop.example.com');
  const [site, redirect] = plan().changes;
  const targets = { ...redirect?.targets, site: { id: null, name: null, created_by: 1 } };
  writeFileSync(join(bed.directory, 'plan.json'), JSON.stringify({ ...plan(), changes: [site, { ...redirect, targets }] }));
  await expect(apply()).toExit(0);
  await expect(apply('--yes', elsewhere())).toExit(0, { changes: [], stdout: AGAIN });
  bed.sandbox.state.redirects.pop();
  const created = bed.sandbox.state.sites.at(-1)?.id;
  await expect(apply('--yes', fresh())).toExit(0, { changes: [`POST /servers/${seeded.servers['web-1']}/sites/${created}/redirects`] });
});

test('many creates read their list once', async () => {
  const count = 40;
  writeFileSync(join(bed.directory, '.env.shop.example.com'), Array.from({ length: count }, (_, at) => `NEW_${at}=${at}\n`).join(''));
  await save('env push --site shop.example.com');
  const run = await apply();
  expect([run.code, run.changes.length, run.calls.filter((call) => call.startsWith('GET ')).length], run.stderr).toEqual([0, count, 3]);
});
