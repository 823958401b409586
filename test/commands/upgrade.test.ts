import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { version } from '../../package.json';
import { holderName, processHolder } from '../../src/machine/files/lock.ts';
import type { HttpRequest } from '../../src/machine/world.ts';
import { selfSigned } from '../support/certificate.ts';
import { type Bed, openBed, type RunOptions } from '../support/dnx.ts';
import { listen, openElsewhere } from '../support/elsewhere.ts';
import { canIsolate, lacking, required } from '../support/programs.ts';
import { packRelease, type Release, releaseKey, repack, serveReleases, signed } from '../support/release.ts';

const missing = lacking(['git', 'zip']);
if (missing.length > 0 && !required) process.stderr.write(`Skipped dnx upgrade: there is no ${missing.join(' and no ')}\n`);

let release: Release;
let bed: Bed;
let bin: string;
let file: string;
beforeAll(() => {
  if (missing.length === 0 || required) release = packRelease('9.8.7');
});
afterAll(() => release?.close());
beforeEach(async () => {
  bed = await openBed();
  onTestFinished(() => bed.close());
  bin = join(bed.directory, 'bin');
  mkdirSync(bin);
  file = join(bin, 'dnx');
  writeFileSync(file, `#!/bin/sh\necho ${version}\n`, { mode: 0o750 });
});

/** Runs `dnx upgrade` as the executable, with releases on loopback in place of GitHub. */
async function upgrade(
  changed: Parameters<typeof serveReleases>[1] = {},
  { host, ...options }: RunOptions & { host?: RequestListener } = {},
) {
  const server = await openElsewhere(host ?? serveReleases([release], changed));
  onTestFinished(() => server.close());
  const asked: HttpRequest[] = [];
  const run = await bed.dnx('upgrade', {
    executable: { file, releaseKey },
    through: (network) => ({
      ...network,
      request(request) {
        asked.push(request);
        return network.request({ ...request, url: request.url.replace(/^https:\/\/(api\.)?github\.com/, server.url) });
      },
    }),
    ...options,
  });
  return { ...run, asked };
}

const output = (program = file) => spawnSync(program, { encoding: 'utf8' }).stdout;

