import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { temporary } from '../support/dnx.ts';
import { type Elsewhere, openElsewhere } from '../support/elsewhere.ts';
import { lacking, required } from '../support/programs.ts';
import { packRelease, type Release, repack, serveReleases } from '../support/release.ts';

const missing = lacking(['git', 'curl', 'zip']);
if (missing.length > 0 && !required) process.stderr.write(`Skipped the action: there is no ${missing.join(' and no ')}\n`);

let releases: readonly Release[];
let host: Elsewhere;
let directory: string;
beforeAll(async () => {
  if (missing.length > 0 && !required) return;
  const latest = packRelease('9.8.7');
  releases = [repack(latest, '9.8.6'), latest];
  host = await openElsewhere(serveReleases(releases));
});
afterAll(async () => {
  await host?.close();
  for (const each of releases ?? []) each.close();
});
beforeEach(() => {
  directory = temporary();
  onTestFinished(() => rmSync(directory, { recursive: true }));
});

/** Runs the steps of action.yml of version 9.8.6 as a runner on Linux does. */
async function runAction(inputs: Readonly<Record<string, string>> = {}, PATH = process.env.PATH) {
  const action = join(directory, 'action');
  mkdirSync(action);
  cpSync(releases[0]?.script ?? '', join(action, 'install.sh'));
  writeFileSync(join(action, 'package.json'), readFileSync('package.json', 'utf8').replace(/"version": ".*"/, '"version": "9.8.6"'));
  const files = { GITHUB_PATH: join(directory, 'path'), GITHUB_OUTPUT: join(directory, 'output') };
  for (const file of Object.values(files)) writeFileSync(file, '');
  const base = { ...files, PATH, HOME: directory, RUNNER_OS: 'Linux', RUNNER_TEMP: directory, DNX_RELEASES_URL: `${host.url}/releases` };
  const { inputs: declared, runs } = parse(readFileSync('action.yml', 'utf8'));
  const value = (name: string): string => {
    if (name === 'github.action_path') return action;
    const input = /^inputs\.(\w+)$/.exec(name)?.[1] ?? '';
    if (!Object.hasOwn(declared, input)) throw new Error(`action.yml uses the unknown value ${name}`);
    return inputs[input] ?? declared[input].default;
  };
  let output = '';
  let exitCode: number | undefined = 0;
  for (const { run, env } of runs.steps) {
    const filled = Object.entries<string>(env ?? {}).map(([name, text]) => [
      name,
      text.replace(/\$\{\{ (.*?) \}\}/g, (_, each) => value(each)),
    ]);
    const script = join(directory, 'step.sh');
    writeFileSync(script, run);
    const options = {
      cwd: directory,
      env: { ...base, ...Object.fromEntries(filled) },
      extendEnv: false,
      reject: false,
      all: true,
    } as const;
    const done = await execa('/bin/bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], options);
    output += done.all;
    exitCode = done.exitCode;
    if (exitCode !== 0) break;
  }
  return { exitCode, output, path: readFileSync(files.GITHUB_PATH, 'utf8').trim(), outputs: readFileSync(files.GITHUB_OUTPUT, 'utf8') };
}

describe.skipIf(missing.length > 0 && !required)('the GitHub Action', () => {
  test.each([
    ['its own version', {}, '9.8.6'],
    ['a version', { version: '9.8.7' }, '9.8.7'],
    ['the latest version', { version: 'latest' }, '9.8.7'],
  ])('installs %s', async (_, inputs, version) => {
    const { exitCode, output, path, outputs } = await runAction(inputs);
    expect(exitCode, output).toBe(0);
    expect(outputs).toBe(`version=${version}\n`);
    expect(readdirSync(path).sort()).toEqual(['deploynix', 'dnx']);
    for (const name of ['dnx', 'deploynix']) expect((await execa(join(path, name))).stdout).toBe(version);
  });

  test('needs no Node', async () => {
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    for (const name of readdirSync('/usr/bin').filter((each) => !/^(node|npm|npx|nodejs)$/.test(each)))
      symlinkSync(join('/usr/bin', name), join(bin, name));
    const { exitCode, output } = await runAction({}, bin);
    expect(exitCode, output).toBe(0);
  });

  test.each(['$(touch pwned)', '1; touch pwned', '--uninstall', 'file:/tmp', 'npm:other@1', '1 other', 'a/b', '`id`', '../x'])(
    'refuses the version %s',
    async (given) => {
      const { exitCode, output, path } = await runAction({ version: given });
      expect({ exitCode, path }).toEqual({ exitCode: 1, path: '' });
      expect(output).toBe('::error title=dnx::The input version is neither a version, such as 0.2.0, nor latest.');
    },
  );

  test('says that a version does not exist', async () => {
    const { exitCode, output, path } = await runAction({ version: '99.0.0' });
    expect({ exitCode, path }).toEqual({ exitCode: 1, path: '' });
    expect(output).toContain(`Error: Could not download ${host.url}/releases/download/v99.0.0/SHA256SUMS\n`);
    expect(output).toMatch(/\n::error title=dnx::dnx 99\.0\.0 could not be installed\. The lines above say why\.$/);
  });
});
