import { createPublicKey, verify } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { version as older } from '../../package.json';
import type { Listening } from '../support/elsewhere.ts';
import { type GitHub, openGitHub } from '../support/github.ts';
import { lacking, required } from '../support/programs.ts';
import { cloneTo, platforms, serveReleases } from '../support/release.ts';
import { userEnvironment } from './environment.ts';
import { folderOf } from './nodes.ts';
import { type Registry, startRegistry } from './registry.ts';
import { emptyFolder } from './run.ts';
import { type Ran, runWorkflow } from './workflow.ts';

const missing = lacking(['git', 'curl', 'openssl', 'ruby', 'zip', 'unzip', 'rpmbuild', 'dpkg-deb']);
if (missing.length > 0 && !required) process.stderr.write(`Skipped the rehearsal of a release: there is no ${missing.join(' and no ')}\n`);

const version = '98.0.0';
const directory = emptyFolder();
const origin = join(directory, 'origin.git');
/** What `gh` keeps of releases, as release hosts do. */
const published = join(directory, 'releases');
const files = join(published, `v${version}`);

/** A stand-in for `gh`, which needs GitHub: releases are folders, and tags those of the repository. */
const gh = `#!/bin/bash
set -e
releases=${published} tag=$3 state=${published}/$3.draft
case "$1 $2" in
  'release view') cat "$state" ;;
  'release create') mkdir "$releases/$tag"; echo true > "$state"; [[ " $* " == *' --verify-tag '* ]]; git -C ${origin} rev-parse -q --verify "$tag" ;;
  'release upload') cp "\${@:5}" "$releases/$tag" ;;
  'release edit') [[ $4 == --draft=false ]]; echo false > "$state" ;;
  'api --method')
    [[ $3 == POST ]] || exit 1
    [[ $6 == ref=refs/tags/v98 ]]
    git -C ${origin} update-ref refs/tags/v98 "\${8#sha=}" ;;
  *) exit 1 ;;
esac
`;

