import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { version } from '../../package.json';
import { lacking, required } from '../support/programs.ts';
import { userEnvironment } from './environment.ts';
import { folderOf } from './nodes.ts';
import { emptyFolder } from './run.ts';

const missing = [...lacking(['buildah', 'mmdebstrap', 'unshare']), ...(existsSync('/usr/lib/podman/netavark') ? [] : ['netavark'])];
const isRoot = process.getuid?.() === 0;
const reason = missing.length > 0 ? `there is no ${missing.join(' and no ')}` : isRoot ? undefined : 'it needs root';
if (reason !== undefined && !required) process.stderr.write(`Skipped the image: ${reason}\n`);

const directory = emptyFolder();
const env = { BUILDAH_ISOLATION: 'chroot' };
const buildah = (...args: readonly string[]) =>
  execa('buildah', ['--root', join(directory, 'store'), '--runroot', join(directory, 'run'), ...args], { cwd: directory, env });
/** Limits below those of the machine, which a sandbox may not raise. */
const limits = ['--network=host', '--ulimit=nofile=1024:1024', '--ulimit=nproc=4096:4096', '--layers=false'];

/** In place of node:24-trixie-slim, which only an image registry has: a Debian with Node and npm, and a user of that number. */
const base = `FROM scratch
ADD base.tar /
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && useradd --create-home --uid 1000 node
`;

/** Runs its arguments in the root given first, which it makes read-only but for /tmp, as the user of the image. */
const contained = `set -e
root=$1; shift
mount --bind "$root" "$root"
mount -o remount,ro,bind "$root"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
exec chroot --userspec=1000:1000 "$root" env -i PATH=/opt/dnx/node_modules/.bin:/usr/local/bin:/usr/bin:/bin "$@"
`;

describe.skipIf(reason !== undefined && !required)('the image', () => {
  let root = '';

  beforeAll(async () => {
    const context = join(directory, 'context');
    mkdirSync(context);
    // Not the npm of this machine: that of Debian is spread over many directories.
    const options = ['--prefix', directory, '--ignore-scripts', '--no-audit', '--no-fund'];
    await execa('npm', ['install', ...options, 'npm@11'], { env: userEnvironment(inject('home')), extendEnv: false });
    await execa('mmdebstrap', ['--variant=minbase', '--dpkgopt=force-unsafe-io', 'trixie', join(directory, 'base.tar')]);
    cpSync(join(directory, 'node_modules/npm'), join(directory, 'npm'), { recursive: true });
    cpSync(join(folderOf('24'), 'node'), join(directory, 'node'));
    writeFileSync(join(directory, 'Containerfile'), base);
    await buildah('build', ...limits, '--tag', 'localhost/node', '--file', 'Containerfile', '.');
    cpSync(inject('tarball'), join(context, `deploynix-cli-${version}.tgz`));
    for (const file of ['Dockerfile', '.dockerignore', 'README.md', 'package.json']) cpSync(file, join(context, file));
    const names = { NODE_IMAGE: 'localhost/node', VERSION: version, REVISION: 'abc' };
    const given = Object.entries(names).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
    await buildah('build', ...limits, '--pull=never', ...given, '--tag', 'localhost/dnx', 'context');
    const { stdout: container } = await buildah('from', '--pull=never', 'localhost/dnx');
    root = (await buildah('mount', container)).stdout;
  }, 600_000);

  afterAll(async () => {
    await buildah('umount', '--all');
  });

  const inside = async (line: string) => {
    const args = ['--mount', 'bash', '-c', contained, 'bash', root, ...line.split(' ')];
    const { exitCode, all } = await execa('unshare', args, { reject: false, all: true, extendEnv: false });
    return { exitCode, all };
  };

  test('has an entry point, a user, labels and no secrets', async () => {
    const { stdout } = await buildah('inspect', '--type', 'image', 'localhost/dnx');
    const { config } = JSON.parse(stdout).OCIv1;
    expect(config).toMatchObject({
      Entrypoint: ['dnx'],
      User: '1000:1000',
      WorkingDir: '/work',
      Labels: {
        'org.opencontainers.image.source': 'https://github.com/deploynix/dnx',
        'org.opencontainers.image.version': version,
        'org.opencontainers.image.revision': 'abc',
      },
    });
  });

  test('runs dnx on a read-only file system as a user without privileges', async () => {
    expect(await inside('id -un')).toEqual({ exitCode: 0, all: 'node' });
    expect((await inside('touch /opt/dnx/file')).exitCode).toBe(1);
    expect(await inside('dnx --version')).toEqual({ exitCode: 0, all: version });
    expect((await inside('dnx sandbox run -- dnx server list')).all).toContain('web-1');
    expect((await inside('git --version')).exitCode).toBe(0);
    expect((await inside('ssh -V')).exitCode).toBe(0);
  });

  test('has only the package in addition to its base', async () => {
    const { stdout } = await execa('find', ['opt', 'tmp', 'work', 'root', 'var/lib/apt/lists', '-maxdepth', '3', '-mindepth', '1'], {
      cwd: root,
    });
    const packages = ['', '/node_modules', '/node_modules/.bin', '/node_modules/deploynix-cli', '/node_modules/.package-lock.json'];
    const expected = [...packages, '/package.json', '/package-lock.json'].map((path) => `opt/dnx${path}`);
    expect(
      stdout
        .split('\n')
        .filter((path) => !path.startsWith('root/'))
        .sort(),
    ).toEqual(expected.sort());
  });
});
