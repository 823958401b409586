import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Plan } from '../../src/cli/plan/plan.ts';
import type { Transport } from '../../src/machine/world.ts';
import { seeded } from '../../src/sandbox/index.ts';
import type { Bed, Run } from '../support/dnx.ts';
import { openProject, type Project } from '../support/project.ts';
import type { Repository } from '../support/repository.ts';
import { openWebsite, type Website } from '../support/website.ts';

const shop = seeded.sites['shop.example.com'];
const POST = `POST /servers/${seeded.servers['web-1']}/sites/${shop}/deploy`;
const migration = 'database/migrations/2026_04_01_000000_create_carts_table.php';

let bed: Bed;
let hub: Repository;
let project: Project;
let cwd: string;
let planned: string;
beforeEach(async () => {
  project = await openProject({ '.env.example': 'APP_NAME=Shop\n' }, { 'Add carts': {} });
  ({ bed, hub, head: planned } = project);
  builds(planned, 'Add carts');
  cwd = project.clone().directory;
});
afterEach(() => bed.close());

/** Makes the next deployment build a commit. */
function builds(commit_hash: string, commit_message: string): string {
  bed.sandbox.state.heads = { 'example/shop main': { commit_hash, commit_message, php: undefined } };
  return commit_hash;
}

/** Pushes a commit, which the next deployment builds. */
const push = (subject: string, files: Parameters<Repository['commit']>[1] = {}): string => builds(hub.commit(subject, files), subject);

const posts = (...runs: readonly Run[]) => runs.flatMap(({ calls }) => calls.filter((call) => !call.startsWith('GET ')));
const file = () => join(cwd, 'plan.json');
const read = (): Plan => JSON.parse(readFileSync(file(), 'utf8'));
const edit = (part: object) => writeFileSync(file(), JSON.stringify({ ...read(), changes: [{ ...read().changes[0], ...part }] }));
const apply = (more = '--yes', run = {}) => project.dnx(cwd, `apply plan.json ${more}`, run);

async function save(more = ''): Promise<Run> {
  const run = await project.dnx(cwd, `deploy shop.example.com ${more} --dry-run --out plan.json`);
  expect([run.code, posts(run)], run.stderr).toEqual([0, []]);
  return run;
}

describe('apply deploys the commit of the plan', () => {
  test('which the plan has, and shows before it asks', async () => {
    await save();
    expect(read().changes[0]).toMatchObject({ deployment: { commit: planned, branch: 'main', repository: 'example/shop' } });
    const run = await apply();
    expect([run.code, posts(run)], run.stderr).toEqual([0, [POST]]);
    expect(run.stderr).toContain(`* deploy shop.example.com (web-1)\n  commit  ${planned.slice(0, 7)} of main\n`);
  });

  test.each(['--yes', '--check'])('or exits with 10 if the branch has moved: %s', async (more) => {
    await save();
    const later = push('Drop carts');
    const run = await apply(more);
    expect([run.code, run.stdout, posts(run)]).toEqual([10, '', []]);
    expect(run.stderr).toContain(`main is at ${later.slice(0, 7)} now, not ${planned.slice(0, 7)}`);
  });

  test('or exits with 10 if the site deploys another branch now', async () => {
    await save();
    hub.git('branch', 'next');
    await expect(bed.dnx('site update shop.example.com --branch next')).toExit(0);
    const run = await apply();
    expect([run.code, posts(run)]).toEqual([10, []]);
    expect(run.stderr).toContain('it deploys branch next now, not main');
  });

  test('and says what was deployed instead if the branch moves meanwhile', async () => {
    await save();
    bed.clock.at(bed.clock.elapsed() + 2_000, () => push('Drop carts'));
    const run = await apply();
    const other = bed.sandbox.state.heads?.['example/shop main']?.commit_hash.slice(0, 7);
    expect([run.code, posts(run)]).toEqual([1, [POST]]);
    expect(run.stderr).toContain(`it deployed commit ${other}, not ${planned.slice(0, 7)} as planned`);
    await expect(apply()).toExit(1);
    await expect(project.dnx(cwd, 'watch shop.example.com')).toExit(1);
  });

  test('also if only dnx watch sees the end', async () => {
    await save();
    bed.clock.at(bed.clock.elapsed() + 2_000, () => push('Drop carts'));
    await expect(apply('--yes --no-wait')).toExit(0);
    const run = await project.dnx(cwd, 'watch shop.example.com --json');
    expect([run.code, run.json()]).toMatchObject([1, { outcome: 'failed' }]);
  });

  test('outside of a clone, compares once it is deployed, and says so', async () => {
    await save();
    push('Drop carts');
    writeFileSync(join(bed.directory, 'plan.json'), readFileSync(file()));
    const run = await project.dnx(bed.directory, 'apply plan.json --yes');
    expect([run.code, posts(run)]).toEqual([1, [POST]]);
    expect(run.stderr).toContain('! The branch was not compared with the plan: this directory is not in a Git repository.');
    expect(run.stderr).toContain(`not ${planned.slice(0, 7)} as planned`);
  });
});

