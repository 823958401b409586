import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporary } from '../support/dnx.ts';
import { lacking, required } from '../support/programs.ts';
import { packRelease, type Release } from '../support/release.ts';

const missing = lacking(['git', 'ruby', 'rubocop', 'zip', 'unzip', 'dpkg', 'dpkg-deb', 'rpm', 'rpmbuild']);
if (missing.length > 0 && !required) process.stderr.write(`Skipped the packages: there is no ${missing.join(' and no ')}\n`);

/** A prerelease, because packages write its version in another way. */
const version = '9.8.7-rc.1';
const packaged = '9.8.7~rc.1';
const base = `https://github.com/deploynix/dnx/releases/download/v${version}`;
const folder = temporary();
let release: Release;
beforeAll(() => {
  if (missing.length === 0 || required) release = packRelease(version, { packages: true });
});
afterAll(() => {
  release?.close();
  rmSync(folder, { recursive: true, force: true });
});

const read = (file: string) => readFileSync(join(release.files, file), 'utf8');
const sha256 = (file: string) =>
  createHash('sha256')
    .update(readFileSync(join(release.files, file)))
    .digest('hex');

/** An empty directory. */
function empty(name: string): string {
  mkdirSync(join(folder, name));
  return join(folder, name);
}

/** What an installation has below its prefix, but for man pages. */
const programs = ['bin/deploynix', 'bin/dnx'];
const others = [
  'share/bash-completion/completions/deploynix',
  'share/bash-completion/completions/dnx',
  'share/doc/dnx/copyright',
  'share/doc/dnx/licences.txt',
  'share/fish/vendor_completions.d/deploynix.fish',
  'share/fish/vendor_completions.d/dnx.fish',
];

/** Expects an installation with every file below this prefix, whose dnx runs. */
async function expectInstalled(prefix: string, zsh = 'share/zsh/site-functions/_dnx'): Promise<void> {
  const files = readdirSync(prefix, { recursive: true, withFileTypes: true })
    .filter((each) => !each.isDirectory())
    .map((each) => join(each.parentPath, each.name).slice(prefix.length + 1));
  const man = readdirSync('man').map((page) => `share/man/man${page.at(-1)}/${page}`);
  expect(files.sort()).toEqual([...programs, ...others, ...man, zsh].sort());
  for (const program of programs) expect((await execa(join(prefix, program))).stdout).toBe(version);
}

