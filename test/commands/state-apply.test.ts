import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import type { Plan } from '../../src/cli/plan/plan.ts';
import { NetworkFault, type Transport } from '../../src/machine/world.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type Run, type RunOptions, temporary } from '../support/dnx.ts';
import { shownAs } from '../support/ensured.ts';
import { perTest } from '../support/fixtures.ts';
import { changesOfMany, manyChanges, statedIn, writeState } from '../support/state-bed.ts';
import { sampled } from '../support/volume.ts';

const bed = perTest(openBed);

const state = (text: string) => writeState(bed.directory, text);
const apply = (words = '', options?: RunOptions): Promise<Run> => bed.dnx(`apply --yes ${words}`, options);
const shop = (text: string): string => `sites:\n  shop.example.com: { server: web-1, ${text} }\n`;
const variables = () => bed.sandbox.state.environment_variables.filter(({ site_id }) => site_id === seeded.sites['shop.example.com']);
const shopValue = (key: string) => variables().find((variable) => variable.key === key)?.value;
const daemons = () => bed.sandbox.state.daemons.map(({ command }) => command);

describe('dnx apply of a state file', () => {
  test('sends what differs, and the second time only reads each list once', async () => {
    state(manyChanges);
    const dry = await bed.dnx('apply --dry-run --delete --exit-code');
    expect(dry).toExit(10, { changes: [] });
    const first = await apply('--delete');
    expect(first).toExit(0);
    expect(first.changes).toHaveLength(changesOfMany);
    const second = await apply('--delete');
    expect(second).toExit(0, { changes: [], stdout: 'Everything is as deploynix.yml says.\n' });
    expect(second.calls).toHaveLength(new Set(second.calls).size);
    await expect(bed.dnx('apply --dry-run --delete --exit-code')).toExit(0, { stdout: 'Nothing would change\n' });
    const json = await bed.dnx('apply --dry-run --json');
    expect(json).toExit(0);
    expect(json.json()).toMatchObject({ version: 1, changes: [] });
  });

  test('reads no list again to send forty variables', async () => {
    state(shop(`env: { ${Array.from({ length: 40 }, (_, at) => `NEW_${at}: v${at}`).join(', ')} }`));
    const run = await apply();
    expect([run.code, run.changes.length, run.calls.length - run.changes.length]).toEqual([0, 40, 3]);
  });

  test('asks, and needs --yes where nobody can be asked', async () => {
    state(shop('env: { NEW: a }'));
    await expect(bed.dnx('apply')).toExit(2, { changes: [], says: 'Use --yes, or --dry-run to change nothing.' });
    await expect(bed.dnx('apply', { columns: 100, keys: 'y\r' })).toExit(0, { changes: [expect.stringContaining('POST ')] });
  });

  test('asks with aligned fields, and says what undo cannot take back', async () => {
    state(shop('env: { APP_NAME: Other }, queues: [{ queue: new, processes: 2, tries: 5 }]'));
    const { stderr } = await bed.dnx('apply', { columns: 100, keys: 'n\r', env: { NO_COLOR: '1', DNX_NO_HISTORY: '1' } });
    expect(stderr).toContain("\n+ create queue worker 'new' on shop.example.com (web-1)\n  processes  2\n  tries      5\n");
    expect(stderr).toContain('\n! dnx undo cannot take all of this back. Hidden values are not kept: ');
  });

  test('is found from a directory of the project, and named if there is none', async () => {
    await expect(apply()).toExit(2, { calls: [], says: 'there is no deploynix.yml in this project' });
  });

  test('is narrowed to a site', async () => {
    state(`${shop('env: { NEW: a }')}  blog.example.com: { server: web-1, env: { NEW: b } }\n`);
    await expect(apply('--site blog.example.com')).toExit(0, { changes: [expect.stringContaining(seeded.sites['blog.example.com'])] });
    expect(shopValue('NEW')).toBeUndefined();
  });

  test('takes back with undo what it did', async () => {
    const before = statedIn(bed.sandbox.state);
    state('servers:\n  web-1:\n    daemons: [node a.js]\n    network_rules: [8080]\n');
    await expect(apply()).toExit(0);
    expect(statedIn(bed.sandbox.state)).not.toEqual(before);
    await expect(bed.dnx('undo --yes')).toExit(0);
    expect(statedIn(bed.sandbox.state)).toEqual(before);
  });
});