describe('a rerun of apply', () => {
  test('says that the deployment succeeded', async () => {
    await save();
    await expect(apply()).toExit(0);
    const again = await apply();
    expect([again.code, again.stdout, posts(again)]).toEqual([0, 'This plan was already applied.\n', []]);
  });

  test('says that the deployment failed, and sends nothing', async () => {
    await save();
    bed.sandbox.state.fail_deploys = true;
    await expect(apply()).toExit(1);
    const again = await apply();
    expect([again.code, again.stdout, posts(again)]).toEqual([1, '', []]);
    expect(again.stderr).toMatch(/^Error: Deployment of shop\.example\.com failed/);
    expect(again.stderr).toContain('dnx deploy');
  });

  test('sends a request again that was refused', async () => {
    await save();
    bed.sandbox.faults.next({ method: 'POST' }, { status: 422, body: { message: 'No.' } });
    const runs = [await apply(), await apply()];
    expect([runs.map(({ code }) => code), posts(...runs)]).toEqual([
      [7, 0],
      [POST, POST],
    ]);
  });

  test.each<[string, 'drop' | { status: number; body: object }]>([
    ['never arrived', 'drop'],
    ['got a 500', { status: 500, body: { message: 'Server error' } }],
  ])('says that it is unknown if the request %s', async (_, fault) => {
    await save();
    bed.sandbox.faults.next({ method: 'POST' }, fault);
    expect((await apply()).code).not.toBe(0);
    const again = await apply();
    expect([again.code, again.stdout, posts(again), again.waited < 120_000]).toEqual([13, '', [], true]);
    expect(again.stderr).toContain('It is unknown whether this was performed: deploy shop.example.com (web-1)');
    expect(again.stderr).not.toContain('continues');
    const sent = await apply('--yes --in-flight send');
    expect([sent.code, posts(sent)]).toEqual([0, [POST]]);
  });

  test('follows a deployment whose response was lost', async () => {
    await save();
    bed.sandbox.faults.next({ method: 'POST' }, 'drop-after');
    const first = await apply();
    const again = await apply();
    expect([again.code, posts(first, again)], again.stderr).toEqual([0, [POST]]);
    expect(again.stdout).toBe('This plan was already applied.\n');
  });

  test('goes on with one that timed out', async () => {
    await save();
    const first = await apply('--yes --timeout 5s');
    const again = await apply();
    expect([first.code, again.code, posts(first, again)], again.stderr).toEqual([124, 0, [POST]]);
  });
});

