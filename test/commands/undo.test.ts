import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { PastRun } from '../../src/features/plan/history.ts';
import { operations } from '../../src/platform/operations.ts';
import { openBed, type Run } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(() => openBed());
beforeEach(() => writeFileSync(join(bed.directory, 'secret'), 'hunter2-hunter2\n'));

/** Runs a line that must succeed. */
async function change(line: string): Promise<Run> {
  const run = await bed.dnx(line);
  expect(run.code, `${line}: ${run.stderr}`).toBe(0);
  return run;
}

const latest = async () => (await bed.dnx('history --json')).json<PastRun[]>()[0]?.id ?? '';

/** What the sandbox has, without ids of its own, times and tokens. */
function stateNow(): unknown {
  const { tokens: _, due: __, ...state } = bed.sandbox.state as unknown as Record<string, unknown>;
  const bare = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(bare).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
    if (typeof value !== 'object' || value === null) return value;
    const sorted = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(
      sorted.flatMap(([key, each]) => (/^id$|_at$/.test(key) && key !== 'scheduled_deploy_at' ? [] : [[key, bare(each)]])),
    );
  };
  return bare(state);
}

const SCHEDULE = "'php8.3 /home/deploynix/shop.example.com/current/artisan schedule:run'";
const SITE = '--site shop.example.com --server web-1';
const key = `ssh-ed25519 ${Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0 a key for the examples'.padEnd(51, '.')).toString('base64')} ada@desktop`;

/** A line of every operation that can be undone, and what comes before it. */
const lines: readonly (readonly [call: string, line: string, before?: string])[] = [
  ['POST /tokens', 'token create ci --ability site:read'],
  ['PUT /servers/{server}', 'server update web-1 --name web-9'],
  ['PUT /servers/{server}/sites/{site}', 'site update shop.example.com --php-version 8.1 --server web-1'],
  ['POST /servers/{server}/sites/{site}/schedule-deploy', `site schedule shop.example.com --server web-1 --in 90m`],
  [
    'POST /servers/{server}/sites/{site}/schedule-deploy',
    `site schedule shop.example.com --server web-1 --in 90m --yes`,
    `site schedule shop.example.com --server web-1 --in 3h`,
  ],
  [
    'POST /servers/{server}/sites/{site}/cancel-scheduled-deploy',
    'site unschedule shop.example.com',
    `site schedule shop.example.com --server web-1 --in 3h`,
  ],
  ['POST /servers/{server}/sites/{site}/suspend', 'site suspend shop.example.com --yes'],
  ['POST /servers/{server}/sites/{site}/resume', 'site resume shop.example.com', 'site suspend shop.example.com --yes'],
  ['POST /servers/{server}/sites/{site}/environment-variables', 'env set shop.example.com NEW=1'],
  ['POST /servers/{server}/sites/{site}/queues', `queue create reports ${SITE}`],
  ['PUT /servers/{server}/sites/{site}/queues/{queue}', `queue update default --processes 7 ${SITE}`],
  ['DELETE /servers/{server}/sites/{site}/queues/{queue}', `queue delete default --yes ${SITE}`],
  ['POST /servers/{server}/sites/{site}/redirects', `redirect create /here /there ${SITE}`],
  [
    'PUT /servers/{server}/sites/{site}/redirects/{redirect}',
    `redirect update /old-here --to /elsewhere ${SITE}`,
    `redirect create /old-here /there ${SITE}`,
  ],
  [
    'DELETE /servers/{server}/sites/{site}/redirects/{redirect}',
    `redirect delete /old-here --yes ${SITE}`,
    `redirect create /old-here /there ${SITE}`,
  ],
  ['POST /servers/{server}/sites/{site}/certificates', `certificate create www.shop.example.com --no-wait ${SITE}`],
  ['POST /servers/{server}/databases/{database}/users', 'database-user create app --database shop --server db-1 --password @secret'],
  ['POST /servers/{server}/crontabs', "crontab create date --frequency '0 3 * * *' --server web-1"],
  ['PUT /servers/{server}/crontabs/{crontab}', `crontab update ${SCHEDULE} --frequency '0 3 * * *' --server web-1`],
  ['DELETE /servers/{server}/crontabs/{crontab}', `crontab delete ${SCHEDULE} --yes --server web-1`],
  ['POST /servers/{server}/daemons', "daemon create 'php artisan horizon' --server web-1"],
  [
    'PUT /servers/{server}/daemons/{daemon}',
    "daemon update 'php artisan horizon' --processes 3 --server web-1",
    "daemon create 'php artisan horizon' --server web-1",
  ],
  [
    'DELETE /servers/{server}/daemons/{daemon}',
    "daemon delete 'php artisan horizon' --yes --server web-1",
    "daemon create 'php artisan horizon' --server web-1",
  ],
  ['POST /servers/{server}/ssh-keys', `ssh-key create ada@desktop --public-key '${key}' --server web-1`],
  [
    'DELETE /servers/{server}/ssh-keys/{ssh_key}',
    'ssh-key delete ada@desktop --yes --server web-1',
    `ssh-key create ada@desktop --public-key '${key}' --server web-1`,
  ],
  ['POST /servers/{server}/network-rules', 'network-rule create 3306 --name MySQL --server web-1'],
  ['DELETE /servers/{server}/network-rules/{network_rule}', 'network-rule delete HTTP --yes --server web-1'],
  ['POST /providers/credentials', 'credential create x --provider hetzner --token @secret'],
  ['POST /git-providers', "git-provider create 'Our other GitLab' --provider gitlab --url https://git.example.com --token @secret"],
  ['PUT /git-providers/{git_provider}', "git-provider update GitHub --name 'GitHub 2'"],
  ['POST /git-repositories', 'git-repository create example/docs --git-provider-id GitHub'],
  ['PUT /git-repositories/{git_repository}', 'git-repository update example/blog --name example/blog2'],
  [
    'POST /git-repositories/{git_repository}/enable-auto-deploy',
    'git-repository enable-auto-deploy example/blog',
    'git-repository disable-auto-deploy example/blog',
  ],
  [
    'POST /git-repositories/{git_repository}/disable-auto-deploy',
    'git-repository disable-auto-deploy example/blog',
    'git-repository enable-auto-deploy example/blog',
  ],
];