describe('what it leaves', () => {
  test('a site is created only with --create', async () => {
    state('sites:\n  shp.example.com: { server: web-1, type: laravel }\n');
    await expect(apply()).toExit(6, { changes: [], says: 'To create it, use --create.' });
    await expect(apply('--create')).toExit(0, { changes: [expect.stringMatching(/^POST .*\/sites$/)] });
  });

  test('what a list has besides is deleted only with --delete', async () => {
    state(shop('redirects: [{ from: /agb, to: /terms }], owns: [redirects]'));
    const says = 'Only at Deploynix. To delete what can be deleted, use --delete:\n  - redirect /sale on shop.example.com (web-1)';
    await expect(apply()).toExit(0, { changes: [], says, stdout: 'Nothing to change.\n' });
    await expect(apply('--delete')).toExit(0, { changes: [expect.stringMatching(/^DELETE .*redirects/)] });
  });

  test('a variable without its value must exist', async () => {
    state(shop('env: { NEW: a }, secrets: [APP_KEY, MISSING]'));
    await expect(apply()).toExit(10, { changes: [expect.stringContaining('POST ')], says: 'dnx env set MISSING --from-file FILE' });
    await expect(apply('--deploy')).toExit(10, { changes: [] });
  });

  test('a database user without its password must exist', async () => {
    state('servers:\n  db-1: { databases: { shop: { users: { shop: {}, reporter: {} } } } }\n');
    const run = await apply('', { columns: 80, env: { NO_COLOR: '1' } });
    expect(run).toExit(10, { changes: [], says: 'dnx database-user create reporter --database shop --server db-1' });
    expect(run.stderr.split('\n').slice(-5, -1)).toEqual([
      '  database user reporter on database shop on server db-1  missing, and its',
      '    password is not in deploynix.yml:2:51',
      '  Create it with:',
      '    dnx database-user create reporter --database shop --server db-1',
    ]);
  });

  test('what only a create sets is said, and never sent', async () => {
    state(shop('type: statamic'));
    const says = 'type is laravel, not statamic. The API cannot change that';
    await expect(apply()).toExit(0, { changes: [], says, stdout: 'Nothing to change.\n' });
  });

  test('what the API hides is sent only with --set-unknown', async () => {
    state(shop('env: { APP_NAME: Other, APP_URL: x }'));
    bed.sandbox.faults.always(
      { method: 'GET', path: /environment-variables$/ },
      shownAs((item) => ({ ...item, value: '••••••••' })),
    );
    await expect(apply()).toExit(0, { changes: [], says: 'APP_NAME, APP_URL' });
    await expect(apply('--set-unknown APP_NAME')).toExit(0, { changes: [expect.stringContaining('PUT ')] });
    expect(shopValue('APP_NAME')).toBe('Other');
    const all = await apply('--set-unknown all');
    expect(all).toExit(0);
    expect(all.changes).toHaveLength(2);
  });

  test('what is to be sent although it is hidden has to be in the file', async () => {
    state(shop('env: { APP_NAME: Other }'));
    await expect(apply('--set-unknown APP_NAM')).toExit(2, { changes: [], says: "nothing called 'APP_NAM'. Did you mean 'APP_NAME'?" });
  });

  test('of a list with a hidden key, nothing is created or deleted', async () => {
    state(shop('env: { APP_NAME: Other, NEW: a }, secrets: [APP_KEY], owns: [env]'));
    bed.sandbox.faults.always(
      { method: 'GET', path: /environment-variables$/ },
      shownAs((item) => (item.key === 'APP_URL' ? { ...item, key: '••••••••' } : item)),
    );
    const run = await apply('--delete', { lies: true });
    expect(run).toExit(1, { changes: [expect.stringContaining('PUT ')], says: 'so not everything was planned' });
  });

  test('a list that cannot be read is neither empty nor planned', async () => {
    state(`${shop('env: { NEW: a }')}servers:\n  web-1: { daemons: [node a.js] }\n`);
    const env = { DNX_TOKEN: bed.sandbox.mint(['server:read', 'site:read', 'site:update']) };
    const run = await apply('', { env });
    expect(run).toExit(5, {
      changes: [expect.stringContaining('environment-variables')],
      says: '1 list could not be read, so not everything was planned.',
    });
    expect(daemons()).not.toContain('node a.js');
  });
});