describe.skipIf(missing.length > 0 && !required)('dnx upgrade of an executable', () => {
  test('replaces it, and keeps its mode', async () => {
    const { code, stdout, stderr, asked } = await upgrade();
    expect([code, stdout]).toEqual([
      0,
      `✓ Upgraded dnx from ${version} to 9.8.7\n  notes  https://github.com/deploynix/dnx/releases/tag/v9.8.7\n`,
    ]);
    expect(stderr).toBe('Downloading dnx 9.8.7\n');
    expect([output(), readdirSync(bin), statSync(file).mode & 0o777]).toEqual(['9.8.7\n', ['dnx'], 0o750]);
    expect(asked.map(({ url }) => url)).toEqual([
      'https://api.github.com/repos/deploynix/dnx/releases/latest',
      ...['SHA256SUMS', 'SHA256SUMS.sig', `dnx-linux-${process.arch}.tar.gz`].map(
        (name) => `https://github.com/deploynix/dnx/releases/download/v9.8.7/${name}`,
      ),
    ]);
    expect(
      asked.flatMap(({ headers }) => Object.keys(headers)).filter((name) => !/^(accept|accept-encoding|user-agent)$/.test(name)),
    ).toEqual([]);
  });

  test('follows a link to it, and redirects', async () => {
    mkdirSync(join(bed.directory, 'links'));
    const link = join(bed.directory, 'links/dnx');
    symlinkSync(file, link);
    const serve = serveReleases([release]);
    const host: RequestListener = (request, response) => {
      if (!request.url?.includes('/releases/download/') || request.url.includes('?')) return serve(request, response);
      response.writeHead(302, { location: `https://github.com${request.url}?signature=1` }).end();
    };
    await expect(upgrade({}, { host, executable: { file: link, releaseKey } })).toExit(0);
    expect([output(link), readdirSync(join(bed.directory, 'links')), readdirSync(bin)]).toEqual(['9.8.7\n', ['dnx'], ['dnx']]);
  });

  test('prints JSON', async () => {
    const { stdout } = await upgrade({}, { env: { DNX_OUTPUT: 'json' } });
    expect(JSON.parse(stdout)).toEqual({ version: '9.8.7', previous: version, installed_with: 'executable', command: null, file });
  });

  test('downloads the executable for musl if it is one', async () => {
    writeFileSync(file, '\u007fELF…/lib/ld-musl-x86_64.so.1');
    await expect(upgrade()).toExit(0);
    expect(readFileSync(file, 'utf8')).toContain(`# linux-${process.arch}-musl\n`);
  });

  test('on Windows, moves the running one aside, and removes it the next time', async () => {
    file = join(bin, 'dnx.exe');
    writeFileSync(file, 'running', { mode: 0o755 });
    for (const [old, is] of [['running', undefined] as const, ['again', 'running'] as const]) {
      writeFileSync(file, old, { mode: 0o755 });
      expect(existsSync(`${file}.old`) ? readFileSync(`${file}.old`, 'utf8') : undefined).toBe(is);
      await expect(upgrade({}, { platform: 'win32' })).toExit(0, { stderr: 'Downloading dnx 9.8.7\n' });
      expect([output(), readFileSync(`${file}.old`, 'utf8')]).toEqual(['9.8.7\n', old]);
    }
    expect(readFileSync(file, 'utf8')).toContain('# windows-x64\n');
    expect(readdirSync(bin).sort()).toEqual(['dnx', 'dnx.exe', 'dnx.exe.old']);
  });

  test('changes nothing if it is the latest release', async () => {
    const host: RequestListener = (_, response) => void response.end(JSON.stringify({ tag_name: `v${version}` }));
    const { code, stdout, asked } = await upgrade({}, { host });
    expect([code, stdout, asked.length]).toEqual([0, `dnx ${version} is the latest release.\n`, 1]);
    expect([output(), readdirSync(bin)]).toEqual([`${version}\n`, ['dnx']]);
  });

  const archive = `dnx-linux-${process.arch}.tar.gz`;
  const sums = () => readFileSync(join(release.files, 'SHA256SUMS'), 'utf8');
  const fails: readonly (readonly [string, () => Parameters<typeof serveReleases>[1], number, string])[] = [
    [
      'a wrong checksum',
      () => ({ [archive]: Buffer.from('other') }),
      1,
      `Error: The checksum of ${archive} is wrong.\n  Nothing was changed.`,
    ],
    [
      'a download that is cut',
      () => ({ [archive]: (_, response) => void response.writeHead(200, { 'content-length': 999 }).write('x', () => response.destroy()) }),
      13,
      'Error: Could not download the release: ',
    ],
    [
      'checksums that were changed',
      () => ({ SHA256SUMS: `${sums()}\n` }),
      1,
      'Error: The checksums of dnx 9.8.7 are not signed by the key of this dnx.',
    ],
    [
      'checksums that another key signed',
      () => ({ 'SHA256SUMS.sig': signed(sums(), generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey) }),
      1,
      'Error: The checksums of dnx 9.8.7 are not signed by the key of this dnx.',
    ],
    ['checksums without end', () => ({ SHA256SUMS: Buffer.alloc(400_000, 'a') }), 1, '/v9.8.7/SHA256SUMS is larger than 256 kB.\n'],
    ['no signature', () => ({ 'SHA256SUMS.sig': '' }), 1, 'Error: The checksums of dnx 9.8.7 are not signed'],
    [
      'a file that is missing',
      () => ({ SHA256SUMS: (_, response) => void response.writeHead(404).end() }),
      1,
      'Error: github.com returned 404 for https://github.com/deploynix/dnx/releases/download/v9.8.7/SHA256SUMS.\n',
    ],
    [
      'a redirect to a host without https',
      () => ({ [archive]: (_, response) => void response.writeHead(302, { location: 'http://github.com/x' }).end() }),
      1,
      'was redirected too often, or to a host without https.',
    ],
    [
      'redirects without end',
      () => ({ [archive]: (request, response) => void response.writeHead(302, { location: request.url ?? '' }).end() }),
      1,
      'was redirected too often',
    ],
  ];
  test.each(fails)('changes nothing after %s', async (_, changed, code, words) => {
    await expect(upgrade(changed())).toExit(code, { stdout: '', says: words });
    expect([output(), readdirSync(bin)]).toEqual([`${version}\n`, ['dnx']]);
  });

  test('changes nothing if the new one does not run, or is of an older release', async () => {
    const script = '#!/bin/sh\n[ -e "$(dirname "$0")/../ready" ] && echo 0.0.1 && exit\necho "GLIBC_2.99 not found" >&2; exit 1\n';
    const broken = repack(release, '9.8.8', () => script);
    onTestFinished(() => broken.close());
    for (const reason of ['GLIBC_2.99 not found', 'it is 0.0.1']) {
      const run = await upgrade({}, { host: serveReleases([broken]) });
      const words = `Error: The executable of dnx 9.8.8 does not run on this machine: ${reason}.\n  Nothing was changed.\n`;
      expect(run).toExit(1, { says: words });
      expect([output(), readdirSync(bin)[0]]).toEqual([`${version}\n`, 'dnx']);
      writeFileSync(join(bin, 'ready'), '');
    }
  });

  test('says that GitHub does not answer, or has no release', async () => {
    const host: RequestListener = (request) => void request.socket.destroy();
    await expect(upgrade({}, { host })).toExit(13, { says: 'Error: Could not download the release: ' });
    const limited: RequestListener = (_, response) => void response.writeHead(403).end();
    await expect(upgrade({}, { host: limited })).toExit(1, { says: 'Error: GitHub returned 403.' });
    expect(readdirSync(bin)).toEqual(['dnx']);
  });

  test('says what to do about a certificate that it does not trust', async () => {
    const secure = await listen(createServer(selfSigned), 'https');
    onTestFinished(() => secure.close());
    const { code, stderr } = await upgrade(
      {},
      { through: (network) => ({ ...network, request: (request) => network.request({ ...request, url: secure.url }) }) },
    );
    const advice = 'Nothing was changed. If the host uses your own CA, pass the CA certificate with --ca-file';
    expect([code, stderr]).toEqual([13, expect.stringContaining(`the certificate is self-signed.\n  ${advice}`)]);
  });

  test('refuses a directory that it cannot write to, before any request, and says what to run', async () => {
    // Not even root may write there.
    const { code, stderr, asked } = await upgrade({}, { executable: { file: '/proc/sys/dnx', releaseKey } });
    expect([code, stderr, asked]).toEqual([1, expect.stringContaining('Error: Could not write to /proc/sys: '), []]);
    expect(stderr).toContain('\n  Run: sudo /proc/sys/dnx upgrade\n');
    const windows = await upgrade({}, { executable: { file: '/proc/sys/dnx.exe', releaseKey }, platform: 'win32' });
    expect(windows.stderr).toContain('\n  Run it in a terminal of an administrator.\n');
  });

  test.skipIf(!canIsolate())('changes nothing on a full disk', async () => {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', bin]);
    expect(mounted.status).toBe(0);
    onTestFinished(() => void spawnSync('umount', [bin]));
    for (const name of ['dnx', 'full']) writeFileSync(join(bin, name), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
    const { code, stderr } = await upgrade();
    expect([code, stderr]).toEqual([1, expect.stringContaining(`Error: Could not write to ${bin}: the disk is full.\n`)]);
    expect([output(), readdirSync(bin).sort()]).toEqual([`${version}\n`, ['dnx', 'full']]);
  });

  test('removes what a killed one left', async () => {
    const left = join(bin, '.dnx-upgrade-killed');
    mkdirSync(left);
    writeFileSync(join(left, holderName({ ...processHolder(process.pid), start: '1' })), '');
    writeFileSync(join(left, 'dnx'), 'half');
    expect([(await upgrade()).code, output(), readdirSync(bin)]).toEqual([0, '9.8.7\n', ['dnx']]);
  });

  test('stops at Ctrl-C, and leaves no file', async () => {
    const run = await upgrade({ [archive]: (_, response) => void response.writeHead(200).write('x') }, { limitMs: 500 });
    expect([run.code, output(), readdirSync(bin)]).toEqual([130, `${version}\n`, ['dnx']]);
    rmSync(bin, { recursive: true });
  });
});

test.each([
  ['/home/linuxbrew/.linuxbrew/Cellar/dnx/0.1.0/bin/dnx', 'Homebrew', 'brew upgrade dnx'],
  ['/opt/dnx/bin/dnx', 'Docker', 'docker pull deploynix/dnx'],
])('dnx upgrade of the executable %s prints the command for %s', async (path, by, command) => {
  const { code, stdout, stderr } = await bed.dnx('upgrade', { executable: { file: path, releaseKey } });
  expect([code, stdout, stderr]).toEqual([0, `${command}\n`, `dnx ${version} was installed with ${by}. Upgrade it with:\n`]);
});