/** What can be undone only without a secret, which is not kept. */
const secret = [
  'PUT /servers/{server}/sites/{site}/environment-variables/{variable}',
  'DELETE /servers/{server}/sites/{site}/environment-variables/{variable}',
  'PUT /servers/{server}/databases/{database}/users/{user}',
];

test('every operation that says so can be undone here', () => {
  const reversible = Object.entries(operations).flatMap(([call, { undo }]) =>
    undo === undefined || (typeof undo === 'object' && 'none' in undo) ? [] : [call],
  );
  expect([...new Set(lines.map(([call]) => call)), ...secret].sort()).toEqual(reversible.sort());
  for (const { undo } of Object.values(operations))
    if (typeof undo === 'object' && 'none' in undo) expect(undo.none).toMatch(/^[A-Z].+\.$/);
});

describe('the state after undo is that before', () => {
  test.each(lines.map(([call, line, before = '']) => [call, line, before] as const))('%s: dnx %s', async (call, line, before) => {
    if (before) await change(before);
    const wanted = stateNow();
    const plan = (await bed.dnx(`${line} --dry-run --json`)).json<{ changes: { call: string; undo: string | null }[] }>();
    expect(plan.changes).toMatchObject([{ call, undo: null }]);
    await change(line);
    await expect(bed.dnx('undo --dry-run')).toExit(0, { changes: [] });
    const run = await change('undo --yes');
    expect(run.changes).toHaveLength(1);
    if (call === 'POST /tokens') expect(run.changes[0]).toMatch(/^DELETE \/tokens\//);
    else expect(stateNow()).toEqual(wanted);
  });
});

describe('dnx undo', () => {
  const UPDATE = 'server update web-1 --name web-9';

  test('says whether it can be undone itself', async () => {
    await change('site suspend shop.example.com --yes');
    expect((await bed.dnx('undo --dry-run')).stdout).toContain('\n  undo     dnx undo\n');
    await change('env set shop.example.com NEW=1');
    expect((await bed.dnx('undo --dry-run')).stdout).toContain(
      '\n  undo     not possible: Hidden values are not kept: DNX_TOKEN is set.\n',
    );
    await change('server update web-1 --name web-9');
    expect((await bed.dnx('undo --dry-run')).stdout).toContain('\n  undo     dnx undo\n');
  });

  test('takes back the command with an id, the last change first', async () => {
    await change('site suspend shop.example.com blog.example.com --yes');
    const id = await latest();
    await change(UPDATE);
    const run = await change(`undo ${id} --yes`);
    const [first, second] = run.changes;
    expect([first, second]).toEqual([expect.stringMatching(/B10G1\/resume$/), expect.stringMatching(/SH0P1\/resume$/)]);
  });

  test('asks, and says what it will send', async () => {
    await change(UPDATE);
    await expect(bed.dnx('undo')).toExit(2, { says: 'Use --yes' });
    const run = await bed.dnx('undo', { columns: 80, keys: 'n\r' });
    expect(run).toExit(1, { changes: [], says: '~ update server web-9\n  name  web-9 → web-1\n' });
  });

  test('changes nothing that was changed since', async () => {
    await change(UPDATE);
    const id = await latest();
    await change('server update web-9 --name web-5');
    await expect(bed.dnx(`undo ${id} --yes`)).toExit(10, { changes: [], says: 'name is web-5, not web-9' });
  });

  test.each([
    ['server restart web-1 --yes', 'A restart leaves nothing to take back.'],
    ['database delete shop --server db-1 --confirm shop', 'Its data is gone.'],
    ['env unset shop.example.com APP_URL --yes', 'Hidden values are not kept: DNX_TOKEN is set.'],
    ['site enable-zero-downtime blog.example.com --yes', 'The API cannot turn off zero-downtime releases.'],
    ['server update 01JQ8Z4T9G00000000000WEB01 --name x', 'What it replaces was not read.'],
  ])('%s cannot be undone, and its plan says so before', async (line, why) => {
    expect((await bed.dnx(`${line} --dry-run`)).stdout).toContain(`not possible: ${why}`);
    await change(line);
    await expect(bed.dnx('undo --yes')).toExit(1, { changes: [], says: why });
  });

  test('takes back what it can, and says what stays', async () => {
    await change('env set shop.example.com NEW=1 --deploy');
    expect((await bed.dnx('undo --dry-run')).stderr).toContain('Stays: deploy shop.example.com (web-1). Roll back with dnx rollback.');
    await expect(bed.dnx('undo --yes')).toExit(12);
    expect(bed.sandbox.state.environment_variables.some(({ key: name }) => name === 'NEW')).toBe(false);
  });

  test('refuses what failed, what nobody knows, and what is of another host', async () => {
    await expect(bed.dnx('undo --yes')).toExit(6);
    await expect(bed.dnx('crontab create date --frequency x --server web-1')).toExit(7);
    await expect(bed.dnx(`undo ${await latest()} --yes`)).toExit(1, { says: 'nothing to undo' });
    bed.sandbox.faults.next({ method: 'PUT' }, 'drop-after');
    await expect(bed.dnx(UPDATE)).toExit(13);
    await expect(bed.dnx('undo --yes')).toExit(10, { says: 'It is unknown whether' });
    const file = join(bed.directory, 'state/history.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(bed.sandbox.url, 'https://other.example'));
    expect(await bed.dnx(`undo ${await latest()} --yes`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('was made at https://other.example'),
    });
  });

  test('saves a plan that dnx apply takes', async () => {
    await change(UPDATE);
    await change('undo --dry-run --out plan.json');
    await change('apply plan.json --yes');
    expect(bed.sandbox.state.servers.some(({ name }) => name === 'web-1')).toBe(true);
  });
});