describe('on another machine', () => {
  const elsewhere = () => ({ env: { DNX_STATE_DIR: join(bed.directory, 'elsewhere') } });

  test('a deployment is made if its commit is live in a release since', async () => {
    await save();
    await expect(apply()).toExit(0);
    push('Drop carts');
    for (const more of ['--check', '--yes']) {
      const again = await apply(more, elsewhere());
      expect([again.code, again.stdout, posts(again)], again.stderr).toEqual([0, 'This plan was already applied.\n', []]);
    }
  });

  test.each(['goes on', 'failed'])('nobody knows whose it was if it %s', async (state) => {
    await save();
    bed.sandbox.state.fail_deploys = state === 'failed';
    expect((await apply(state === 'failed' ? '--yes' : '--yes --no-wait')).code).toBe(state === 'failed' ? 1 : 0);
    // Until its release is there.
    await bed.clock.sleep(6_000);
    const again = await apply('--yes', elsewhere());
    expect([again.code, posts(again)]).toEqual([13, []]);
    expect(again.stderr).toMatch(
      /unknown whether this was performed: deploy shop\.example\.com[\s\S]*has this commit, and was created since/,
    );
    bed.sandbox.state.fail_deploys = false;
    const sent = await apply('--yes --in-flight send', elsewhere());
    expect([sent.code, posts(sent)], sent.stderr).toEqual([0, [POST]]);
  });

  test('nobody knows whether it passed its verification', async () => {
    await save('--verify /up');
    await expect(apply('--yes', { elsewhere() {} })).toExit(1);
    const again = await apply('--yes', elsewhere());
    expect([again.code, posts(again)], again.stderr).toEqual([13, []]);
  });
});

