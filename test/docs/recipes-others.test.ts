import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { temporary } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';
import { lacking, required } from '../support/programs.ts';
import { cloneOf, createPreviewed, fleetOf, previewsOf, wait } from './recipes/previewed.ts';
import { createTokens } from './recipes/tokens.ts';
import { openStage } from './stage.ts';

const missing = lacking(['git', 'make']);
if (missing.length > 0 && !required) process.stderr.write(`Skipped the other recipes: this machine lacks ${missing.join(', ')}\n`);

describe.skipIf(missing.length > 0 && !required)('other systems', () => {
  const stage = perSuite(() => openStage({ signedOut: true }));
  const work = perSuite(() => {
    const directory = temporary();
    return { directory, close: () => rmSync(directory, { recursive: true }) };
  });
  let tokens: Awaited<ReturnType<typeof createTokens>>;
  beforeAll(async () => {
    tokens = await createTokens(stage);
  });

  /** Runs a command in an empty folder, with stand-ins for programs. */
  async function run(
    command: readonly [string, ...string[]],
    env: Readonly<Record<string, string>>,
    programs: Readonly<Record<string, string>> = {},
  ) {
    const directory = mkdtempSync(join(work.directory, 'run-'));
    for (const [name, script] of Object.entries(programs))
      writeFileSync(join(directory, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
    const PATH = `${directory}:${stage.env.PATH}`;
    const [file, ...args] = command;
    const { exitCode, all } = await execa(file, args, {
      cwd: directory,
      env: { ...stage.env, ...env, PATH },
      extendEnv: false,
      reject: false,
      all: true,
    });
    return { exitCode, output: all, read: (name: string) => JSON.parse(readFileSync(join(directory, name), 'utf8')) };
  }

  test('bitbucket-pipelines.yml deploys on main, and keeps the result', async () => {
    const { image, pipelines } = parse(readFileSync('docs/ci/bitbucket-pipelines.yml', 'utf8'));
    const [{ step }] = pipelines.branches.main;
    expect([image, step.artifacts]).toEqual(['node:22', ['deploy.json']]);
    const ended = await run(
      ['bash', '-ec', step.script.join('\n')],
      { DNX_TOKEN: tokens.deploy, CI: 'true' },
      { npm: '[[ "$*" = "install --global deploynix-cli" ]]' },
    );
    expect(ended.exitCode, ended.output).toBe(0);
    expect(ended.read('deploy.json')).toMatchObject({ outcome: 'succeeded' });
  });

  test('bitbucket-previews.yml gives a branch a preview by the link file of the default branch, and removes it once the branch is gone', async () => {
    const { image, pipelines } = parse(readFileSync('docs/ci/bitbucket-previews.yml', 'utf8'));
    const [[{ step: up }], [{ step: sweep }]] = [pipelines['pull-requests']['**'], pipelines.custom['sweep-previews']];
    expect([image, up.artifacts]).toEqual(['node:22', ['preview.json']]);
    const repository = createPreviewed(join(work.directory, 'previewed'));
    const before = fleetOf(stage);
    const runIn = async (branch: string, script: readonly string[]) => {
      const directory = join(work.directory, `${branch.replace('/', '-')}-clone`);
      cloneOf(repository, directory, 'http://bitbucket.org/example/shop', branch);
      const env = { DNX_TOKEN: 'wrong', DNX_PREVIEW_TOKEN: tokens.preview, CI: 'true', BITBUCKET_BRANCH: branch };
      const programs = { npm: '[[ "$*" = "install --global deploynix-cli" ]]' };
      const ended = await run(['bash', '-ec', [`cd '${directory}'`, ...script].join('\n')], env, programs);
      expect(ended.exitCode, ended.output).toBe(0);
    };
    await runIn('feature/cart', up.script);
    expect(previewsOf(stage)).toEqual([['feature/cart', 'web-2']]);
    repository.git('branch', '-D', 'feature/cart');
    wait(stage, 2);
    await runIn('main', sweep.script);
    expect(fleetOf(stage)).toEqual(before);
  });

  test('Makefile deploys, and its result says what the exit code of make cannot', async () => {
    const make = ['make', '--file', resolve('docs/ci/Makefile'), 'deploy'] as const;
    const ended = await run(make, { DNX_TOKEN: tokens.deploy });
    expect(ended.exitCode, ended.output).toBe(0);
    stage.sandbox.state.fail_deploys = true;
    const failed = await run(make, { DNX_TOKEN: tokens.deploy });
    stage.sandbox.state.fail_deploys = false;
    expect([failed.exitCode, failed.read('deploy.json')]).toEqual([2, expect.objectContaining({ outcome: 'failed' })]);
    expect(failed.output).toMatch(/make: \*\*\* .* Error 1$/m);
  });

  test('crontab audits with the environment of cron, and prints only what is wrong', async () => {
    const lines = readFileSync('docs/ci/crontab', 'utf8').trim().split('\n');
    const [, command = ''] = /^0 6 \* \* \* (.*)$/.exec(lines.at(-1) ?? '') ?? [];
    const folder = mkdtempSync(join(work.directory, 'etc-'));
    writeFileSync(join(folder, 'token.env'), `export DNX_TOKEN='${tokens.audit}'\n`);
    const line = command.replaceAll('/etc/dnx', folder);
    const baseline = await run(['dnx', 'audit', '--baseline', join(folder, 'audit.jsonl'), '--update-baseline'], {
      DNX_TOKEN: tokens.audit,
    });
    expect(baseline.exitCode, baseline.output).toBe(0);
    expect(await run(['sh', '-c', line], {})).toMatchObject({ exitCode: 0, output: '' });
    writeFileSync(join(folder, 'audit.jsonl'), '');
    expect(await run(['sh', '-c', line], {})).toMatchObject({
      output: expect.stringContaining('  high    Database blog has no completed backup\n'),
    });
  });

  test('docker.sh passes the token on, without its value on the command line', async () => {
    const docker = '[[ "$*" == "run --rm --read-only --tmpfs /tmp --env DNX_TOKEN deploynix/dnx:0.2.0 "* ]] && shift 8 && exec dnx "$@"';
    const ended = await run(['bash', resolve('docs/ci/docker.sh')], { DNX_TOKEN: tokens.deploy }, { docker });
    expect(ended.exitCode, ended.output).toBe(0);
    expect(ended.output).toContain('web-1');
  });
});