describe('what the API answers otherwise', () => {
  test('is said with 10, and not sent a third time', async () => {
    state('servers:\n  web-1:\n    daemons: [{ command: php artisan reverb:start, processes: 9 }]\n');
    await expect(apply()).toExit(0);
    bed.sandbox.faults.always({ path: /daemons/ }, (answer) =>
      JSON.parse(JSON.stringify(answer).replaceAll('"processes":9', '"processes":1')),
    );
    for (const sent of [1, 1, 0, 0]) {
      const run = await apply();
      expect(run).toExit(10, { says: 'processes' });
      expect(run.changes).toHaveLength(sent);
    }
  });

  test.each([
    ['the old value', true],
    ['nothing of it', false],
  ])('an action that has no effect is sent twice if the response shows %s', async (_, isShown) => {
    state('repositories:\n  example/blog: { auto_deploy: true }\n');
    bed.sandbox.faults.always({ path: /git-repositories/ }, ({ body, ...answer }) => {
      const text = JSON.stringify(body).replaceAll('"auto_deploy_enabled":true', '"auto_deploy_enabled":false');
      const isHidden = !isShown && !text.includes('"data":[');
      return { ...answer, body: isHidden ? { message: 'Done' } : JSON.parse(text) };
    });
    const runs = [];
    for (let at = 0; at < 3; at += 1) runs.push(await apply());
    expect(runs.map(({ code, changes }) => [code, changes.length])).toEqual([
      isShown ? [10, 1] : [0, 1],
      isShown ? [10, 1] : [0, 1],
      [10, 0],
    ]);
    expect(runs.at(-1)?.stderr).toContain('Deploynix has answered otherwise before: auto deploy');
  });

  test('1 is on', async () => {
    state('repositories:\n  example/shop: { auto_deploy: true }\nsites:\n  shop.example.com: { server: web-1, zero_downtime: true }\n');
    bed.sandbox.faults.always({}, (answer) => JSON.parse(JSON.stringify(answer).replaceAll(/(_enabled":)true/g, '$11')));
    await expect(apply('', { lies: true })).toExit(0, { changes: [], stdout: 'Everything is as deploynix.yml says.\n' });
  });

  test('what is created without an id in the response is found', async () => {
    state('servers:\n  web-1:\n    databases: { reports: { users: { reports: { password: file://password } } } }\n');
    bed.sandbox.faults.always({ method: 'POST', path: /databases$/ }, (answer) => ({ ...answer, body: { message: 'Queued' } }));
    const run = await apply('', { lies: true });
    expect(run).toExit(0);
    expect(run.changes).toEqual([expect.stringMatching(/databases$/), expect.stringMatching(/users$/)]);
  });

  test('what gets another name is created once', async () => {
    state(shop('redirects: [{ from: /old, to: /new }]'));
    bed.sandbox.faults.always({ path: /redirects/ }, (answer) => JSON.parse(JSON.stringify(answer).replaceAll('"/old"', '"/previous"')));
    await expect(apply()).toExit(10, { changes: [expect.stringContaining('/redirects')], says: 'from' });
    await expect(apply()).toExit(10, { changes: [], says: 'Deploynix has answered otherwise' });
  });
});

describe('names', () => {
  test('what may have another name is not created before the file says which', async () => {
    state('sites:\n  store.example.com: { server: web-1, repository: example/blog, branch: main }\n');
    await expect(apply('--create')).toExit(6, { changes: [], says: 'renamed_from: blog.example.com' });
    state('sites:\n  store.example.com: { server: web-1, repository: example/blog, branch: main, renamed_from: blog.example.com }\n');
    await expect(apply()).toExit(0, { changes: [expect.stringMatching(/^PUT .*\/sites\//)] });
    await expect(apply()).toExit(0, { changes: [] });
    state('sites:\n  new.example.com: { server: web-1, repository: example/blog, branch: main, new: true }\n');
    await expect(apply('--create')).toExit(0, { changes: [expect.stringMatching(/^POST .*\/sites$/)] });
    // Once it is there, it is what the file means.
    state('sites:\n  new.example.com: { server: web-1, repository: example/blog, branch: next, new: true }\n');
    await expect(apply()).toExit(0, { changes: [expect.stringMatching(/^PUT .*\/sites\//)] });
  });

  test('a repository and what needs it are created in one plan, also from a file', async () => {
    const text =
      'repositories:\n  example/new: { git: GitHub }\nsites:\n  new.example.com: { server: web-1, repository: example/new, env: { A: b } }\n';
    state(text);
    await expect(bed.dnx('apply --create --dry-run --out plan.json')).toExit(0, { changes: [] });
    state('servers:\n  web-1: { daemons: [node a.js] }\n');
    await expect(bed.dnx('apply --dry-run --out first.json')).toExit(0, { changes: [] });
    state(text);
    // Its changes have other numbers there.
    const run = await bed.dnx('apply first.json plan.json --yes');
    expect([run.code, run.changes.length], run.stderr).toEqual([0, 4]);
    const site = bed.sandbox.state.sites.find(({ domain }) => domain === 'new.example.com');
    expect(site?.git_repository_id).toBe(bed.sandbox.state.git_repositories.find(({ name }) => name === 'example/new')?.id);
    await expect(apply()).toExit(0, { changes: [] });
  });
});

test('a plan has room for more than 2,000 changes', async () => {
  const env = (count: number) => `{ ${Array.from({ length: count }, (_, at) => `NEW_${at}: v`).join(', ')} }`;
  state(`sites:\n  shop.example.com: { server: web-1, env: ${env(1_100)} }\n  api.example.com: { server: web-2, env: ${env(1_000)} }\n`);
  await expect(bed.dnx('apply --dry-run --out plan.json')).toExit(0, { changes: [], says: 'Apply this plan with: dnx apply plan.json' });
  await expect(bed.dnx('apply plan.json --check')).toExit(0, {
    changes: [],
    stdout: expect.stringContaining('2100 changes can be applied'),
  });
});

describe('consent', () => {
  test('each danger needs the name of its site', async () => {
    state(`${shop('env: { DB_HOST: 10.0.0.9 }')}  blog.example.com: { server: web-1, env: { APP_DEBUG: true } }\n`);
    await expect(apply()).toExit(2, { changes: [], says: '--confirm shop.example.com --confirm blog.example.com' });
    await expect(apply('--confirm shop.example.com')).toExit(2, { changes: [] });
    const dry = await bed.dnx('apply --dry-run');
    expect(dry.stdout).toContain('consent  --confirm shop.example.com --confirm blog.example.com');
    const run = await apply('--confirm shop.example.com --confirm blog.example.com');
    expect([run.code, run.changes.length]).toEqual([0, 2]);
  });

  test('a variable that the file does not have goes through the dangers of env unset', async () => {
    const kept = variables().flatMap(({ key }) => (['APP_KEY', 'APP_NAME'].includes(key) ? [] : [key]));
    state(shop(`env: { APP_NAME: Shop }, secrets: [${kept.join(', ')}], owns: [env]`));
    await expect(apply('--delete')).toExit(2, { changes: [], says: '--confirm shop.example.com' });
  });
});

describe('deployments', () => {
  test('what takes effect with one is said, and deployed with --deploy', async () => {
    state(shop('env: { NEW: a }'));
    await expect(apply()).toExit(0, { says: 'Takes effect on the next deployment. Run: dnx deploy shop.example.com --server web-1' });
    // The last apply did not deploy.
    const run = await apply('--deploy');
    expect(run).toExit(0, { changes: [expect.stringMatching(/\/deploy$/)] });
    await expect(apply('--deploy')).toExit(0, { changes: [] });
  });

  test('one whose response was lost is followed, and not requested again', async () => {
    state(shop('env: { NEW: a }'));
    const through = (network: Transport): Transport => ({
      ...network,
      async request(request) {
        const response = await network.request(request);
        if (request.url.endsWith('/deploy')) throw new NetworkFault('closed', { sent: true });
        return response;
      },
    });
    await expect(apply('--deploy', { through })).toExit(12, { says: 'The request may have gone through.' });
    await bed.clock.sleep(4_000);
    await expect(apply('--deploy')).toExit(0, { changes: [], says: 'shop.example.com: active' });
    await expect(apply('--deploy')).toExit(0, { changes: [], stdout: 'Everything is as deploynix.yml says.\n' });
  });

  test.each([
    ['a branch', shop('branch: next'), ''],
    ['a new site', 'sites:\n  new.example.com: { server: web-1, repository: example/blog, branch: x, new: true }\n', '--create'],
  ])('%s that was applied without one is deployed by the next --deploy', async (_, text, words) => {
    state(text);
    await expect(apply(words)).toExit(0, { changes: [expect.anything()] });
    await expect(apply(`${words} --deploy`)).toExit(0, { changes: [expect.stringMatching(/\/deploy$/)] });
    await expect(apply(`${words} --deploy`)).toExit(0, { changes: [] });
  });
});

describe('values', () => {
  test('a saved plan has none, and reads them from the state file', async () => {
    state(manyChanges);
    await expect(bed.dnx('apply --dry-run --out plan.json')).toExit(0, { changes: [] });
    const text = readFileSync(join(bed.directory, 'plan.json'), 'utf8');
    expect(text).not.toMatch(/hunter2|correct horse|"Shop"/);
    expect(text).toContain('state://deploynix.yml#sites/shop.example.com/env/NEW/value');
    expect((JSON.parse(text) as Plan).changes).toHaveLength(changesOfMany - 1);
    const run = await bed.dnx('apply plan.json --yes');
    expect([run.code, run.changes.length], run.stderr).toEqual([0, changesOfMany - 1]);
    expect(shopValue('NEW')).toBe('hunter2');
    await expect(apply()).toExit(0, { changes: [] });
  });

  test('a plan needs the value that it was made with', async () => {
    state(shop('env: { NEW: a }'));
    await expect(bed.dnx('apply --dry-run --out plan.json')).toExit(0);
    state(shop('env: { OTHER: a }'));
    await expect(bed.dnx('apply plan.json --yes')).toExit(2, { changes: [], says: 'deploynix.yml has no value at' });
  });

  test('1Password is asked only with --allow-op', async () => {
    state(shop('env: { MAIL_PASSWORD: op://prod/mail/password }'));
    const program = async () => ({ code: 0, signal: null, stdout: 'hunter3', stderr: '' });
    await expect(apply('', { program })).toExit(2, { changes: [], says: 'To allow it, use --allow-op or run in a terminal.' });
    await expect(apply('--allow-op', { program })).toExit(0);
    expect(shopValue('MAIL_PASSWORD')).toBe('hunter3');
  });

  test('a file outside of the project is read only with --allow-file', async () => {
    const directory = temporary();
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'outside');
    writeFileSync(file, 'hunter4\n');
    state(shop(`env: { NEW: 'file://${file}' }`));
    await expect(apply()).toExit(2, { changes: [], says: `--allow-file ${file}` });
    await expect(apply(`--allow-file ${file}`)).toExit(0);
  });
});

describe('a lost answer', () => {
  const cases = ['performed', 'not performed'].flatMap((end) => Array.from({ length: changesOfMany }, (_, at) => [end, at + 1] as const));

  /** The state after an apply in which nothing is lost. */
  let wanted: unknown;

  beforeAll(async () => {
    const other = await openBed();
    try {
      writeState(other.directory, manyChanges);
      await expect(other.dnx('apply --yes --delete')).toExit(0);
      wanted = statedIn(other.sandbox.state);
    } finally {
      await other.close();
    }
  });

  test.each(sampled(cases, 4, 3))('%s: change %i is made once, by the next apply at the latest', async (end, number) => {
    state(manyChanges);
    await expect(apply('--delete --dry-run')).toExit(0);
    let count = 0;
    const through = (network: Transport): Transport => ({
      ...network,
      async request(request) {
        const isLost = request.method !== 'GET' && ++count === number;
        if (isLost && end === 'not performed') throw new NetworkFault('closed', { sent: true });
        const response = await network.request(request);
        if (isLost) throw new NetworkFault('closed', { sent: true });
        return response;
      },
    });
    const run = await apply('--delete', { through });
    expect(run.code).toBeOneOf([0, 12, 13]);
    const again = await apply('--delete');
    expect(again).toExit(0);
    expect(statedIn(bed.sandbox.state)).toEqual(wanted);
  });

  test('a create that is performed only after its apply was interrupted is not sent again', async () => {
    state('servers:\n  web-1:\n    daemons: [node a.js]\n');
    const interruption = new AbortController();
    const through = (network: Transport): Transport => ({
      ...network,
      async request(request) {
        if (request.method !== 'POST') return network.request(request);
        interruption.abort(new DnxError('interrupted', 'Interrupted.'));
        throw new NetworkFault('interrupted', { sent: true });
      },
    });
    await expect(apply('', { through, signal: interruption.signal })).toExit(130, { changes: [] });
    const [first] = bed.sandbox.state.daemons;
    bed.clock.at(
      bed.clock.elapsed() + 3_000,
      () =>
        void bed.sandbox.state.daemons.push({ ...(first as typeof first & object), id: '01KPB2K4G0LATE00000000000', command: 'node a.js' }),
    );
    await expect(apply()).toExit(0, { changes: [], says: 'An earlier create may still be at work.' });
  });
});

test('two at once on this machine make everything once', async () => {
  state(manyChanges);
  const both = await Promise.all([apply('--delete'), apply('--delete')]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  const changes = bed.sandbox.calls.filter(({ method }) => method !== 'GET');
  expect(changes).toHaveLength(changesOfMany);
});
