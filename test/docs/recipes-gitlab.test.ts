import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { temporary } from '../support/dnx.ts';
import { perSuite, perTest } from '../support/fixtures.ts';
import { junitIn } from '../support/junit.ts';
import { lacking, required } from '../support/programs.ts';
import { stateOf } from '../support/shop-state.ts';
import { deep, leading } from '../support/volume.ts';
import { apiVariables, openLab } from './recipes/lab.ts';
import { type Project, runPipeline } from './recipes/pipeline.ts';
import { cloneOf, createPreviewed, fleetOf, previewsOf, wait } from './recipes/previewed.ts';
import { createTokens } from './recipes/tokens.ts';
import { openStage } from './stage.ts';

const missing = lacking(['git', 'curl', 'zip', 'unzip']);
if (missing.length > 0 && !required) process.stderr.write(`Skipped the recipes for GitLab: this machine lacks ${missing.join(', ')}\n`);

describe.skipIf(missing.length > 0 && !required)('GitLab', () => {
  const stage = perSuite(() => openStage({ signedOut: true }));
  const lab = perTest(openLab);
  const work = perTest(() => {
    const directory = temporary();
    return { directory, close: () => rmSync(directory, { recursive: true }) };
  });
  let tokens: Awaited<ReturnType<typeof createTokens>>;
  beforeAll(async () => {
    tokens = await createTokens(stage);
  });
  afterEach(() => {
    stage.sandbox.state.fail_deploys = false;
    stage.sandbox.state.crontabs = stage.sandbox.state.crontabs.filter(({ command }) => command !== 'php artisan report');
  });

  const branch = {
    CI_COMMIT_BRANCH: 'main',
    CI_DEFAULT_BRANCH: 'main',
    CI_PIPELINE_SOURCE: 'push',
    CI_COMMIT_SHA: 'c0ffee',
    CI_PROJECT_ID: '1',
  };
  const request = (project = '1') => ({
    ...{ CI_PIPELINE_SOURCE: 'merge_request_event', CI_MERGE_REQUEST_PROJECT_ID: '1', CI_MERGE_REQUEST_SOURCE_PROJECT_ID: project },
    ...{ CI_COMMIT_SHA: 'beef', CI_PROJECT_ID: project },
  });

  /** Runs a recipe, or another file, in a project with these variables. */
  async function run(recipe: string, predefined: Project['predefined'], variables: Project['variables'], files?: string) {
    const { CI_API_V4_URL, READ_API_TOKEN } = apiVariables(lab);
    return runPipeline(resolve('docs/ci/gitlab', recipe), {
      directory: work.directory,
      files: files ?? mkdtempSync(join(work.directory, 'files-')),
      variables: { READ_API_TOKEN, ...variables },
      predefined: { CI_API_V4_URL, ...predefined },
      env: { ...stage.env, PATH: stage.env.PATH ?? '' },
    });
  }

  test('the runner has no program that the image lacks, and lets a variable of the project win over one of a job', async () => {
    const file = join(work.directory, 'jobs.yml');
    const script = '  script: [echo "$DNX_TOKEN", jq --version]\n';
    writeFileSync(file, `test:\n  image: node:22\n  variables: { DNX_TOKEN: of the job }\n${script}`);
    const { test: ended } = await run(file, branch, { DNX_TOKEN: 'of the project' });
    expect(ended).toMatchObject({ exitCode: 127, output: expect.stringMatching(/^of the project\n.*jq: command not found$/) });
    writeFileSync(file, `test:\n${script}`);
    await expect(run(file, branch, {})).rejects.toThrow('does not know the image undefined');
  });

  test('the runner hands a dotenv report to the jobs that need it, and rejects one that GitLab would', async () => {
    const file = join(work.directory, 'jobs.yml');
    const job = (name: string, script: string) => `${name}:\n  image: node:22\n  script: [${script}]\n`;
    const reporting = (text: string) => `${job('one', `echo "${text}" > one.env`)}  artifacts: { reports: { dotenv: one.env } }\n`;
    writeFileSync(file, `${reporting('A=1')}${job('two', 'echo "$A."')}  needs: [one]\n${job('three', 'echo "$A."')}`);
    expect(await run(file, branch, {})).toMatchObject({
      one: { variables: { A: '1' } },
      two: { output: '1.' },
      three: { output: '.' },
    });
    writeFileSync(file, reporting('# A comment'));
    await expect(run(file, branch, {})).rejects.toThrow('GitLab rejects the line "# A comment"');
  });

  describe('deploy.yml', () => {
    test('deploys, keeps the result, and tells the environment its address', async () => {
      const { deploy } = await run('deploy.yml', branch, { DNX_TOKEN: tokens.deploy });
      expect(deploy?.exitCode, deploy?.output).toBe(0);
      expect(deploy).toMatchObject({
        url: 'https://shop.example.com',
        variables: { DNX_OUTCOME: 'succeeded', DNX_EXIT_CODE: '0', DNX_RELEASE: expect.stringMatching(/^\d{8}_\d{6}$/) },
      });
      expect(JSON.parse(readFileSync(join(deploy?.artifacts ?? '', 'deploy.json'), 'utf8'))).toMatchObject({ outcome: 'succeeded' });
    });

    test('keeps the result of a deployment that fails', async () => {
      stage.sandbox.state.fail_deploys = true;
      const { deploy } = await run('deploy.yml', branch, { DNX_TOKEN: tokens.deploy });
      expect(deploy?.exitCode).toBe(1);
      expect(JSON.parse(readFileSync(join(deploy?.artifacts ?? '', 'deploy.json'), 'utf8'))).toMatchObject({ outcome: 'failed' });
    });

    test('says in its report that the token is rejected', async () => {
      const { deploy } = await run('deploy.yml', branch, { DNX_TOKEN: 'wrong' });
      expect(deploy).toMatchObject({ exitCode: 4, output: expect.stringContaining('DNX_TOKEN was rejected') });
      expect(deploy?.variables).toEqual({ DNX_OUTCOME: 'failed', DNX_EXIT_CODE: '4' });
    });
  });

  describe('audit.yml', () => {
    const schedule = { ...branch, CI_PIPELINE_SOURCE: 'schedule' };

    test('reports every finding on its first run', async () => {
      // The token of deployments would win over a variable of the job, and cannot audit.
      const { audit } = await run('audit.yml', schedule, { DNX_TOKEN: tokens.deploy, DNX_AUDIT_TOKEN: tokens.audit });
      expect(audit?.exitCode, audit?.output).toBe(10);
      const report = readFileSync(join(audit?.artifacts ?? '', 'audit.xml'), 'utf8');
      expect((await junitIn(report)).filter(({ outcome }) => outcome === 'failed').length).toBeGreaterThan(5);
    });

    test.runIf(deep)('has no findings with an accepted baseline', async () => {
      const files = mkdtempSync(join(work.directory, 'accepted-'));
      const env = { ...stage.env, DNX_TOKEN: tokens.audit };
      await execa('dnx', ['audit', '--baseline', join(files, 'audit.jsonl'), '--update-baseline'], { env, extendEnv: false, cwd: files });
      const { audit } = await run('audit.yml', schedule, { DNX_AUDIT_TOKEN: tokens.audit }, files);
      expect(audit?.exitCode, audit?.output).toBe(0);
    });

    test('fails without a report if the token is rejected', async () => {
      const { audit } = await run('audit.yml', schedule, { DNX_AUDIT_TOKEN: 'wrong' });
      expect([audit?.exitCode, existsSync(join(audit?.artifacts ?? '', 'audit.xml'))]).toEqual([4, false]);
    });
  });

  test('drift.yml keeps what differs', async () => {
    const files = mkdtempSync(join(work.directory, 'drifted-'));
    const schedule = { ...branch, CI_PIPELINE_SOURCE: 'schedule' };
    const drifted = async (name: string) => {
      writeFileSync(join(files, 'deploynix.yml'), stateOf(`branch: ${name}`));
      // The token of deployments would win over a variable of the job.
      return (await run('drift.yml', schedule, { DNX_TOKEN: 'wrong', DNX_DRIFT_TOKEN: tokens.drift }, files)).drift;
    };
    const drift = await drifted('two');
    expect(drift?.exitCode, drift?.output).toBe(10);
    expect(JSON.parse(readFileSync(join(drift?.artifacts ?? '', 'drift.json'), 'utf8'))).toMatchObject([
      { field: 'branch', side: 'unknown' },
    ]);
    expect((await drifted('main'))?.exitCode).toBe(0);
    expect(await run('drift.yml', branch, {}, files)).toEqual({});
  });

  describe('previews.yml', () => {
    const URL = 'https://gitlab-ci-token:secret@gitlab.example.com/example/shop.git';
    const merge = { ...request(), CI_DEFAULT_BRANCH: 'main', CI_COMMIT_REF_NAME: 'feature/cart', CI_COMMIT_REF_SLUG: 'feature-cart' };

    test('gives a branch a preview by the link file of the default branch, and removes it once the branch is gone', async () => {
      const repository = createPreviewed(join(work.directory, 'previewed'));
      const before = fleetOf(stage);
      const checkout = (name: string) => cloneOf(repository, join(work.directory, `${name.replace('/', '-')}-clone`), URL, name).directory;
      const variables = { DNX_TOKEN: 'wrong', DNX_PREVIEW_TOKEN: tokens.preview };
      const { 'preview-up': up, 'preview-sweep': none } = await run('previews.yml', merge, variables, checkout('feature/cart'));
      expect([up?.exitCode, none], up?.output).toEqual([0, undefined]);
      expect(up).toMatchObject({ url: expect.stringMatching(/^https:\/\/feature-cart-[a-z2-7]{12}\.preview\.example\.com$/) });
      expect(previewsOf(stage)).toEqual([['feature/cart', 'web-2']]);
      repository.git('branch', '-D', 'feature/cart');
      wait(stage, 2);
      const schedule = { ...branch, CI_PIPELINE_SOURCE: 'schedule' };
      const { 'preview-sweep': sweep } = await run('previews.yml', schedule, variables, checkout('main'));
      expect(sweep?.exitCode, sweep?.output).toBe(0);
      expect(fleetOf(stage)).toEqual(before);
    });

    test('has no job for a fork', async () => {
      expect(await run('previews.yml', { ...merge, ...request('2') }, {})).toEqual({});
    });
  });

  describe('plan.yml', () => {
    const crontabs = () => stage.sandbox.state.crontabs.filter(({ command }) => command === 'php artisan report');
    let pipeline = 100;

    /** The plan in a merge request. A project variable with the writing token must not be the one that plans. */
    async function propose(read = tokens.read) {
      const { plan } = await run('plan.yml', request(), { DNX_TOKEN: stage.sandbox.token, DNX_READ_TOKEN: read });
      pipeline += 1;
      if (plan?.exitCode === 0) lab.jobs.push({ id: pipeline * 10, name: 'plan', pipeline, artifacts: plan.artifacts, expired: false });
      return plan;
    }
    async function merge() {
      lab.merged.add(branch.CI_COMMIT_SHA);
      return (await run('plan.yml', branch, { DNX_TOKEN: stage.sandbox.token, DNX_READ_TOKEN: tokens.read })).apply;
    }

    test('plans in a merge request with the token that reads, and applies after the merge', async () => {
      const plan = await propose();
      expect(plan?.exitCode, plan?.output).toBe(0);
      expect(plan?.output).toContain("+ create cron job 'php artisan report' on server web-1\n");
      const readers = stage.sandbox.calls.filter(({ path }) => path.includes('/crontabs')).map(({ method }) => method);
      expect(new Set(readers)).toEqual(new Set(['GET']));
      const apply = await merge();
      expect(apply?.exitCode, apply?.output).toBe(0);
      expect(crontabs()).toHaveLength(1);
    });

    test('fails after the merge if the plan has expired', async () => {
      await propose();
      for (const job of lab.jobs) job.expired = true;
      const apply = await merge();
      expect([apply?.exitCode, crontabs()]).toEqual([1, []]);
      expect(apply?.output).toContain('The plan of !7 has expired. Retry its job 1020, then this one. Nothing was applied.');
    });

    test('fails after the merge if the newest pipeline has no plan', async () => {
      await propose();
      lab.jobs.push({ id: 9, name: 'test', pipeline: 999, artifacts: '', expired: false });
      const apply = await merge();
      expect([apply?.exitCode, crontabs()]).toEqual([1, []]);
      expect(apply?.output).toContain(
        'The newest pipeline of !7 has no plan, because it is from a fork or its job failed. Nothing was applied.',
      );
    });

    test('applies nothing for a commit without a merge request', async () => {
      const { apply } = await run('plan.yml', { ...branch, CI_COMMIT_SHA: 'ba5e' }, { DNX_TOKEN: stage.sandbox.token });
      expect([apply?.exitCode, apply?.output]).toEqual([
        1,
        expect.stringContaining('This commit is of no merge request, so it has no plan.'),
      ]);
    });

    test('has no job for a fork', async () => {
      expect(await run('plan.yml', request('2'), {})).toEqual({});
    });

    test('fails if the token that reads is rejected or missing, whatever the other can do', async () => {
      for (const token of leading(['', 'wrong'], 1)) expect((await propose(token))?.exitCode).toBe(4);
    });
  });
});
