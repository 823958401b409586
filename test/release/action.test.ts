import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { temporary } from '../support/dnx.ts';
import { type Elsewhere, openElsewhere } from '../support/elsewhere.ts';
import { lacking, required } from '../support/programs.ts';
import { packRelease, type Release, repack, serveReleases, signed } from '../support/release.ts';

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
async function runAction(inputs: Readonly<Record<string, string>> = {}, PATH = process.env.PATH, from = host) {
  const action = join(directory, 'action');
  const programs = join(directory, 'programs');
  for (const each of [action, programs]) mkdirSync(each, { recursive: true });
  // The pause before the second try.
  writeFileSync(join(programs, 'sleep'), '#!/bin/sh\necho "slept $1"\n', { mode: 0o755 });
  cpSync(releases[0]?.script ?? '', join(action, 'install.sh'));
  writeFileSync(join(action, 'package.json'), readFileSync('package.json', 'utf8').replace(/"version": ".*"/, '"version": "9.8.6"'));
  const files = { GITHUB_PATH: join(directory, 'path'), GITHUB_OUTPUT: join(directory, 'output') };
  for (const file of Object.values(files)) writeFileSync(file, '');
  const temp = mkdtempSync(join(directory, 'temp-'));
  const runner = { HOME: directory, RUNNER_OS: 'Linux', RUNNER_TEMP: temp, RUNNER_TOOL_CACHE: join(directory, 'tools') };
  const base = { ...files, ...runner, PATH: `${programs}:${PATH}`, DNX_RELEASES_URL: `${from.url}/releases` };
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

  const archive = 'dnx-linux-x64.tar.gz';
  const opened = async (changed: Parameters<typeof serveReleases>[1]) => {
    const server = await openElsewhere(serveReleases(releases, changed));
    onTestFinished(() => server.close());
    return server;
  };

  test('keeps the download of a version in the tool cache, and checks it again', async () => {
    const asked = () => host.requests.length;
    await runAction();
    const before = asked();
    expect((await runAction()).exitCode).toBe(0);
    expect(asked()).toBe(before);
    writeFileSync(join(directory, 'tools/dnx/9.8.6', archive), 'of somebody else');
    const { exitCode, output, outputs } = await runAction();
    expect(output).toContain('does not match its checksum in SHA256SUMS.');
    expect([exitCode, outputs, asked()]).toEqual([0, 'version=9.8.6\n', before + 3]);
  });

  test('tries once more after a download that broke', async () => {
    let broken = 0;
    const server = await opened({
      [archive]: (_, response) => {
        if (broken++ === 0) return void response.writeHead(200, { 'content-length': 9999 }).write('x', () => response.destroy());
        response.end(readFileSync(join(releases[0]?.files ?? '', archive)));
      },
    });
    const { exitCode, output } = await runAction({}, process.env.PATH, server);
    expect(output).toContain('Trying once more in 10 seconds.\nslept 10\n');
    expect([exitCode, broken]).toEqual([0, 2]);
  });

  describe('from npm', () => {
    const tarball = 'deploynix-cli-9.8.6.tgz';

    /** A host whose release has this package, and an npm whose registry has that one. */
    async function publish(released: string, registered = released) {
      const sums = `${createHash('sha256').update(released).digest('hex')}  ${tarball}\n`;
      const programs = join(directory, 'programs');
      mkdirSync(programs);
      const npm = `#!/bin/bash
set -e
case "$1 $3" in
  'pack deploynix-cli@9.8.6') printf %s '${registered}' > ${tarball}; echo ${tarball} ;;
  'install --prefix') mkdir -p "$4/bin"; [[ "$*" == *' --ignore-scripts '*' ./${tarball}' ]]; cp "./${tarball}" "$4/bin/dnx"; chmod +x "$4/bin/dnx" ;;
esac
`;
      writeFileSync(join(programs, 'npm'), npm, { mode: 0o755 });
      return opened({ SHA256SUMS: sums, 'SHA256SUMS.sig': signed(sums) });
    }

    test('installs the package of the release', async () => {
      const server = await publish('#!/bin/sh\necho 9.8.6');
      const { exitCode, output, outputs, path } = await runAction({ from: 'npm' }, process.env.PATH, server);
      expect(exitCode, output).toBe(0);
      expect([outputs, readdirSync(path)]).toEqual(['version=9.8.6\n', ['dnx']]);
    });

    test('refuses a package that is not of the release', async () => {
      const server = await publish('#!/bin/sh\necho 9.8.6', '#!/bin/sh\necho stolen');
      const { exitCode, output, path } = await runAction({ from: 'npm' }, process.env.PATH, server);
      expect([exitCode, path]).toEqual([1, '']);
      expect(output).toContain(`${tarball} is not the file of ${server.url}/releases/download/v9.8.6.\nDo not use it.\n`);
    });
  });

  test('refuses another source', async () => {
    const { exitCode, output } = await runAction({ from: '$(touch pwned)' });
    expect([exitCode, output]).toEqual([1, '::error title=dnx::The input from is neither release nor npm.']);
  });

  test('says that a version does not exist', async () => {
    const { exitCode, output, path } = await runAction({ version: '99.0.0' });
    expect({ exitCode, path }).toEqual({ exitCode: 1, path: '' });
    expect(output).toContain(`Error: Could not download ${host.url}/releases/download/v99.0.0/SHA256SUMS\n`);
    expect(output).toMatch(/\n::error title=dnx::dnx 99\.0\.0 could not be installed\. The lines above say why\.$/);
  });
});