describe.skipIf(missing.length > 0 && !required)('a release', () => {
  const clone = join(directory, 'clone');
  const old = join(directory, 'old/bin/dnx');
  let ran: Ran;
  /** What the second person saw of a staged package that was changed. */
  let refused: readonly object[];
  let registry: Registry;
  let github: GitHub;
  /** The environment of a user whose GitHub and npm are on loopback. */
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    await maintain();
    [registry, github] = await Promise.all([startRegistry(), openGitHub(serveReleases([{ version, files }]))]);
    env = await userOf(registry, github);
    const { stdout: sha } = await execa('git', ['rev-parse', 'HEAD'], { cwd: clone });
    ran = await runWorkflow('.github/workflows/release.yml', {
      directory: join(directory, 'jobs'),
      origin,
      env: { ...env, PATH: `${join(directory, 'programs')}:${env.PATH}`, GITHUB_REF_NAME: `v${version}`, GITHUB_SHA: sha },
      github: { token: 'token', repository: 'deploynix/dnx', sha },
      secrets: { RELEASE_KEY: readFileSync(join(directory, 'key.pem'), 'utf8') },
      // Packages of the system would be installed on this one: test/release has these. Homebrew, Scoop and Docker are elsewhere.
      rows: ({ os, container, channel = '' }) => os === 'ubuntu-latest' && !container && ['script', 'npm'].includes(channel),
      instead: {
        '.ci/run deep': `cp -al ${resolve('node_modules')} . && npm run --silent build > /dev/null`,
        // This machine has the packages.
        'apt-get update && apt-get install -y --no-install-recommends rpm zip': `cp -a ${resolve('node_modules')} . && npm run --silent build > /dev/null`,
        ...(process.env.DNX_REHEARSE !== 'all' && {
          'npm run executables': executables,
          'scripts/release-files.sh': `${compressLess}\nscripts/release-files.sh`,
        }),
        'npm install --global "deploynix-cli': 'npm install --prefix "$HOME/.local" --global "deploynix-cli',
        // Needs an identity of GitHub.
        ' --provenance': '',
      },
      review: { npm: approve },
    });
  }, 1_800_000);

  afterAll(async () => {
    await Promise.all([registry?.close(), github?.close()]);
    rmSync(directory, { recursive: true, force: true });
  });

  /** Prepares this working tree as a clone in which a maintainer makes the first release, and builds the executable before it. */
  async function maintain(): Promise<void> {
    cloneTo(clone);
    await execa('git', ['checkout', '--quiet', '-B', 'main'], { cwd: clone });
    const author = { GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.com' };
    const env = { ...author, GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@example.com', npm_config_loglevel: 'error' };
    const run = (file: string, ...args: readonly string[]) => execa(file, args, { cwd: clone, env });
    writeFileSync(join(directory, 'key.pem'), (await run('node', 'scripts/release.mjs', 'key')).stdout);
    await run('npm', 'run', '--silent', 'build');
    await run('node', 'scripts/executables.mjs', '--only', 'linux-x64');
    mkdirSync(join(directory, 'old/bin'), { recursive: true });
    cpSync(join(clone, 'build/executables/dnx-linux-x64'), old);
    await run('git', 'add', '--all');
    await run('git', 'commit', '--quiet', '--message', 'Add the key of releases');
    // As CONTRIBUTING.md says.
    await run('npm', 'version', version, '--message', 'Release %s');
    await execa('git', ['clone', '--quiet', '--bare', clone, origin]);
    mkdirSync(published);
    mkdirSync(join(directory, 'programs'));
    writeFileSync(join(directory, 'programs/gh'), gh, { mode: 0o755 });
  }

  /** What the second person types, with what the summaries say. */
  async function approve(summaries: Readonly<Record<string, string>>): Promise<void> {
    const [, stage = ''] = /\(staged with id (\S+)\)/.exec(summaries.stage ?? '') ?? [];
    const [, sum = ''] = new RegExp(`^\\| deploynix-cli-${version}.tgz \\| \`(\\w+)\``, 'm').exec(summaries.rebuild ?? '') ?? [];
    const run = (file: string, ...args: readonly string[]) => execa(file, args, { cwd: clone, env, extendEnv: false, reject: false });
    const approved = () => run('node', 'scripts/release.mjs', 'approve', stage, sum);
    const seen = () => run('npm', 'view', `deploynix-cli@${version}`, 'version');
    registry.tamper();
    refused = [await seen(), await approved(), await seen()].map(({ exitCode, stderr }) => ({ exitCode, stderr }));
    registry.tamper();
    expect(await approved()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('approved and published') });
  }

  test('is neither installed before it is approved, nor approved if a byte of the staged package differs', () => {
    const missing = { exitCode: 1, stderr: expect.stringContaining('E404') };
    const message = `It was not approved. Reject it: npm stage reject `;
    expect(refused).toEqual([missing, { exitCode: 1, stderr: expect.stringContaining(message) }, missing]);
  });

  test('runs every job, and leaves out only what needs GitHub or Docker', () => {
    expect(ran.jobs).toEqual([
      ...['build', 'rebuild', 'sign', 'smoke script', 'smoke npm', 'attest', 'draft', 'stage', 'npm', 'image', 'github', 'taps'],
      ...['published script', 'published npm'],
    ]);
    const actions = [...new Set(ran.left.map(({ action }) => action))].sort();
    const docker = ['build-push-action', 'login-action', 'setup-buildx-action', 'setup-qemu-action'].map((name) => `docker/${name}`);
    expect(actions).toEqual(['actions/attest', 'actions/setup-node', ...docker]);
  });

  test('is published on GitHub, with every file, signed', async () => {
    expect(readFileSync(join(published, `v${version}.draft`), 'utf8')).toBe('false\n');
    const packed = platforms.map((name) => `dnx-${name}.${name.startsWith('windows') ? 'zip' : 'tar.gz'}`);
    const packages = ['x64', 'arm64'].flatMap((each) => [`dnx-linux-${each}.deb`, `dnx-linux-${each}.rpm`]);
    const others = ['SHA256SUMS', 'SHA256SUMS.sig', `deploynix-cli-${version}.tgz`, 'dnx.json', 'dnx.rb', 'install.sh', 'sbom.cdx.json'];
    expect(readdirSync(files).sort()).toEqual([...packed, ...packages, ...others].sort());
    await execa('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: files });
    const { releaseKey } = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8'));
    const key = createPublicKey({ key: Buffer.from(releaseKey, 'base64'), format: 'der', type: 'spki' });
    const [sums, signature] = ['SHA256SUMS', 'SHA256SUMS.sig'].map((name) => readFileSync(join(files, name)));
    expect(verify('sha256', sums as Buffer, key, signature as Buffer)).toBe(true);
    const attested = ran.left.filter(({ action }) => action === 'actions/attest');
    expect(attested[0]?.with).toEqual({ 'subject-checksums': 'release/SHA256SUMS' });
  });

  test('moves the tag v98, and commits the formula and the manifest to the tap', async () => {
    const tap = join(directory, 'tap');
    await execa('git', ['clone', '--quiet', origin, tap]);
    for (const [file, name] of [['Formula/dnx.rb', 'dnx.rb'] as const, ['bucket/dnx.json', 'dnx.json'] as const])
      expect(readFileSync(join(tap, file))).toEqual(readFileSync(join(files, name)));
    const { stdout } = await execa('git', ['rev-parse', 'v98', `v${version}^{commit}`], { cwd: tap });
    expect(new Set(stdout.split('\n')).size).toBe(1);
    // Homebrew is a stand-in that runs the formula.
    const keg = emptyFolder();
    await execa('ruby', ['test/release/homebrew.rb', join(tap, 'Formula/dnx.rb'), files, keg]);
    expect((await execa(join(keg, 'bin/dnx'), ['--version'], { env })).stdout).toBe(version);
  });

  test('is what dnx upgrade of the release before it installs, and install.sh removes', async () => {
    const bin = join(directory, 'old/bin');
    const dnx = (...args: readonly string[]) => execa(old, args, { env, extendEnv: false });
    expect((await dnx('--version')).stdout).toBe(older);
    // What a killed one leaves, the next one removes.
    const killed = execa(old, ['upgrade'], { env, extendEnv: false, reject: false });
    // An empty directory may be that of a process that is about to name itself in it.
    const inside = () => readdirSync(bin, { recursive: true }).filter((name) => String(name).includes('/'));
    await expect.poll(inside, { interval: 5 }).toEqual(expect.arrayContaining([expect.stringMatching(/^\.dnx-upgrade-/)]));
    killed.kill('SIGKILL');
    expect([(await killed).signal, readdirSync(bin).length]).toEqual(['SIGKILL', 2]);
    const { stdout, stderr } = await dnx('upgrade');
    expect(stdout).toContain(`✓ Upgraded dnx from ${older} to ${version}\n`);
    expect(stderr).toBe(`Downloading dnx ${version}`);
    expect((await dnx('--version')).stdout).toBe(version);
    expect((await dnx('upgrade')).stdout).toBe(`dnx ${version} is the latest release.`);
    expect(readdirSync(bin)).toEqual(['dnx']);
    symlinkSync('dnx', join(bin, 'deploynix'));
    await execa('sh', [join(files, 'install.sh'), '--uninstall'], { env: { ...env, DNX_INSTALL_DIR: bin }, extendEnv: false });
    expect(readdirSync(bin)).toEqual([]);
  });
});

