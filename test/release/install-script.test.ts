import { execFile, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import packageJson from '../../package.json';
import { temporary } from '../support/dnx.ts';
import { type Elsewhere, openElsewhere } from '../support/elsewhere.ts';
import { openGitHub } from '../support/github.ts';
import { canIsolate, find, lacking, required } from '../support/programs.ts';
import { packRelease, type Release, repack, serveReleases, signed } from '../support/release.ts';
import { deep } from '../support/volume.ts';

const missing = lacking(['git', 'dash', 'busybox', 'curl', 'wget', 'openssl', 'zip', 'unzip']);
if (missing.length > 0 && !required) process.stderr.write(`Skipped install.sh: there is no ${missing.join(' and no ')}\n`);

/** What the script starts, besides a program for downloads and one for checksums. */
const common = [
  'cat',
  'chmod',
  'cp',
  'cut',
  'dirname',
  'grep',
  'gzip',
  'head',
  'ldd',
  'ln',
  'mkdir',
  'mktemp',
  'mv',
  'readlink',
  'rm',
  'sed',
  'tar',
  'uname',
  'unzip',
];

/** Shells, and the only programs in their PATH. */
const shells = {
  'dash with curl': [...common, 'dash', 'curl', 'openssl', 'sha256sum'],
  'dash with GNU Wget, without openssl': [...common, 'dash', 'wget', 'shasum', 'perl'],
  'bash as sh': [...common, 'bash', 'curl', 'openssl'],
  // As on Alpine: every program is a link to BusyBox.
  BusyBox: [],
} as const;
type Shell = keyof typeof shells;

const shared = temporary();
let older: Release;
let release: Release;
let host: Elsewhere;

beforeAll(async () => {
  if (missing.length > 0) return;
  release = packRelease('9.8.7');
  older = repack(release, '9.8.6');
  host = await openElsewhere(serveReleases([older, release]));
  for (const [shell, programs] of Object.entries(shells)) {
    const bin = join(shared, shell);
    mkdirSync(bin);
    for (const each of programs) symlinkSync(find(each) ?? '', join(bin, each));
    if (programs.length > 0) symlinkSync(shell.split(' ')[0] as string, join(bin, 'sh'));
    else spawnSync('busybox', ['--install', '-s', bin]);
  }
});
afterAll(async () => {
  await host?.close();
  for (const each of [older, release]) each?.close();
  rmSync(shared, { recursive: true });
});

let home: string;
let bin: string;
beforeEach(() => {
  home = temporary();
  bin = join(home, '.local/bin');
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
});

interface Given {
  readonly shell?: Shell;
  readonly args?: readonly string[];
  /** Folders to put first in PATH. */
  readonly path?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly script?: string;
}

/** Pipes the script into a shell, as the README says. */
async function install({ shell = 'dash with curl', args = [], path = [], env = {}, script }: Given = {}) {
  const tools = join(shared, shell);
  const { exitCode, stdout, stderr } = await execa(join(tools, 'sh'), ['-s', '--', ...args], {
    cwd: home,
    env: { HOME: home, PATH: [...path, tools].join(delimiter), DNX_RELEASES_URL: `${host.url}/releases`, ...env },
    extendEnv: false,
    reject: false,
    input: script ?? readFileSync(release.script, 'utf8'),
  });
  return { exitCode, stdout, stderr };
}

/** Every file below the home directory. */
const filesIn = (directory = home): readonly string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((each) => !each.isDirectory())
    .map((each) => join(each.parentPath, each.name).slice(directory.length + 1))
    .sort();

const dnx = (...args: readonly string[]) => spawnSync(join(bin, 'dnx'), args, { encoding: 'utf8' }).stdout;

/** Programs that print these texts, in a folder for PATH. */
function programs(scripts: Readonly<Record<string, string>>): string {
  const folder = join(home, 'programs');
  mkdirSync(folder, { recursive: true });
  for (const [name, script] of Object.entries(scripts)) writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}

/** A host with other files. */
async function openHost(changed: Parameters<typeof serveReleases>[1]): Promise<Elsewhere> {
  const opened = await openElsewhere(serveReleases([older, release], changed));
  onTestFinished(() => opened.close());
  return opened;
}

const failed = (message: string) => ({ exitCode: 1, stdout: '', stderr: expect.stringContaining(message) });

describe.skipIf(missing.length > 0 && !required)('install.sh', () => {
  test('has the key of package.json', () => {
    const [, key] = /-----BEGIN PUBLIC KEY-----([\s\S]*?)-----END/.exec(readFileSync('install.sh', 'utf8')) ?? [];
    expect(key?.replaceAll('\n', '')).toBe(packageJson.releaseKey);
  });

  describe.each(Object.keys(shells) as Shell[])('in %s', (shell) => {
    test('installs dnx with its completions and man pages, again over itself, and removes all of it', async () => {
      const first = await install({ shell });
      expect(first).toExit(0, { stdout: expect.stringContaining(`Installed dnx 9.8.7 in ${bin}, also as deploynix`) });
      expect(first.stdout).toContain(`startup file of your shell:\n  export PATH="${bin}:$PATH"\nSign in: `);
      expect(first.stdout).toContain(
        /openssl|BusyBox/.test(shell) && shell !== 'dash with curl' ? '(checked: checksum; ' : '(checked: signature and checksum)',
      );
      expect(dnx()).toBe('9.8.7\n');
      expect([readlinkSync(join(bin, 'deploynix')), statSync(join(bin, 'dnx')).mode & 0o777]).toEqual(['dnx', 0o755]);
      const files = filesIn();
      const man = readdirSync('man').map((page) => `.local/share/man/man${page.at(-1)}/${page}`);
      expect(files).toEqual(expect.arrayContaining(['.local/bin/dnx', '.local/share/bash-completion/completions/dnx', ...man]));
      await expect(install({ shell, args: ['v9.8.6'], path: [bin] })).toExit(0, { stdout: expect.not.stringContaining('PATH') });
      expect([dnx(), filesIn()]).toEqual(['9.8.6\n', files]);
      expect(first.stdout).toContain(`Uninstall:  ${/Wget|BusyBox/.test(shell) ? 'wget -qO-' : 'curl -fsSL'} https://`);
      // As `dnx completion install` does.
      writeFileSync(join(home, '.local/share/bash-completion/completions/deploynix-cli'), '');
      const removed = await install({ shell, args: ['--uninstall'] });
      expect(removed).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^Removed dnx from .*\.local\/bin\./), stderr: '' });
      expect(filesIn()).toEqual([]);
    });

    // GNU Wget and BusyBox report failures of their own.
    test.runIf(deep || shell !== 'bash as sh')(
      'changes nothing after a download that is missing, cut, or not as its checksum',
      async () => {
        await install({ shell, args: ['9.8.6'] });
        const before = filesIn();
        const cut: Parameters<typeof serveReleases>[1] = {
          'dnx-linux-x64.tar.gz': (_, response) =>
            void response.writeHead(200, { 'content-length': 9999 }).write('x', () => response.destroy()),
        };
        const wrong = { 'dnx-linux-x64.tar.gz': readFileSync(join(older.files, 'dnx-linux-x64.tar.gz')) };
        const absent = await install({ shell, args: ['1.0.0'] });
        expect(absent).toEqual(failed(`Error: Could not download ${host.url}/releases/download/v1.0.0/SHA256SUMS\n`));
        for (const [changed, message] of [
          [cut, 'Error: Could not download'],
          [wrong, 'dnx-linux-x64.tar.gz does not match its checksum in SHA256SUMS.'],
        ] as const) {
          const { url } = await openHost(changed);
          expect(await install({ shell, env: { DNX_RELEASES_URL: `${url}/releases` } })).toEqual(failed(message));
        }
        expect([dnx(), filesIn()]).toEqual(['9.8.6\n', before]);
      },
    );
  });

  test('refuses checksums that another key signed, or nobody', async () => {
    const { privateKey: other } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const sums = readFileSync(join(release.files, 'SHA256SUMS'), 'utf8').replace(/^[0-9a-f]/, (digit) => (digit === 'f' ? '0' : 'f'));
    for (const changed of [
      { SHA256SUMS: sums },
      { 'SHA256SUMS.sig': signed(readFileSync(join(release.files, 'SHA256SUMS'), 'utf8'), other) },
    ]) {
      const { url, requests } = await openHost(changed);
      expect(await install({ env: { DNX_RELEASES_URL: `${url}/releases` } })).toEqual(failed('SHA256SUMS is not signed by Deploynix.'));
      expect(requests.map((each) => each.url)).not.toContain('/releases/download/v9.8.7/dnx-linux-x64.tar.gz');
    }
    expect(filesIn()).toEqual([]);
  });

  test('downloads the latest release of GitHub over https', async () => {
    const github = await openGitHub(serveReleases([older, release]));
    onTestFinished(() => github.close());
    const env = { HTTPS_PROXY: github.env.HTTPS_PROXY ?? '', CURL_CA_BUNDLE: github.env.DNX_CA_FILE ?? '', DNX_RELEASES_URL: '' };
    await expect(install({ env })).toExit(0, { stdout: expect.stringContaining('Installed dnx 9.8.7') });
    expect(new Set(github.tunnels)).toEqual(new Set(['github.com:443']));
    expect(github.requests[0]?.url).toBe('/deploynix/dnx/releases/latest/download/SHA256SUMS');
  });

  const glibc = 'echo "ldd (Debian GLIBC 2.41) 2.41"';
  test.each([
    ['Linux', 'x86_64', glibc, 'linux-x64'],
    ['Linux', 'aarch64', glibc, 'linux-arm64'],
    ['Linux', 'x86_64', 'echo "musl libc (x86_64)" >&2; exit 1', 'linux-x64-musl'],
    ['Linux', 'aarch64', 'echo "musl libc (aarch64)" >&2; exit 1', 'linux-arm64-musl'],
    ['Darwin', 'arm64', 'exit 127', 'darwin-arm64'],
    ['Darwin', 'x86_64', 'exit 127', 'darwin-x64'],
    ['MINGW64_NT-10.0-26100', 'x86_64', 'exit 127', 'windows-x64'],
  ])('on %s %s with %s installs %s', async (system, machine, ldd, platform) => {
    const uname = `case $1 in -s) echo ${system} ;; -m) echo ${machine} ;; esac`;
    const path = [programs({ uname, ldd, sysctl: 'exit 1' })];
    await expect(install({ path })).toExit(0, { stdout: expect.stringContaining('Installed dnx 9.8.7') });
    const program = join(bin, platform === 'windows-x64' ? 'dnx.exe' : 'dnx');
    expect(readFileSync(program, 'utf8')).toContain(`# ${platform}\n`);
    expect(spawnSync(join(bin, 'deploynix'), { encoding: 'utf8' }).stdout).toBe('9.8.7\n');
  });

  test('in a shell that Rosetta translates installs darwin-arm64', async () => {
    const path = [programs({ uname: 'case $1 in -s) echo Darwin ;; -m) echo x86_64 ;; esac', sysctl: 'echo 1' })];
    await expect(install({ path })).toExit(0);
    expect(readFileSync(join(bin, 'dnx'), 'utf8')).toContain('# darwin-arm64\n');
  });

  test.each([
    ['FreeBSD', 'amd64'],
    ['Linux', 'riscv64'],
    ['Linux', 'i686'],
  ])('says that there is none for %s on %s, and requests nothing', async (system, machine) => {
    const path = [programs({ uname: `case $1 in -s) echo ${system} ;; -m) echo ${machine} ;; esac` })];
    const before = host.requests.length;
    expect(await install({ path })).toEqual(
      failed(`Error: There is no dnx for ${system} on ${machine}.\nWith Node.js, it runs there, too: npm install`),
    );
    expect(host.requests.length).toBe(before);
  });

  test('does not install over or beside an installation with npm', async () => {
    const module = join(home, '.local/lib/node_modules/deploynix-cli/bin');
    mkdirSync(module, { recursive: true });
    mkdirSync(bin);
    writeFileSync(join(module, 'dnx.js'), '#!/usr/bin/env node\n', { mode: 0o755 });
    symlinkSync('../lib/node_modules/deploynix-cli/bin/dnx.js', join(bin, 'dnx'));
    symlinkSync('../lib/node_modules/deploynix-cli/bin/dnx.js', join(bin, 'deploynix'));
    const before = filesIn();
    const words = `Error: dnx is installed with npm, pnpm, Yarn or Bun (${bin}/dnx).\nTo upgrade it: dnx upgrade\nTo replace it, remove it first`;
    expect(await install()).toEqual(failed(words));
    expect(await install({ path: [bin], env: { DNX_INSTALL_DIR: join(home, 'other') } })).toEqual(failed(words));
    expect(await install({ args: ['--uninstall'] })).toEqual(failed('Uninstall it with that'));
    expect(filesIn()).toEqual(before);
  });

  test('knows the scripts that pnpm, and npm on Windows, put into PATH', async () => {
    const path = [programs({ dnx: 'exec node "$basedir/global/5/node_modules/deploynix-cli/bin/dnx.js" "$@"' })];
    expect(await install({ path })).toEqual(failed('is installed with npm'));
  });

  test('does not replace another program, such as that of .NET', async () => {
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'dnx'), 'of .NET');
    expect(await install()).toEqual(failed(`Error: ${bin}/dnx is another program.\nChoose another directory: DNX_INSTALL_DIR=`));
    expect(await install({ args: ['--uninstall'] })).toEqual(failed('There is no dnx of this script in'));
    expect(readFileSync(join(bin, 'dnx'), 'utf8')).toBe('of .NET');
  });

  test.each([
    [
      '/bin/zsh',
      (share: string) => `For completion, add this to ~/.zshrc before compinit:\n  fpath=(${share}/zsh/site-functions $fpath)\n`,
    ],
    ['/bin/bash', undefined],
  ] as const)('says what is left to do for completion in %s', async (SHELL, words) => {
    const { stdout } = await install({ path: [bin], env: { SHELL } });
    expect(stdout.match(/For completion.*\n.*\n/)?.[0]).toBe(words?.(join(home, '.local/share')));
  });

  test('names another dnx that comes first in PATH', async () => {
    const path = [programs({ dnx: 'echo of .NET' }), bin];
    expect((await install({ path })).stdout).toContain(`Your PATH has another dnx first: ${path[0]}/dnx\n`);
  });

  test('installs into DNX_INSTALL_DIR, without share if that is not a bin, and says how to remove it', async () => {
    const { stdout } = await install({ env: { DNX_INSTALL_DIR: 'tools' } });
    expect(filesIn()).toEqual(['tools/deploynix', 'tools/dnx']);
    const [, line = ''] = /Uninstall: {2}.* \| (.*)$/m.exec(stdout) ?? [];
    expect(line).toBe(`DNX_INSTALL_DIR=${home}/tools sh -s -- --uninstall`);
    await expect(install({ args: ['--uninstall'], env: { DNX_INSTALL_DIR: 'tools' } })).toExit(0);
    expect(filesIn()).toEqual([]);
  });

  test('says that a directory cannot be written, or that there is no home', async () => {
    expect(await install({ env: { DNX_INSTALL_DIR: '/proc/dnx/bin' } })).toEqual(
      failed('Error: Cannot write to /proc/dnx/bin.\nChoose another directory: DNX_INSTALL_DIR=DIRECTORY'),
    );
    expect(await install({ env: { HOME: '' } })).toEqual(failed('Error: HOME is not set.'));
  });

  test.skipIf(!canIsolate())('leaves the old dnx and no other file on a full disk', async () => {
    mkdirSync(bin, { recursive: true });
    execFile('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', bin]);
    await expect.poll(() => statSync(bin).dev !== statSync(home).dev).toBe(true);
    onTestFinished(() => void spawnSync('umount', [bin]));
    for (const name of ['dnx', 'deploynix']) writeFileSync(join(bin, name), '#!/bin/sh\necho old\n', { mode: 0o755 });
    const { exitCode, stderr } = await install();
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`\nError: No space is left in ${bin}.\nNothing was installed.`)]);
    expect([dnx(), readdirSync(bin).sort()]).toEqual(['old\n', ['deploynix', 'dnx']]);
  });

  test('keeps the old dnx if the new one does not run', async () => {
    await install({ args: ['9.8.6'] });
    const broken = repack(release, '9.8.9', () => '#!/bin/sh\necho "GLIBC_2.99 not found" >&2; exit 1\n');
    onTestFinished(() => broken.close());
    const opened = await openElsewhere(serveReleases([broken]));
    onTestFinished(() => opened.close());
    const given = { script: readFileSync(broken.script, 'utf8'), env: { DNX_RELEASES_URL: `${opened.url}/releases` } };
    const run = await install(given);
    expect(run).toEqual(failed('GLIBC_2.99 not found\nError: This dnx does not run on this machine.\nNothing was installed.'));
    expect(dnx()).toBe('9.8.6\n');
  });

  const ends = [
    ['SIGINT', 'of its group', 130],
    ['SIGINT', '', 130],
    ['SIGTERM', '', 143],
    ['SIGHUP', '', 143],
  ] as const;
  test.each(ends)('ends at once at %s %s, and leaves nothing', async (signal, group, code) => {
    let downloads = true;
    const slow: RequestListener = ({ socket }) => {
      socket.on('close', () => {
        downloads = false;
      });
    };
    const { url, requests } = await openHost({ 'dnx-linux-x64.tar.gz': slow });
    const tools = join(shared, 'dash with curl');
    const env = { HOME: home, PATH: tools, DNX_RELEASES_URL: `${url}/releases` };
    // A group of its own, as a terminal has, all of which Ctrl-C reaches.
    const child = execa(join(tools, 'sh'), [release.script], { env, extendEnv: false, reject: false, detached: true });
    await expect.poll(() => requests.at(-1)?.url).toBe('/releases/download/v9.8.7/dnx-linux-x64.tar.gz');
    // Otherwise only the shell gets it, and not the program that downloads.
    process.kill((child.pid ?? 0) * (group ? -1 : 1), signal);
    await expect(child).toExit(code);
    await expect.poll(() => downloads).toBe(false);
    expect(filesIn()).toEqual([]);
  });

  test('removes what a killed one left', async () => {
    const { url, requests } = await openHost({ 'dnx-linux-x64.tar.gz': () => {} });
    const env = { HOME: home, PATH: join(shared, 'dash with curl'), DNX_RELEASES_URL: `${url}/releases` };
    const child = execa(join(env.PATH, 'sh'), [release.script], { env, extendEnv: false, reject: false, detached: true });
    await expect.poll(() => requests.at(-1)?.url).toBe('/releases/download/v9.8.7/dnx-linux-x64.tar.gz');
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await child;
    expect(filesIn()).not.toEqual([]);
    await expect(install({ env: { DNX_INSTALL_DIR: bin } })).toExit(0);
    await expect(install({ args: ['--uninstall'] })).toExit(0);
    expect(filesIn()).toEqual([]);
  });

  test('removes what a killed one left among kept downloads, and nothing of one that runs', async () => {
    const kept = join(home, 'kept/9.8.7');
    mkdirSync(kept, { recursive: true });
    // No process has the highest number.
    const [killed, running] = [2 ** 22, process.pid].map((pid) => `.dnx.${hostname()}.${pid}`) as [string, string];
    for (const name of [killed, running]) writeFileSync(join(kept, name), 'half');
    await expect(install({ args: ['9.8.7'], env: { DNX_DOWNLOAD_DIR: join(home, 'kept') } })).toExit(0);
    expect(readdirSync(kept).sort()).toEqual([running, 'SHA256SUMS', 'SHA256SUMS.sig', 'dnx-linux-x64.tar.gz']);
  });

  test.each(Object.keys(shells) as Shell[])('in %s, reads no more than a few hundred kB of checksums', async (shell) => {
    const endless: RequestListener = (_, response) => {
      const write = () => response.destroyed || response.write(Buffer.alloc(100_000, 'a'), () => setImmediate(write));
      response.writeHead(200);
      write();
    };
    const { url } = await openHost({ SHA256SUMS: endless });
    expect(await install({ shell, env: { DNX_RELEASES_URL: `${url}/releases` } })).toEqual(failed(`Could not download ${url}/`));
    expect(filesIn()).toEqual([]);
  });

  test('installs no other version than the one asked for, although it is signed', async () => {
    const opened = await openElsewhere(serveReleases([{ version: '9.8.7', files: older.files }]));
    onTestFinished(() => opened.close());
    const env = { DNX_RELEASES_URL: `${opened.url}/releases` };
    expect(await install({ args: ['9.8.7'], env })).toEqual(
      failed('dnx-linux-x64.tar.gz is dnx 9.8.6, not 9.8.7.\nNothing was installed.'),
    );
    expect(filesIn()).toEqual([]);
  });

  test('goes back to an older release only if its version is given', async () => {
    await install();
    const opened = await openElsewhere(serveReleases([older]));
    onTestFinished(() => opened.close());
    const env = { DNX_RELEASES_URL: `${opened.url}/releases` };
    const words = `The latest release is dnx 9.8.6, which is older than dnx 9.8.7 in ${bin}.\nNothing was installed.`;
    expect([await install({ env }), dnx()]).toEqual([failed(words), '9.8.7\n']);
    expect([(await install({ env, args: ['9.8.6'] })).exitCode, dnx()]).toEqual([0, '9.8.6\n']);
    expect([(await install()).exitCode, dnx()]).toEqual([0, '9.8.7\n']);
  });

  test('does nothing if the script itself was cut', async () => {
    const script = readFileSync(release.script, 'utf8');
    for (let at = 500; at < script.length - 10; at += 997) await install({ script: script.slice(0, at) });
    expect(filesIn()).toEqual([]);
  });

  test.each([
    [['--help'], 0, 'Usage:\n'],
    [['--force'], 1, ''],
    [['1.0;id'], 1, ''],
    [['--check', 'file', '1.0;id'], 1, ''],
    [['--check', 'file'], 1, ''],
    [['../../../other'], 1, ''],
  ])('%j ends with %i', async (args, exitCode, words) => {
    const before = host.requests.length;
    expect(await install({ args })).toMatchObject({ exitCode, stdout: expect.stringContaining(words) });
    expect([filesIn(), host.requests.length]).toEqual([[], before]);
  });
});