describe.skipIf(missing.length > 0 && !required)('a release', () => {
  test('has the same files if it is packed again', () => {
    const again = packRelease(version, { packages: true });
    const [first, second] = [release, again].map(({ files }) => readFileSync(join(files, 'SHA256SUMS'), 'utf8').split('\n'));
    again.close();
    expect(second).toEqual(first);
    expect(first?.map((line) => line.split('  ')[1] ?? '').sort()).toEqual(
      [
        '',
        ...['linux-arm64', 'linux-x64'].flatMap((each) => [
          `dnx-${each}.deb`,
          `dnx-${each}.rpm`,
          `dnx-${each}.tar.gz`,
          `dnx-${each}-musl.tar.gz`,
        ]),
        ...['dnx-darwin-arm64.tar.gz', 'dnx-darwin-x64.tar.gz', 'dnx-windows-x64.zip', 'dnx.json', 'dnx.rb', 'install.sh'],
      ].sort(),
    );
  });

  test('has a package for Debian, which dpkg installs and removes', async () => {
    const root = empty('debian');
    for (const each of ['updates', 'info', 'triggers']) mkdirSync(join(root, 'var/lib/dpkg', each), { recursive: true });
    writeFileSync(join(root, 'var/lib/dpkg/status'), '');
    const dpkg = (...args: readonly string[]) =>
      execa('dpkg', [`--root=${root}`, '--force-depends', '--force-not-root', '--log=/dev/null', ...args]);
    await dpkg('--force-architecture', '--install', join(release.files, 'dnx-linux-x64.deb'));
    await expectInstalled(join(root, 'usr'), 'share/zsh/vendor-completions/_dnx');
    const { stdout } = await execa('dpkg-query', [
      `--admindir=${root}/var/lib/dpkg`,
      `--showformat=\${Version} \${Architecture} \${db:Status-Status}`,
      '--show',
      'dnx',
    ]);
    expect(stdout).toBe(`${packaged} amd64 installed`);
    await dpkg('--purge', 'dnx');
    expect(existsSync(join(root, 'usr'))).toBe(false);
  });

  test('has a package for Fedora, which rpm installs and removes', async () => {
    const root = empty('fedora');
    const rpm = (...args: readonly string[]) => execa('rpm', ['--root', root, ...args]);
    await rpm('--nodeps', '--install', join(release.files, 'dnx-linux-x64.rpm'));
    await expectInstalled(join(root, 'usr'));
    expect((await rpm('--query', '--queryformat', '%{version} %{arch}', 'dnx')).stdout).toBe(`${packaged} x86_64`);
    await rpm('--erase', 'dnx');
    expect(existsSync(join(root, 'usr/bin/dnx'))).toBe(false);
  });

  test('has packages for arm64, too, and a prerelease sorts before its release', async () => {
    const [deb, rpm] = ['deb', 'rpm'].map((each) => join(release.files, `dnx-linux-arm64.${each}`));
    const fields = await execa('dpkg-deb', ['--field', deb ?? '', 'Version', 'Architecture']);
    const query = await execa('rpm', ['--query', '--queryformat', '%{version} %{arch}', '--package', rpm ?? '']);
    expect([fields.stdout, query.stdout]).toEqual([`Version: ${packaged}\nArchitecture: arm64`, `${packaged} aarch64`]);
    await execa('dpkg', ['--compare-versions', packaged, 'lt', '9.8.7']);
  });

  test('has a Scoop manifest with the program in the archive', async () => {
    const { version: listed, architecture, bin } = JSON.parse(read('dnx.json'));
    expect([listed, architecture]).toEqual([
      version,
      { '64bit': { url: `${base}/dnx-windows-x64.zip`, hash: sha256('dnx-windows-x64.zip') } },
    ]);
    const { stdout } = await execa('unzip', ['-Z1', join(release.files, 'dnx-windows-x64.zip')]);
    expect(stdout.split('\n')).toEqual(['bin/dnx.exe', 'LICENSE', 'licences.txt']);
    const licences = await execa('unzip', ['-p', join(release.files, 'dnx-windows-x64.zip'), 'licences.txt']);
    expect(licences.stdout).toMatch(/^commander [\s\S]*JavaScriptCore[\s\S]*Lesser General Public/m);
    expect(bin).toEqual(['bin/dnx.exe', ['bin/dnx.exe', 'deploynix']]);
  });

  describe('has a Homebrew formula', () => {
    test.each(['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64'])('with the address and checksum of dnx-%s', (platform) => {
      expect(read('dnx.rb')).toContain(`url "${base}/dnx-${platform}.tar.gz"\n      sha256 "${sha256(`dnx-${platform}.tar.gz`)}"\n`);
    });

    test('that installs the archive of this machine', async () => {
      const keg = empty('keg');
      const { stdout } = await execa('ruby', ['test/release/homebrew.rb', join(release.files, 'dnx.rb'), release.files, keg]);
      expect(stdout).toBe('dnx-linux-x64.tar.gz\n'.trim());
      await expectInstalled(keg);
    });

    test('in the style of Homebrew', async () => {
      // Homebrew uses double quotes, paths such as bin/"dnx", no comment about frozen strings, and lines up to 118 characters.
      const config = join(folder, '.rubocop.yml');
      writeFileSync(
        config,
        [
          'AllCops: { NewCops: enable, SuggestExtensions: false }',
          'Style/StringLiterals: { EnforcedStyle: double_quotes }',
          'Style/FrozenStringLiteralComment: { Enabled: false }',
          'Style/Documentation: { Enabled: false }',
          'Layout/LineLength: { Max: 118 }',
          'Layout/SpaceAroundOperators: { Enabled: false }',
          'Metrics: { Enabled: false }',
        ].join('\n'),
      );
      const file = join(release.files, 'dnx.rb');
      const { stdout } = await execa('rubocop', ['--config', config, '--format', 'emacs', file], { reject: false });
      expect(stdout).toBe('');
    });
  });
});