/** Builds the executable of this platform. The others would take a minute, so they are stand-ins. */
const executables = `node scripts/executables.mjs --only linux-x64
for each in ${platforms.map((name) => (name.startsWith('windows') ? `${name}.exe` : name)).join(' ')}; do
  [ -e "build/executables/dnx-$each" ] || echo "A stand-in of dnx for $each" > "build/executables/dnx-$each"
done`;

/** Packages that are a little larger, in a third of the time. */
const compressLess = `sed -i "s/'-z10'/'-z1'/; s/'w10.zstdio'/'w1.zstdio'/; s/'gzip', \\['-n'\\]/'gzip', ['-n1']/" scripts/channels.mjs`;

/** The environment of a user, with GitHub behind a proxy, and npm's other packages where they are. */
async function userOf(registry: Listening, github: GitHub): Promise<Readonly<Record<string, string>>> {
  const home = join(directory, 'home');
  mkdirSync(home);
  writeFileSync(join(home, '.npmrc'), `registry=${registry.url}\n//${new URL(registry.url).host}/:_authToken=x\n`);
  const { stdout: upstream } = await execa('npm', ['config', 'get', 'registry']);
  const inherited = userEnvironment(home);
  return {
    ...inherited,
    PATH: `${folderOf('24')}:${inherited.PATH}`,
    HTTPS_PROXY: github.env.HTTPS_PROXY ?? '',
    NO_PROXY: `127.0.0.1,${new URL(upstream).hostname}`,
    CURL_CA_BUNDLE: github.env.DNX_CA_FILE ?? '',
    DNX_CA_FILE: github.env.DNX_CA_FILE ?? '',
  };
}
