import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { delimiter, join } from 'node:path';
import { execaSync } from 'execa';
import { temporary } from './dnx.ts';

/** Every platform that a release has an executable for. */
export const platforms = ['linux-x64', 'linux-arm64', 'linux-x64-musl', 'linux-arm64-musl', 'darwin-x64', 'darwin-arm64', 'windows-x64'];

/** Signs every release of these tests, so that one can replace another. */
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString().trim();

/** A key as package.json has it. */
export const releaseKey = pem.split('\n').slice(1, -1).join('');

/** Signs the checksums of a release. */
export const signed = (sums: string, key = privateKey): Buffer => sign('sha256', Buffer.from(sums), key);

/** A release of stand-ins for the executables, packed by the scripts of the repository. */
export interface Release {
  readonly version: string;
  /** The install script with the key above. */
  readonly script: string;
  /** The files of the release. */
  readonly files: string;
  close(): void;
}

/** Prints the version, and is long enough for zip to compress it. */
const printing = (version: string) => (platform: string) => `#!/bin/sh\necho ${version}\n# ${platform}\n${'#'.repeat(500)}\n`;

/** Stand in for the programs that make packages, where no test reads those: they take half of the time. */
const withoutPackages = {
  'dpkg-deb': '',
  // The last word is the file of the package in the folder where it expects the result.
  rpmbuild: 'shift $(($# - 1)); cd "$(dirname "$1")" && mkdir RPMS && touch RPMS/dnx.rpm',
};

/** Packs a release whose executables are this script; with `packages`, also for Debian and Fedora. */
export function packRelease(version = '9.8.7', { program = printing(version), packages = false } = {}): Release {
  const directory = temporary();
  const clone = join(directory, 'clone');
  const files = join(directory, 'release');
  for (const each of [files, join(clone, 'build/executables')]) mkdirSync(each, { recursive: true });
  for (const each of ['scripts', 'completions', 'man', 'LICENSE', 'package.json', 'install.sh', 'CHANGELOG.md', 'dist/licences.txt'])
    cpSync(each, join(clone, each), { recursive: true });
  const replace = (file: string, what: RegExp, by: string) =>
    writeFileSync(join(clone, file), readFileSync(file, 'utf8').replace(what, by));
  replace('package.json', /"version": ".*?"/, `"version": "${version}"`);
  replace('install.sh', /-----BEGIN PUBLIC KEY-----[^']*/, pem);
  for (const platform of platforms)
    writeFileSync(join(clone, `build/executables/dnx-${platform}${platform.startsWith('windows') ? '.exe' : ''}`), program(platform));
  const programs = join(directory, 'programs');
  mkdirSync(programs);
  if (!packages)
    for (const [name, script] of Object.entries(withoutPackages))
      writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  // The time of the packed files.
  const env = { PATH: [programs, process.env.PATH].join(delimiter), GIT_COMMITTER_DATE: '2026-11-25T12:00:00Z' };
  const run = (file: string, ...args: readonly string[]) => execaSync(file, args, { cwd: clone, env });
  run('git', 'init', '-q');
  run('git', '-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '-q', '--allow-empty', '-m', 'Release');
  run('node', 'scripts/release.mjs', 'pack', files);
  return signedRelease(version, directory);
}

/** Makes a clone of this working tree, with its packages and what is not committed yet. */
export function cloneTo(clone: string): void {
  execaSync('git', ['clone', '--quiet', '.', clone]);
  const { stdout: changed } = execaSync('git', ['ls-files', '--modified', '--others', '--exclude-standard']);
  for (const file of changed.split('\n').filter((each) => existsSync(each))) cpSync(file, join(clone, file));
  // Links take no time, but do not reach another disk.
  const { failed } = execaSync('cp', ['-al', 'node_modules', clone], { reject: false });
  if (failed) execaSync('cp', ['-a', 'node_modules', clone]);
}

/** The release of another version for this machine, packed like this one. */
export function repack(release: Release, version: string, program = printing(version)): Release {
  const directory = temporary();
  const [files, root] = ['release', 'root'].map((name) => join(directory, name)) as [string, string];
  for (const each of [files, root]) mkdirSync(each);
  cpSync(release.script, join(files, 'install.sh'));
  for (const platform of platforms.filter((each) => each.startsWith(`linux-${process.arch}`))) {
    const archive = `dnx-${platform}.tar.gz`;
    execaSync('tar', ['-xzf', join(release.files, archive), '-C', root]);
    writeFileSync(join(root, 'bin/dnx'), program(platform));
    execaSync('tar', ['-czf', join(files, archive), '--format=ustar', '-C', root, 'bin/dnx', 'bin/deploynix', 'share']);
  }
  return signedRelease(version, directory);
}

/** A release of the files in `release` of a directory, with their checksums. */
function signedRelease(version: string, directory: string): Release {
  const files = join(directory, 'release');
  const digest = (file: string) =>
    createHash('sha256')
      .update(readFileSync(join(files, file)))
      .digest('hex');
  const sums = readdirSync(files)
    .map((file) => `${digest(file)}  ${file}\n`)
    .join('');
  writeFileSync(join(files, 'SHA256SUMS'), sums);
  writeFileSync(join(files, 'SHA256SUMS.sig'), signed(sums));
  return {
    version,
    files,
    script: join(files, 'install.sh'),
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Serves releases as github.com and api.github.com do; the last one is the latest. `changed` replaces files, by their name. */
export const serveReleases =
  (
    releases: readonly Pick<Release, 'version' | 'files'>[],
    changed: Readonly<Record<string, Buffer | string | RequestListener>> = {},
  ): RequestListener =>
  (request, response) => {
    const { version: latest } = releases.at(-1) as Pick<Release, 'version'>;
    const [path = ''] = (request.url ?? '').replace(/^\/deploynix\/dnx/, '').split('?');
    const redirected = path.replace('/releases/latest/download/', `/releases/download/v${latest}/`);
    if (redirected !== path) return void response.writeHead(302, { location: request.url?.replace(path, redirected) }).end();
    if (path.endsWith('/releases/latest')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify({ tag_name: `v${latest}`, draft: false, prerelease: false }));
    }
    const [, version, name = ''] = /^\/releases\/download\/v([^/]+)\/([\w.-]+)$/.exec(path) ?? [];
    const release = releases.find((each) => each.version === version);
    const file = join(release?.files ?? '', name);
    const given = changed[name];
    if (typeof given === 'function') return given(request, response);
    if (release === undefined || !existsSync(file)) return void response.writeHead(404).end('Not Found');
    const content = Buffer.from(given ?? readFileSync(file));
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': content.length }).end(content);
  };
