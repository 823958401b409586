import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { seeded } from '../../src/sandbox/index.ts';
import { temporary } from '../support/dnx.ts';
import { perSuite, perTest } from '../support/fixtures.ts';
import { lacking, required } from '../support/programs.ts';
import { Repository } from '../support/repository.ts';
import { sarifIn } from '../support/sarif.ts';
import { stateOf } from '../support/shop-state.ts';
import { deep, leading } from '../support/volume.ts';
import { type Ended, type Event, type Repository as Hosted, runWorkflow, type Step } from './recipes/actions.ts';
import { openHub } from './recipes/hub.ts';
import { createPreviewed, fleetOf, previewsOf, wait } from './recipes/previewed.ts';
import { createTokens } from './recipes/tokens.ts';
import { openStage } from './stage.ts';

const missing = lacking(['git', 'curl', 'jq']);
if (missing.length > 0 && !required) process.stderr.write(`Skipped the recipes for GitHub: this machine lacks ${missing.join(', ')}\n`);

describe.skipIf(missing.length > 0 && !required)('GitHub Actions', () => {
  const stage = perSuite(() => openStage({ signedOut: true }));
  const hub = perTest(async () => {
    const directory = temporary();
    const opened = await openHub(directory);
    const close = async () => {
      await opened.close();
      rmSync(directory, { recursive: true });
    };
    return { ...opened, directory, close };
  });
  const secrets: Record<string, string> = {};
  const tokens = { preview: '' };
  let production: Record<string, string>;

  beforeAll(async () => {
    const { deploy, audit, drift, read, preview } = await createTokens(stage);
    tokens.preview = preview;
    Object.assign(secrets, { DNX_TOKEN: deploy, DNX_AUDIT_TOKEN: audit, DNX_DRIFT_TOKEN: drift, DNX_READ_TOKEN: read });
  });
  beforeEach(async () => {
    production = { DNX_TOKEN: stage.sandbox.token };
  });
  afterEach(() => {
    stage.sandbox.state.fail_deploys = false;
    stage.sandbox.state.crontabs = stage.sandbox.state.crontabs.filter(({ command }) => command !== 'php artisan report');
  });

  const schedule: Event = { name: 'schedule', sha: 'c0ffee' };
  const push = (sha = 'c0ffee'): Event => ({ name: 'push', sha });
  const pull = (isFork = false): Event => ({
    name: 'pull_request',
    sha: 'beef',
    isFork,
    payload: { pull_request: { number: 7, head: { sha: 'head7', repo: { full_name: isFork ? 'eve/shop' : 'example/shop' } } } },
  });

  /** Runs a recipe, or another file, in a private repository that has these files. */
  async function run(recipe: string, event: Event, changed: Partial<Hosted> = {}) {
    const files = mkdtempSync(join(hub.directory, 'files-'));
    const { isPrivate = true } = changed;
    const env = { ...stage.env, PATH: stage.env.PATH ?? '', DNX_TEST_HUB: hub.url };
    return runWorkflow(resolve('docs/ci/github', recipe), event, {
      ...{ hub, directory: hub.directory, files, isPrivate, secrets, environments: { production }, env },
      ...changed,
    });
  }

  const outputOf = (ended: Ended | undefined): string => ended?.steps.map(({ output }) => output).join('\n') ?? '';

  test('the runner refuses what a token may not do, an empty report, and what it does not know', async () => {
    const file = join(hub.directory, 'workflow.yml');
    const runSteps = async (permissions: string, steps: string) => {
      writeFileSync(file, `name: Test\non: { schedule: [] }\npermissions: { ${permissions} }\njobs:\n  test:\n    steps:\n${steps}`);
      return outputOf((await run(file, schedule)).test);
    };
    const upload =
      '      - run: ": > a.sarif"\n      - uses: github/codeql-action/upload-sarif@v4\n        with: { sarif_file: a.sarif }\n';
    const comment = `      - run: gh pr comment 7 --body-file /dev/null\n        env: { GH_TOKEN: "\${{ github.token }}", GH_REPO: example/shop }\n`;
    expect(await runSteps('security-events: write', '      - uses: actions/checkout@v7\n')).toContain('Repository not found');
    expect(await runSteps('security-events: write, actions: read', upload)).toContain('a.sarif is empty');
    expect(await runSteps('actions: read', upload)).toContain('Resource not accessible');
    expect(await runSteps('contents: read', comment)).toContain('Resource not accessible');
    await expect(runSteps('contents: read', '      - working-directory: docs\n')).rejects.toThrow(
      "does not know 'working-directory' of a step",
    );
  });

  describe('deploy.yml', () => {
    test('deploys, and links to the site', async () => {
      const { deploy } = await run('deploy.yml', push());
      expect(deploy, outputOf(deploy)).toMatchObject({ result: 'success', url: 'https://shop.example.com' });
      expect(deploy?.steps.at(-1)?.output).toMatch(/^succeeded \d+_\d+ in \d+s$/);
      expect(deploy?.summary).toContain('| shop.example.com | web-1 | succeeded |');
    });

    test('fails with the deployment, and says how it ended', async () => {
      stage.sandbox.state.fail_deploys = true;
      const { deploy } = await run('deploy.yml', push());
      expect(deploy?.result).toBe('failure');
      expect(outputOf(deploy)).toMatch(/::error title=dnx deploy::Deployment of shop\.example\.com failed[\s\S]*\nfailed \d+_\d+ in \d+s$/);
    });

    test.each(
      leading(
        [
          ['rejected', 'wrong', 'DNX_TOKEN was rejected'],
          ['missing', '', 'in CI: set DNX_TOKEN'],
        ],
        1,
      ),
    )('fails if the token is %s', async (_, token, words) => {
      production = { DNX_TOKEN: token };
      const { deploy } = await run('deploy.yml', push());
      expect(deploy?.result).toBe('failure');
      expect(deploy?.steps).toHaveLength(2);
      expect(outputOf(deploy)).toContain(words);
    });

    test('does not run for a pull request', async () => {
      expect(await run('deploy.yml', pull(true))).toEqual({});
    });
  });

  describe('audit.yml', () => {
    test('reports every finding on its first run, and none of an accepted baseline on the next', async () => {
      const first = await run('audit.yml', schedule);
      const [report = ''] = hub.reports;
      expect(first['dnx / audit']?.result).toBe('failure');
      expect(sarifIn(report).runs[0].results.length).toBeGreaterThan(5);
      const files = mkdtempSync(join(hub.directory, 'accepted-'));
      const env = { ...stage.env, DNX_TOKEN: secrets.DNX_AUDIT_TOKEN };
      await execa('dnx', ['audit', '--baseline', join(files, 'audit.jsonl'), '--update-baseline'], { env, extendEnv: false, cwd: files });
      const next = await run('audit.yml', schedule, { files });
      expect(next['dnx / audit'], outputOf(next['dnx / audit'])).toMatchObject({ result: 'success' });
      expect(sarifIn(hub.reports[1] ?? '').runs[0].results).toEqual([]);
    });

    test('fails without a report if the token is rejected', async () => {
      const { 'dnx / audit': audit } = await run('audit.yml', schedule, { secrets: { DNX_AUDIT_TOKEN: 'wrong' } });
      expect(audit?.result).toBe('failure');
      // Not a second failure, of a report that is empty.
      expect(audit?.steps.filter(({ failed }) => failed)).toEqual([
        expect.objectContaining({ output: expect.stringContaining('DNX_TOKEN was rejected') }),
      ]);
      expect(hub.reports).toEqual([]);
    });
  });

  test('drift.yml shows which side changed, and passes once the file is applied', async () => {
    const repository = Repository.create(join(hub.directory, 'drifted'));
    repository.commit('Start', { 'deploynix.yml': stateOf('branch: main') });
    repository.commit('Deploy two', { 'deploynix.yml': stateOf('branch: two') });
    for (let at = 0; at < 40; at += 1) repository.commit(`Other ${at}`);
    const { drift } = await run('drift.yml', schedule, { files: repository.directory });
    expect(drift?.result, outputOf(drift)).toBe('failure');
    expect(drift?.summary).toMatch(
      /\| shop\.example\.com on web-1 \| branch \| main at Deploynix, two in the file \| committed in [\da-f]{7} \S+ ago, not applied \|/,
    );
    repository.commit('Revert', { 'deploynix.yml': stateOf('branch: main') });
    const next = (await run('drift.yml', schedule, { files: repository.directory })).drift;
    expect(next, outputOf(next)).toMatchObject({
      result: 'success',
      summary: expect.stringContaining('No differences from deploynix.yml.'),
    });
  });

  describe('plan.yml', () => {
    const crontabs = () => stage.sandbox.state.crontabs.filter(({ command }) => command === 'php artisan report');
    const merge = async (head: string | undefined = 'head7') => {
      if (head !== '') hub.heads.set('c0ffee', head);
      return (await run('plan.yml', push()))['dnx / apply'];
    };

    test('plans on a pull request, and applies after the merge', async () => {
      const planned = await run('plan.yml', pull());
      expect(planned['dnx / plan'], outputOf(planned['dnx / plan'])).toMatchObject({ result: 'success' });
      expect(planned['dnx / apply']?.result).toBe('skipped');
      expect(hub.comments).toEqual([
        expect.stringMatching(/^### Plan\n~~~~~~diff\n\+ create cron job 'php artisan report' on server web-1\n[\s\S]*\n~~~~~~\n$/),
      ]);
      expect(planned['dnx / plan']?.summary).toBe(hub.comments[0]);
      expect(crontabs()).toEqual([]);
      const applied = await merge();
      expect(applied, outputOf(applied)).toMatchObject({ result: 'success' });
      expect(crontabs()).toHaveLength(1);
    });

    /** What somebody else has created meanwhile. */
    const createElsewhere = (frequency: string) => {
      const server_id = seeded.servers['web-1'];
      const [other] = stage.sandbox.state.crontabs.filter((each) => each.server_id === server_id);
      if (other) stage.sandbox.state.crontabs.push({ ...other, id: 'elsewhere', command: 'php artisan report', frequency });
    };

    test('does nothing where nothing would change', async () => {
      createElsewhere('0 6 * * *');
      await run('plan.yml', pull());
      expect(hub.comments).toEqual([expect.stringContaining('Nothing would change\n')]);
      const applied = await merge();
      expect(applied, outputOf(applied)).toMatchObject({ result: 'success' });
      expect([applied?.steps.at(-1)?.output, crontabs().length]).toEqual([expect.stringContaining('Nothing would change\n'), 1]);
    });

    test('fails after the merge if the plan has expired', async () => {
      await run('plan.yml', pull());
      for (const artifact of hub.artifacts) artifact.expired = true;
      const applied = await merge();
      expect([applied?.result, crontabs()]).toEqual(['failure', []]);
      expect(outputOf(applied)).toContain('::error title=dnx::The plan has expired. Nothing was applied.');
    });

    test('has no plan for Dependabot or a fork, whose artifact of the same name is not applied', async () => {
      for (const event of [pull(true), { ...pull(), actor: 'dependabot[bot]' }])
        expect((await run('plan.yml', event))['dnx / plan']?.result).toBe('skipped');
      const files = join(hub.directory, 'forged');
      mkdirSync(files);
      writeFileSync(join(files, 'plan.txt'), 'Nothing would change\n');
      hub.store({ name: 'plan-head7', run: 9, isFork: true }, files);
      const applied = await merge();
      expect(applied?.result).toBe('failure');
      expect(outputOf(applied)).toContain('has no plan, because it is from a fork or its job failed. Nothing was applied.');
    });

    test('applies nothing for a commit without a pull request', async () => {
      const applied = await merge('');
      expect(applied?.result).toBe('failure');
      expect(outputOf(applied)).toContain('This commit is of no pull request, so it has no plan. Nothing was applied.');
    });

    test('fails without a plan if the token is rejected', async () => {
      const { 'dnx / plan': plan } = await run('plan.yml', pull(), { secrets: { ...secrets, DNX_READ_TOKEN: 'wrong' } });
      expect([plan?.result, hub.comments, hub.artifacts]).toEqual(['failure', [], []]);
      expect(outputOf(plan)).toContain('DNX_TOKEN was rejected');
    });

    test.runIf(deep)('applies nothing if somebody has changed the same since', async () => {
      await run('plan.yml', pull());
      createElsewhere('0 7 * * *');
      const applied = await merge();
      expect([applied?.result, crontabs().length]).toEqual(['failure', 1]);
      expect(outputOf(applied)).toContain('1 of 1 changes no longer apply. Nothing was changed.');
    });
  });

  describe('previews.yml', () => {
    const target = (repo = 'example/shop', ref = 'feature/cart'): Event => {
      const head = { ref, sha: 'head7', repo: { full_name: repo } };
      return {
        name: 'pull_request_target',
        sha: 'c0ffee',
        isFork: repo !== 'example/shop',
        payload: { pull_request: { number: 7, head } },
      };
    };
    const runIn = (files: string, event: Event) =>
      run('previews.yml', event, { files, secrets: {}, environments: { preview: { DNX_TOKEN: tokens.preview } } });

    test('gives a branch a preview by the link file of the default branch, updates its comment, and removes it once the branch is gone', async () => {
      const repository = createPreviewed(join(hub.directory, 'previewed'));
      const before = fleetOf(stage);
      hub.comments.push('### Plan');
      const first = await runIn(repository.directory, target());
      expect(first.up, outputOf(first.up)).toMatchObject({
        result: 'success',
        url: expect.stringMatching(/^https:\/\/feature-cart-[a-z2-7]{12}\.preview\.example\.com$/),
      });
      expect(first.sweep).toMatchObject({ result: 'skipped' });
      expect(previewsOf(stage)).toEqual([['feature/cart', 'web-2']]);
      const again = await runIn(repository.directory, target());
      expect(again.up, outputOf(again.up)).toMatchObject({ result: 'success', url: first.up?.url });
      expect(hub.comments).toEqual(['### Plan', expect.stringContaining(`<${first.up?.url}>`)]);
      expect((await runIn(repository.directory, schedule)).sweep?.result).toBe('success');
      expect(previewsOf(stage)).toHaveLength(1);
      repository.git('branch', '-D', 'feature/cart');
      wait(stage, 2);
      const { up, sweep } = await runIn(repository.directory, schedule);
      expect(sweep, outputOf(sweep)).toMatchObject({ result: 'success' });
      expect([up?.result, fleetOf(stage)]).toEqual(['skipped', before]);
    });

    test('comments that a preview failed', async () => {
      const repository = createPreviewed(join(hub.directory, 'previewed'));
      stage.sandbox.state.fail_deploys = true;
      const { up } = await runIn(repository.directory, target());
      expect([up?.result, hub.comments]).toEqual(['failure', [expect.stringContaining('failed')]]);
    });

    test('has no job for a fork or a branch of Dependabot, whoever opens the pull request, and waits for no pull request to be closed', async () => {
      for (const event of [target('eve/shop'), target('example/shop', 'dependabot/npm_and_yarn/vite-7.2.0'), push(), pull()])
        expect(Object.values(await runIn(hub.directory, event)).filter(({ result }) => result !== 'skipped')).toEqual([]);
      const { on } = parse(readFileSync('docs/ci/github/previews.yml', 'utf8'));
      expect(on.pull_request_target).toEqual({});
    });

    test('runs and checks out nothing of a pull request', async () => {
      const { jobs } = parse(readFileSync('docs/ci/github/previews.yml', 'utf8'));
      const steps = Object.values<{ steps: Step[] }>(jobs).flatMap((job) => job.steps);
      const used = steps.flatMap(({ uses = [], with: inputs }) => (inputs ? [uses, inputs] : [uses]));
      const checkout = 'actions/checkout@v7';
      const branch = { ref: `\${{ github.event.repository.default_branch }}` };
      expect(used.flat()).toEqual([checkout, branch, 'deploynix/dnx@v0', checkout, 'deploynix/dnx@v0']);
      expect(steps.flatMap(({ run: script = '' }) => script.split('\n')).filter((line) => /\bgit\b|npm|composer|npx/.test(line))).toEqual(
        [],
      );
    });
  });

  test('guard.yml brings the whole history, and stops a deployment that lacks a variable', async () => {
    const files = join(stage.directory, 'shop');
    const { stdout: commit } = await execa('git', ['rev-list', '--max-parents=0', 'HEAD'], { cwd: files });
    const site_id = seeded.sites['shop.example.com'];
    for (const release of stage.sandbox.state.releases) if (release.site_id === site_id && release.active) release.commit_hash = commit;
    const stopped = await run('guard.yml', push(), { files });
    expect([stopped.deploy?.result, outputOf(stopped.deploy)]).toEqual(['failure', expect.stringContaining('CART_DAYS')]);
    const env = { ...stage.env, DNX_TOKEN: stage.sandbox.token };
    await execa('dnx', ['env', 'set', 'CART_DAYS=30', '--site', 'shop.example.com', '--yes'], { env, extendEnv: false });
    const { deploy } = await run('guard.yml', push(), { files });
    expect(deploy, outputOf(deploy)).toMatchObject({ result: 'success' });
  });
});
