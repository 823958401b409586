import { cpSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { version } from '../../package.json';
import { lacking, required } from '../support/programs.ts';
import { emptyFolder } from './run.ts';

const missing = lacking(['buildah', 'mmdebstrap', 'unshare', '/usr/lib/podman/netavark', 'root']);
const reason = missing.length > 0 ? `this machine lacks ${missing.join(' and ')}` : undefined;
if (reason !== undefined && !required) process.stderr.write(`Skipped the image: ${reason}\n`);

const directory = emptyFolder();
const env = { BUILDAH_ISOLATION: 'chroot' };
const buildah = (...args: readonly string[]) =>
  execa('buildah', ['--root', join(directory, 'store'), '--runroot', join(directory, 'run'), ...args], { cwd: directory, env });
/** Limits below those of the machine, which a sandbox may not raise. */
const limits = ['--network=host', '--ulimit=nofile=1024:1024', '--ulimit=nproc=4096:4096', '--layers=false'];

/** In place of debian:trixie-slim, which only an image registry has. */
const base = 'FROM scratch\nADD base.tar /\n';

/** Runs its arguments in the root given first, which it makes read-only but for /tmp, as the user of the image. */
const contained = `set -e
root=$1; shift
mount --bind "$root" "$root"
mount -o remount,ro,bind "$root"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
exec chroot --userspec=1000:1000 "$root" env -i PATH=/opt/dnx/bin:/usr/bin:/bin "$@"
`;

describe.skipIf(reason !== undefined && !required)('the image', () => {
  let root = '';

  beforeAll(async () => {
    const context = join(directory, 'context');
    const archived = join(directory, 'archived');
    for (const each of [context, join(archived, 'bin'), join(archived, 'share/doc/dnx')]) mkdirSync(each, { recursive: true });
    await execa('node', ['scripts/executables.mjs', '--only', 'linux-x64', '--out', archived]);
    renameSync(join(archived, 'dnx-linux-x64'), join(archived, 'bin/dnx'));
    cpSync('LICENSE', join(archived, 'share/doc/dnx/copyright'));
    await execa('tar', ['-czf', join(context, 'dnx-linux-x64.tar.gz'), '-C', archived, 'bin', 'share']);
    for (const file of ['Dockerfile', '.dockerignore', 'README.md']) cpSync(file, join(context, file));
    await execa('mmdebstrap', ['--variant=minbase', '--dpkgopt=force-unsafe-io', 'trixie', join(directory, 'base.tar')]);
    writeFileSync(join(directory, 'Containerfile'), base);
    await buildah('build', ...limits, '--tag', 'localhost/debian', '--file', 'Containerfile', '.');
    const values = { BASE: 'localhost/debian', VERSION: version, REVISION: 'abc', TARGETARCH: 'amd64' };
    const given = Object.entries(values).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
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

  test('adds one layer to its base', async () => {
    const layers = async (name: string) => JSON.parse((await buildah('inspect', '--type', 'image', name)).stdout).OCIv1.rootfs.diff_ids;
    expect(await layers('localhost/dnx')).toEqual([...(await layers('localhost/debian')), expect.any(String)]);
  });

  test('runs dnx on a read-only file system as a user without privileges', async () => {
    expect(await inside('id -un')).toEqual({ exitCode: 0, all: 'dnx' });
    await expect(inside('touch /opt/dnx/file')).toExit(1);
    expect(await inside('dnx --version')).toEqual({ exitCode: 0, all: version });
    expect(await inside('dnx upgrade')).toEqual({
      exitCode: 0,
      all: `dnx ${version} was installed with Docker. Upgrade it with:\ndocker pull deploynix/dnx`,
    });
    expect((await inside('dnx sandbox run -- dnx server list')).all).toContain('web-1');
    await expect(inside('git --version')).toExit(0);
    await expect(inside('ssh -V')).toExit(0);
  });

  test('has only the executable in addition to its base', async () => {
    const folders = ['opt', 'tmp', 'work', 'root', 'release', 'var/lib/apt/lists'].filter((folder) => existsSync(join(root, folder)));
    const { stdout } = await execa('find', [...folders, '-mindepth', '1', '-type', 'f'], { cwd: root });
    expect(
      stdout
        .split('\n')
        .filter((path) => path !== '' && !path.startsWith('root/.'))
        .sort(),
    ).toEqual(['opt/dnx/bin/dnx', 'opt/dnx/share/doc/dnx/copyright']);
  });
});