describe('a plan that verifies', () => {
  const LINE = '--verify /up --expect-body well --for 2 --rollback-on-fail';
  const asked: string[] = [];
  /** The address of the site returns this. */
  const served =
    (status: number) =>
    (network: Transport): Transport => ({
      ...network,
      async request(request) {
        if (!request.url.startsWith('https://shop.example.com/')) return network.request(request);
        asked.push(`${request.url} ${request.headers?.authorization ?? 'without a token'}`);
        const url = await website(status);
        return network.request({ ...request, url });
      },
    });
  let site: Website | undefined;
  const website = async (status: number) => {
    site ??= await openWebsite(bed.sandbox, shop, (release) => ({ status: release === before ? 200 : status, body: 'all is well' }));
    return site.url;
  };
  afterEach(async () => {
    await site?.close();
    site = undefined;
    asked.length = 0;
  });
  const live = () => bed.sandbox.state.releases.find(({ site_id, active }) => site_id === shop && active)?.name;
  let before: string | undefined;
  beforeEach(() => {
    before = live();
  });

  test('shows it, verifies the site at its own address, and rolls back', async () => {
    expect((await save(LINE)).stdout).toContain(
      "  verify       /up must return 200 and contain 'well' 2 times in a row within 1m 30s\n  if it fails  roll back\n",
    );
    const verify = { path: '/up', expect: 200, expect_body: 'well', for: 2, within_s: 90 };
    expect(read().changes[0]).toMatchObject({ deployment: { verify, rollback_on_fail: true } });
    const run = await apply('--yes', { through: served(500) });
    expect([run.code, posts(run), live()], run.stderr).toEqual([11, [POST, POST.replace('deploy', 'rollback')], before]);
    expect(run.stderr).toContain('  if it fails  roll back\n');
    expect(new Set(asked)).toEqual(new Set(['https://shop.example.com/up without a token']));
    const again = await apply();
    expect([again.code, posts(again), again.stderr]).toEqual([11, [], expect.stringContaining('was rolled back')]);
  });

  test('succeeds if the site does', async () => {
    await save(LINE);
    const run = await apply('--yes', { through: served(200) });
    expect([run.code, posts(run)], run.stderr).toEqual([0, [POST]]);
    expect(run.stderr).toContain('shop.example.com passed verification.');
  });

  test('rolls back another commit than that of the plan', async () => {
    await save(LINE);
    bed.clock.at(bed.clock.elapsed() + 2_000, () => push('Drop carts'));
    await expect(apply('--yes', { through: served(200) })).toExit(11, { says: `not ${planned.slice(0, 7)} as planned` });
  });

  test('is not applied without waiting', async () => {
    await save(LINE);
    const run = await apply('--yes --no-wait');
    expect([run.code, posts(run), run.stderr]).toEqual([2, [], expect.stringContaining('cannot be combined with --no-wait')]);
  });

  test.each([
    ["--verify-cmd 'rm -rf /'", 'a plan runs no program'],
    ['--verify /up --url https://other.example', "a plan requests only the site's own address"],
  ])('holds no %s', async (options, why) => {
    const run = await project.dnx(cwd, `deploy shop.example.com ${options} --dry-run --out plan.json`);
    expect([run.code, run.stderr, existsSync(file())]).toEqual([2, expect.stringContaining(why), false]);
    expect((await project.dnx(cwd, `deploy shop.example.com ${options} --rollback-on-fail --dry-run`)).stdout).toMatch(
      / {2}verify {3,}\S.*\n {2}if it fails {2}roll back\n/,
    );
  });

  test('that somebody edited is refused', async () => {
    await save(LINE);
    const { deployment } = read().changes[0] ?? {};
    const refused: readonly object[] = [
      // Another address.
      ...['https://evil.example/up', '//evil.example/up', '\t/\\evil.example'].map((path) => ({ verify: { path } })),
      { verify: { url: 'https://evil.example' } },
      // A program.
      { verify: { command: 'id' } },
      { verify_cmd: 'id' },
      // What is no number, text, commit or branch.
      { verify: { within_s: 1e9 } },
      { verify: { for: '2' } },
      { verify: { expect_body: {} } },
      { commit: '--upload-pack=id' },
      { branch: 7 },
    ];
    for (const part of refused) {
      const verify = { ...deployment?.verify, ...('verify' in part && (part.verify as object)) };
      edit({ deployment: { ...deployment, ...part, verify } });
      await expect(apply('--yes', { through: served(200) }), JSON.stringify(part)).toExit(2, { stdout: '', calls: [] });
    }
    expect(asked).toEqual([]);
  });

  test('asks Git for no branch that is none', async () => {
    await save();
    const { deployment } = read().changes[0] ?? {};
    for (const branch of ['--upload-pack=id', '../../x', 'a*', 'x\ny']) {
      edit({ deployment: { ...deployment, branch } });
      await expect(apply('--check'), branch).toExit(10, { changes: [], says: 'it deploys branch main now' });
    }
  });
});

describe('a dry run', () => {
  test('shows what changes shows, in the same clone', async () => {
    push('Add carts', { [migration]: '<?php', '.env.example': 'APP_NAME=Shop\nCART_DAYS=30\n' });
    hub.git('tag', 'x');
    await expect(project.run(cwd, '--fetch')).toExit(0);
    const shown = await project.run(cwd);
    const dry = await save();
    const lines = shown.stdout.split('\n').filter((line) => /^ /.test(line));
    expect(lines.join('\n')).toMatch(/migrations +database\/migrations[\s\S]*missing +CART_DAYS/);
    expect(dry.stdout.split('\n')).toEqual(expect.arrayContaining(lines));
  });
});

test('deploy mentions a missing variable in one line, in a linked clone', async () => {
  push('Add carts', { '.env.example': 'APP_NAME=Shop\nCART_DAYS=30\nCART_SIZE=3\n' });
  await expect(project.run(cwd, '--fetch')).toExit(0);
  await expect(project.dnx(cwd, 'link shop.example.com --server web-1 --yes')).toExit(0);
  const run = await project.dnx(cwd, 'deploy shop.example.com');
  expect([run.code, run.stderr.match(/^.*CART_DAYS.*$/gm)]).toEqual([
    0,
    ['! shop.example.com has no CART_DAYS, CART_SIZE, which .env.example of origin/main names.'],
  ]);
});
