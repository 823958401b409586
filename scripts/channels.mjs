// Packs executables for the ways to install them: archives, packages of Debian and Fedora, a Homebrew formula and a Scoop manifest.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const { version, description, license, repository } = JSON.parse(readFileSync('package.json', 'utf8'));
const homepage = repository.url.replace(/^git\+|\.git$/g, '');
const releases = `${homepage}/releases/download/v${version}`;

/** Writes the archives and packages of every executable to a directory, and the formula and the manifest. */
export function packExecutables(directory) {
  const work = mkdtempSync(join(tmpdir(), 'dnx-pack-'));
  // The time of every packed file, so that the same executables give the same archives.
  const time = Number(execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' }));
  try {
    for (const executable of readdirSync('build/executables')) {
      const [, platform] = /^dnx-([\w-]+)/.exec(executable);
      const root = join(work, platform);
      layOut(root, executable, time);
      const file = join(resolve(directory), `dnx-${platform}`);
      if (platform.startsWith('windows')) zip(root, `${file}.zip`);
      else tar(root, `${file}.tar.gz`, time);
      if (/^linux-(x64|arm64)$/.test(platform)) {
        deb(root, platform, `${file}.deb`, time);
        rpm(root, platform, `${file}.rpm`, time);
      }
    }
    const sha256 = (file) =>
      createHash('sha256')
        .update(readFileSync(join(directory, file)))
        .digest('hex');
    writeFileSync(join(directory, 'dnx.rb'), formula(sha256));
    writeFileSync(join(directory, 'dnx.json'), `${JSON.stringify(manifest(sha256), null, 2)}\n`);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Makes the directories of an installation below a prefix, such as /usr or ~/.local. */
function layOut(root, executable, time) {
  const put = (from, to) => cpSync(from, join(root, to), { recursive: true });
  const link = (target, to) => symlinkSync(target, join(root, to));
  const program = executable.endsWith('.exe') ? 'dnx.exe' : 'dnx';
  put(`build/executables/${executable}`, `bin/${program}`);
  if (program === 'dnx.exe') {
    put('LICENSE', 'LICENSE');
    writeFileSync(join(root, 'licences.txt'), licences());
  } else {
    link('dnx', 'bin/deploynix');
    put('completions/dnx.bash', 'share/bash-completion/completions/dnx');
    link('dnx', 'share/bash-completion/completions/deploynix');
    put('completions/dnx.fish', 'share/fish/vendor_completions.d/dnx.fish');
    link('dnx.fish', 'share/fish/vendor_completions.d/deploynix.fish');
    put('completions/_dnx', 'share/zsh/site-functions/_dnx');
    for (const page of readdirSync('man')) put(`man/${page}`, `share/man/man${page.at(-1)}/${page}`);
    put('LICENSE', 'share/doc/dnx/copyright');
    writeFileSync(join(root, 'share/doc/dnx/licences.txt'), licences());
  }
  // Those of a clone depend on the umask.
  for (const each of readdirSync(root, { recursive: true })) {
    const path = join(root, each);
    const found = lstatSync(path);
    if (!found.isSymbolicLink()) chmodSync(path, found.isDirectory() || each === join('bin', program) ? 0o755 : 0o644);
    lutimesSync(path, time, time);
  }
}

/** The licenses of what is bundled, and what the LGPL asks for the runtime. */
const licences = () => `${readFileSync('dist/licences.txt', 'utf8')}
${'-'.repeat(80)}

Bun (MIT, https://github.com/oven-sh/bun)

The executable contains Bun, unmodified, and with it JavaScriptCore and WebKit, which are covered by the GNU Lesser General Public
License 2.1, and the libraries that https://github.com/oven-sh/bun/blob/main/LICENSE.md lists with their licenses. That page also says
where the source code of WebKit is, and how to relink Bun with a changed one. The source code of dnx, and the script that builds the
executable, are at ${homepage}.
`;

/** The program first, so that a reader of the stream needs no more than the first file. */
function tar(root, file, time) {
  const options = ['--sort=name', `--mtime=@${time}`, '--owner=0', '--group=0', '--numeric-owner', '--format=ustar', '--mode=go-w'];
  const content = execFileSync('tar', [...options, '-cC', root, '--no-recursion', 'bin/dnx', '--recursion', 'bin/deploynix', 'share'], big);
  writeFileSync(file, execFileSync('gzip', ['-n'], { ...big, input: content }));
}

const big = { maxBuffer: 2 ** 30 };

function zip(root, file) {
  execFileSync('zip', ['-9', '-q', '-X', '-D', file, 'bin/dnx.exe', 'LICENSE', 'licences.txt'], {
    cwd: root,
    env: { ...process.env, TZ: 'UTC' },
  });
}

/** What runs dnx needs besides the C library: `dnx ssh`, `dnx changes` and others start these. */
function deb(root, platform, file, time) {
  const tree = `${root}-deb`;
  cpSync(root, join(tree, 'usr'), { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  // Where zsh of Debian looks.
  cpSync(join(root, 'share/zsh/site-functions'), join(tree, 'usr/share/zsh/vendor-completions'), { recursive: true });
  rmSync(join(tree, 'usr/share/zsh/site-functions'), { recursive: true });
  mkdirSync(join(tree, 'DEBIAN'));
  writeFileSync(
    join(tree, 'DEBIAN/control'),
    `Package: dnx
Version: ${version.replace('-', '~')}
Architecture: ${platform === 'linux-x64' ? 'amd64' : 'arm64'}
Maintainer: Deploynix (https://deploynix.io)
Section: admin
Priority: optional
Depends: libc6
Recommends: ca-certificates, git, openssh-client
Homepage: ${homepage}
Description: ${description}
`,
  );
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z10', '--build', tree, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: `${time}` },
  });
}

function rpm(root, platform, file, time) {
  const arch = platform === 'linux-x64' ? 'x86_64' : 'aarch64';
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((each) => !each.isDirectory());
  const top = `${root}-rpm`;
  mkdirSync(top);
  writeFileSync(
    join(top, 'dnx.spec'),
    `Name: dnx
Version: ${version.replace('-', '~')}
Release: 1
Summary: ${description}
License: ${license}
URL: ${homepage}
AutoReqProv: no
Requires: glibc
Recommends: git, openssh-clients
%global __os_install_post %{nil}
%global debug_package %{nil}
%global _build_id_links none
%description
${description}.
%install
cp -a ${root} %{buildroot}/usr
%files
${files.map((each) => join('/usr', each.parentPath.slice(root.length), each.name)).join('\n')}
`,
  );
  const defined = {
    _topdir: top,
    _binary_payload: 'w10.zstdio',
    _rpmfilename: 'dnx.rpm',
    _buildhost: 'localhost',
    use_source_date_epoch_as_buildtime: 1,
  };
  const definitions = Object.entries(defined).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  const options = ['-bb', '--quiet', '--target', `${arch}-linux`, ...definitions, join(top, 'dnx.spec')];
  execFileSync('rpmbuild', options, { env: { ...process.env, SOURCE_DATE_EPOCH: `${time}` }, stdio: ['ignore', 'ignore', 'inherit'] });
  cpSync(join(top, 'RPMS/dnx.rpm'), file);
}

/** The Homebrew formula. An archive has the directories of a keg. */
const formula = (sha256) => `class Dnx < Formula
  desc "${description}"
  homepage "${homepage}"
  version "${version}"
  license "${license}"

${Object.entries({ macos: 'darwin', linux: 'linux' })
  .map(
    ([name, system]) => `  on_${name} do
${Object.entries({ arm: 'arm64', intel: 'x64' })
  .map(
    ([processor, arch]) => `    on_${processor} do
      url "${releases}/dnx-${system}-${arch}.tar.gz"
      sha256 "${sha256(`dnx-${system}-${arch}.tar.gz`)}"
    end`,
  )
  .join('\n')}
  end
`,
  )
  .join('\n')}
  def install
    prefix.install "bin", "share"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/dnx --version")
    assert_match "web-1", shell_output("#{bin}/dnx sandbox run -- #{bin}/dnx server list")
  end
end
`;

/** The Scoop manifest. */
const manifest = (sha256) => ({
  version,
  description,
  homepage,
  license,
  architecture: { '64bit': { url: `${releases}/dnx-windows-x64.zip`, hash: sha256('dnx-windows-x64.zip') } },
  bin: ['bin/dnx.exe', ['bin/dnx.exe', 'deploynix']],
});
