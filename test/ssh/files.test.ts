import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { split } from '../support/dnx.ts';
import { examples } from '../support/examples.ts';
import { find, lacking } from '../support/programs.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { sampled, seedOf } from '../support/volume.ts';

const missing = lacking(['rsync', 'mount']);
const reason = reasonAgainstSsh('dnx cp and dnx storage') ?? (missing.length > 0 ? `this machine lacks ${missing.join(', ')}` : undefined);

const SITE = ownDomain('files');
const HOME = '/home/deploynix';
const LOG = 'storage/logs/laravel.log';
/** What a shell would take for something else. */
const ODD = [`it's "a" log`, '$(touch hacked)', 'a\\b;c', '-rf', 'a[1]', '日本 é'];

let bed: SshBed;
/** The working directory of a test. */
let here: string;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  const files = Object.fromEntries(
    [LOG, ...ODD.map((name) => `odd/${name}`)].map((name) => [`releases/20260102_000000/${name}`, `of ${name}`]),
  );
  bed.shop(SITE, {
    releases: ['20260102_000000'],
    files: { ...files, 'shared/storage/app/public/a.txt': 'A', 'shared/storage/app/b c': 'BC' },
  });
});
afterAll(() => bed?.close());
beforeEach(() => {
  if (reason === undefined) here = mkdtempSync(join(bed.directory, 'here-'));
});

const run = (args: readonly string[], env: Record<string, string> = {}) => bed.here(args, { cwd: here, env });
const start = (args: readonly string[]) => bed.dnx(args, { cwd: here });
const read = (name: string) => readFileSync(join(here, name), 'utf8');
const asUser = (command: string) =>
  execFileSync(find('setpriv') ?? '', ['--reuid=deploynix', '--regid=deploynix', '--clear-groups', 'sh', '-c', command]);

/** A PATH on which rsync is the one of macOS, so that tar copies. */
function withoutRsync(): string {
  const folder = mkdtempSync(join(bed.directory, 'openrsync-'));
  writeFileSync(join(folder, 'rsync'), '#!/bin/sh\necho "openrsync: protocol version 29"\n', { mode: 0o755 });
  return `${folder}:${bed.sshd.path}`;
}

/** Adds a program to the server for a test. */
function onServer(name: string, script: string): void {
  bed.sshd.program(name, `#!/bin/sh\n${script}\n`);
  onTestFinished(() => rmSync(join(bed.sshd.directory, 'programs', name)));
}

/** A directory on a file system of this many MB. */
function smallDisk(mb: number): string {
  const disk = mkdtempSync('/tmp/dnx-disk-');
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mb}m,mode=1777`, 'tmpfs', disk]);
  onTestFinished(() => {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });
  return disk;
}

/** A directory on the server for a test. */
function there(): string {
  const directory = `${HOME}/${SITE}/there-${randomBytes(4).toString('hex')}`;
  asUser(`mkdir ${directory}`);
  return directory;
}

describe.skipIf(reason !== undefined).each(['rsync', 'tar'])('dnx cp by %s', (how) => {
  const cp = (...args: readonly string[]) => run(['cp', ...args], how === 'tar' ? { PATH: withoutRsync() } : {});

  test('copies a file of the live release, under its name or another one', async () => {
    expect(await cp(`${SITE}:${LOG}`, '.')).toExit(0, { stdout: expect.stringMatching(/^✓ Copied laravel.log to . \(\d+ B\) in \ds\n$/) });
    expect(await cp(`web-1:${SITE}/current/${LOG}`, 'x.log', '--json')).toExit(0);
    expect([read('laravel.log'), read('x.log'), readdirSync(here).length]).toEqual([`of ${LOG}`, `of ${LOG}`, 2]);
  });

  test('takes names as they are, both ways', async () => {
    const odd = ODD.filter((name) => how === 'rsync' || !name.includes('\\'));
    expect(await cp(...odd.map((name) => `${SITE}:odd/${name}`), '.')).toExit(0);
    expect(readdirSync(here).sort()).toEqual([...odd].sort());
    const target = there();
    expect(await cp(...odd.map((name) => `./${name}`), `web-1:${target}`)).toExit(0);
    expect(readdirSync(target).sort()).toEqual([...odd].sort());
    expect(await cp('./-rf', `web-1:${target}/$(id) "x"`)).toExit(0);
    expect(readFileSync(`${target}/$(id) "x"`, 'utf8')).toBe('of odd/-rf');
  });

  test('copies what a pattern matches there', async () => {
    expect(await cp(`${SITE}:storage/logs/*.log`, '.')).toExit(0);
    expect(await cp(`${SITE}:odd/[i-]*`, '.')).toExit(0);
    expect(readdirSync(here).sort()).toEqual(['-rf', `it's "a" log`, 'laravel.log'].sort());
  });

  test('copies directories as scp does: into one that exists, or under a new name', async () => {
    mkdirSync(join(here, 'old/odd'), { recursive: true });
    writeFileSync(join(here, 'old/odd/kept'), '');
    expect(await cp('-r', `${SITE}:odd/`, 'old')).toExit(0);
    expect(await cp('-r', `${SITE}:odd`, 'new')).toExit(0);
    expect([readdirSync(join(here, 'old/odd')).sort(), readdirSync(join(here, 'new')).sort()]).toEqual([
      [...ODD, 'kept'].sort(),
      [...ODD].sort(),
    ]);
    const target = there();
    expect(await cp('-r', 'new', `web-1:${target}`)).toExit(0);
    expect(await cp('-r', 'new', `web-1:${target}/other`)).toExit(0);
    expect(await cp('-r', 'old/odd', `web-1:${target}/new`)).toExit(0);
    expect(readdirSync(target).sort()).toEqual(['new', 'other']);
    expect([readdirSync(`${target}/new`).sort(), readdirSync(`${target}/new/odd`).length]).toEqual([
      [...ODD, 'odd'].sort(),
      ODD.length + 1,
    ]);
  });

  const failing: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[`${SITE}:nope`, '.'], 6, /nope: no such file on files-/],
    [['web-1:/nowhere/x', '.'], 6, /no such directory on web-1/],
    [['web-1:/root/x', '.'], 5, /permission denied on web-1/],
    [[`${SITE}:odd`, '.'], 2, /is a directory\.\n {2}Use -r/],
    [['nope', 'web-1:'], 6, /Could not find nope/],
    [['.', 'web-1:'], 2, /is a directory/],
    [['-r', '.', 'web-1:/root/'], 5, /permission denied on web-1/],
    [['-r', '.', 'web-1:/nowhere/'], 6, /no such directory/],
    [[`${SITE}:odd`, 'web-2:x'], 2, /dnx cp files-\S+:odd \./],
    [['a', './b:c'], 2, /No path is on a server/],
    [[`${SITE}:odd`], 2, /Missing the target/],
    [[`${SITE}:${LOG}`, 'nowhere/'], 2, /does not exist/],
  ];
  test.each(sampled(failing, how === 'rsync' ? 8 : 4, seedOf(7)))('%j fails with %i, and leaves nothing', async (args, code, message) => {
    const ran = await cp(...args);
    expect(ran).toExit(code, { stdout: '', stderr: expect.stringMatching(message) });
    expect(readdirSync(here)).toEqual([]);
  });

  test('copies the rest if something cannot be read, and exits with 12', async () => {
    const target = there();
    asUser(`echo a >${target}/a; mkfifo ${target}/fifo`);
    writeFileSync(`${target}/secret`, '', { mode: 0o600 });
    const ran = await cp('-r', `web-1:${target}`, 'got');
    expect(ran).toExit(12, { says: 'secret: Permission denied' });
    expect(existsSync(join(here, 'got/secret'))).toBe(false);
    expect(read('got/a')).toBe('a\n');
  });

  test('says that a disk is full, here and there, and leaves nothing', async () => {
    const disk = smallDisk(1);
    writeFileSync(join(here, 'big'), randomBytes(2_000_000));
    const target = there();
    expect(await cp('big', `web-1:${target}`)).toExit(0);
    expect(await cp(`web-1:${target}/big`, disk)).toExit(1, { says: 'No space left on device' });
    expect(await cp('big', `web-1:${disk}`)).toExit(1, { says: 'No space left on device' });
    expect(readdirSync(disk)).toEqual([]);
    mkdirSync(join(here, 'elsewhere/.dnx-partial'), { recursive: true });
    symlinkSync(here, join(disk, 'link'));
    expect(await cp('-r', `web-1:${target}`, disk)).toExit(1, { says: 'No space left on device' });
    expect(existsSync(join(here, 'elsewhere/.dnx-partial'))).toBe(true);
  });
});

test.skipIf(reason !== undefined)('every example works', async () => {
  const log = `/var/log/nginx/${SITE}.log`;
  mkdirSync('/var/log/nginx', { recursive: true });
  writeFileSync(log, 'an error\n', { mode: 0o644 });
  onTestFinished(() => rmSync(log));
  writeFileSync(join(here, 'dump.sql.gz'), '');
  for (const name of ['storage', 'uploads']) mkdirSync(join(here, name));
  const lines = examples.filter(({ line }) => /^dnx (cp|storage) /.test(line)).map(({ line }) => line.replaceAll('shop.example.com', SITE));
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) expect((await run(split(line).slice(1))).exitCode, line).toBeOneOf([0, 12]);
  expect(readdirSync(here)).toEqual(expect.arrayContaining(['laravel.log', 'logs', `${SITE}.log`]));
  rmSync('/tmp/dump.sql.gz');
});

describe.skipIf(reason !== undefined)('dnx cp', () => {
  const big = () => {
    const target = there();
    const bytes = randomBytes(8_000_000);
    writeFileSync(`${target}/big`, bytes);
    chmodSync(`${target}/big`, 0o644);
    return { target, bytes };
  };

  test('goes on where a lost connection stopped it', async () => {
    const { target, bytes } = big();
    onServer('rsync', `${find('rsync')} "$@" | stdbuf -o0 head -c 6000000`);
    expect(await run(['cp', `web-1:${target}/big`, '.'])).toExit(13, {
      says: 'Lost the connection to web-1.\n  Run it again to go on',
    });
    expect(existsSync(join(here, 'big'))).toBe(false);
    const moved = join(bed.sshd.directory, 'moved');
    bed.sshd.program('rsync', `#!/bin/sh\n${find('rsync')} "$@" | tee ${moved}\n`);
    chmodSync(bed.sshd.directory, 0o777);
    expect(await run(['cp', `web-1:${target}/big`, '.'])).toExit(0);
    expect(readFileSync(join(here, 'big')).equals(bytes)).toBe(true);
    expect(readdirSync(here)).toEqual(['big']);
    expect(statSync(moved).size).toBeLessThan(4_000_000);
  });

  test.each(['SIGINT', 'SIGKILL'] as const)('leaves nothing that looks whole after %s, and goes on later', async (signal) => {
    const { target, bytes } = big();
    onServer('rsync', `${find('rsync')} "$@" | { stdbuf -o0 head -c 4000000; exec sh -c 'echo $$ >${target}/stuck; exec sleep 60'; }`);
    const child = start(['cp', `web-1:${target}/big`, '.']);
    await expect.poll(() => existsSync(`${target}/stuck`), { timeout: 10_000 }).toBe(true);
    child.kill(signal);
    expect((await child).exitCode).toBe(signal === 'SIGINT' ? 130 : undefined);
    expect(existsSync(join(here, 'big'))).toBe(false);
    // The rsync here ends with the connection, and keeps what has arrived.
    asUser(`kill $(cat ${target}/stuck)`);
    await expect.poll(() => readdirSync(here)).toEqual(['.dnx-partial']);
    bed.sshd.program('rsync', `#!/bin/sh\nexec ${find('rsync')} "$@"\n`);
    expect(await run(['cp', `web-1:${target}/big`, '.'])).toExit(0);
    expect(readFileSync(join(here, 'big')).equals(bytes)).toBe(true);
    expect(readdirSync(here)).toEqual(['big']);
  });

  test('leaves nothing that looks whole on a server whose connection is lost', async () => {
    const target = there();
    writeFileSync(join(here, 'big'), randomBytes(8_000_000));
    onServer('rsync', `stdbuf -o0 head -c 4000000 | ${find('rsync')} "$@"`);
    expect(await run(['cp', 'big', `web-1:${target}`])).toExit(13, { says: 'Run it again' });
    expect(readdirSync(target)).toEqual(['.dnx-partial']);
    bed.sshd.program('rsync', `#!/bin/sh\nexec ${find('rsync')} "$@"\n`);
    expect(await run(['cp', 'big', `web-1:${target}`])).toExit(0);
    expect(readdirSync(target)).toEqual(['big']);
  });

  test('an archive that a server makes up writes nothing elsewhere', async () => {
    const evil = there();
    asUser(`cd ${evil} && mkdir in && echo bad >x && ln -s ${here} in/link && echo bad >in/laravel.log && echo bad >in/.bashrc &&
      tar -cPf all.tar --transform 's,^x$,../escaped,' x && tar -rPf all.tar -C in laravel.log link .bashrc &&
      tar -rPf all.tar --transform 's,^x$,link/over,' x && tar -rPf all.tar --transform 's,^x$,${here}/absolute,' x`);
    onServer('tar', `cat ${evil}/all.tar`);
    mkdirSync(join(here, 'in/to'), { recursive: true });
    const ran = await bed.here(['cp', `${SITE}:${LOG}`, 'to'], { cwd: join(here, 'in'), env: { PATH: withoutRsync() } });
    expect([0, 1, 12]).toContain(ran.exitCode);
    expect([readdirSync(here), readdirSync(join(here, 'in'))]).toEqual([['in'], ['to']]);
    expect(readdirSync(join(here, 'in/to')).filter((name) => name !== 'laravel.log')).toEqual([]);
  });

  test.each([
    [['--'], `${LOG}`],
    [['-r', '--'], 'odd'],
  ])('a server that sends more than was asked for writes nothing (%j)', async (options, name) => {
    const evil = there();
    asUser(`cd ${evil} && echo bad >.bashrc && echo bad >laravel.log && mkdir odd && echo bad >odd/x`);
    // What was asked for comes on stdin. All of another directory is sent instead.
    onServer(
      'rsync',
      `exec perl -e '
        my $word = "";
        while (sysread STDIN, my $byte, 1) { if ($byte ne "\\0") { $word .= $byte } elsif ($word eq "") { last } else { $word = "" } }
        my @options = map { s/^-([A-Za-z]*)s/-$1/r } @ARGV;
        chdir "${evil}"; exec "${find('rsync')}", @options, "-r", ".", "./"' -- "$@"`,
    );
    const ran = await run(['cp', ...options, `${SITE}:${name}`, '.']);
    expect(ran).toExit(1, { says: 'rejecting unrequested file-list name' });
    expect(readdirSync(here)).toEqual([]);
  });

  test('replaces a file that looks the same, and keeps links to directories', async () => {
    const target = there();
    asUser(`cd ${target} && mkdir shared && ln -s shared to && echo old >shared/x && touch -d @0 shared/x`);
    mkdirSync(join(here, 'to'));
    writeFileSync(join(here, 'to/x'), 'new\n');
    utimesSync(join(here, 'to/x'), 0, 0);
    expect(await run(['cp', '-r', 'to', `web-1:${target}`])).toExit(0);
    expect([readFileSync(`${target}/shared/x`, 'utf8'), lstatSync(`${target}/to`).isSymbolicLink()]).toEqual(['new\n', true]);
  });

  test('DNX_READ_ONLY allows copying from a server, not to it', async () => {
    const env = { DNX_READ_ONLY: '1' };
    expect(await run(['cp', `${SITE}:${LOG}`, '.'], env)).toExit(0);
    expect(await run(['cp', 'laravel.log', 'web-1:'], env)).toExit(5, { stdout: '', says: 'DNX_READ_ONLY' });
  });
});

describe.skipIf(reason !== undefined)('dnx storage', () => {
  const APP = `${HOME}/${SITE}/shared/storage/app`;
  const storage = (...args: readonly string[]) => run(['storage', ...args]);

  test('pulls what differs, without links that lead out', async () => {
    symlinkSync('/etc/passwd', `${APP}/out`);
    onTestFinished(() => rmSync(`${APP}/out`));
    mkdirSync(join(here, 'storage'));
    expect(await storage('pull', SITE, '--dry-run', '--json')).toExit(0, { says: '2 files (3 B). Nothing was changed.' });
    expect(existsSync(join(here, 'storage/app'))).toBe(false);
    expect(await storage('pull', SITE, '--exclude', 'b*')).toExit(0, { says: 'Left out a link that leads elsewhere: "out"' });
    expect(readdirSync(join(here, 'storage/app'))).toEqual(['public']);
    expect(await storage('pull', SITE)).toExit(0, { stdout: expect.stringMatching(/Copied 1 file \(2 B\)/) });
    expect(read('storage/app/b c')).toBe('BC');
  });

  test('pushes with the modes and the owner of the site, also as root', async () => {
    mkdirSync(join(here, 'app/new'), { recursive: true });
    writeFileSync(join(here, 'app/new/file'), 'F', { mode: 0o600 });
    chmodSync(`${APP}/b c`, 0o640);
    writeFileSync(join(here, 'app/b c'), 'changed');
    expect(await storage('push', SITE, 'app')).toExit(2, { says: '--yes' });
    expect(await storage('push', SITE, 'app', '--yes')).toExit(0, { stdout: expect.stringMatching(/Copied 2 files \(8 B\) to files-/) });
    const { mode, uid } = statSync(`${APP}/new/file`);
    expect([mode & 0o777, uid, statSync(`${APP}/b c`).mode & 0o777]).toEqual([0o644, statSync(APP).uid, 0o640]);
    rmSync(`${APP}/new`, { recursive: true });
    writeFileSync(`${APP}/b c`, 'BC');
  });

  test('deletes only what was listed, and only with the name of the site', async () => {
    mkdirSync(join(here, 'app/old/deep'), { recursive: true });
    for (const name of ['old/deep/x', 'y\nz', 'kept']) writeFileSync(join(here, 'app', name), '');
    const pull = ['pull', SITE, 'app', '--delete', '--exclude', 'kept'];
    expect(await storage(...pull)).toExit(2, { says: '--confirm' });
    expect(await storage(...pull, '--confirm', 'other')).toExit(2, { says: 'does not match' });
    const dry = await storage(...pull, '--dry-run', '--json');
    expect(dry).toExit(0);
    const deleted = (JSON.parse(dry.stdout) as { action: string; path: string }[]).filter(({ action }) => action === 'delete');
    expect(deleted.map(({ path }) => path).sort()).toEqual(['old/', 'old/deep/', 'old/deep/x', 'y\nz']);
    expect(await storage(...pull, '--confirm', SITE)).toExit(0, {
      stdout: expect.stringMatching(/, 4 deleted/),
      says: 'This deletes 4 files in app:\n  delete  ',
    });
    expect(readdirSync(join(here, 'app')).sort()).toEqual(['b c', 'kept', 'public']);
    rmSync(join(here, 'app/b c'));
    expect(await storage('push', SITE, 'app', '--delete', '--yes', '--confirm', SITE)).toExit(0);
    expect(readdirSync(APP).sort()).toEqual(['kept', 'public']);
    asUser(`rm '${APP}/kept'; printf BC >'${APP}/b c'`);
  });

  test.each([{}, { LC_ALL: 'C' }])('deletes what was listed, and no more if the server sends less than it listed (%j)', async (env) => {
    mkdirSync(join(here, 'app/public'), { recursive: true });
    const odd = ['*', 'a[1]', 'b\\c', 'b\\*', 'é', ' -x ', 'new\nline', '\\#012'];
    for (const name of [...odd, 'public/a.txt', 'keep']) writeFileSync(join(here, 'app', name), 'A');
    symlinkSync('..', join(here, 'app/link'));
    const empty = there();
    onServer('rsync', `if [ -e ${empty}/listed ]; then cd ${empty}; fi; touch ${empty}/listed; exec ${find('rsync')} "$@"`);
    const ran = await run(['storage', 'pull', SITE, 'app', '--delete', '--exclude', 'keep', '--confirm', SITE], env);
    expect(ran).toExit(0, { stdout: expect.stringContaining(`${odd.length + 1} deleted`) });
    expect(readdirSync(join(here, 'app')).sort()).toEqual(['keep', 'listed', 'public']);
    expect(readdirSync(join(here, 'app/public'))).toEqual(['a.txt']);
  });

  test('says where rsync is missing, and which site has no storage', async () => {
    mkdirSync(join(here, 'storage'));
    const without = await run(['storage', 'pull', SITE], { PATH: withoutRsync() });
    expect(without).toExit(2, { says: 'needs rsync 3.2.5' });
    expect(await storage('pull', SITE, '--path', `${HOME}/${SITE}/releases`)).toExit(6, { says: 'has no storage/app on web-1' });
    expect(await storage('push', SITE, 'nope', '--yes')).toExit(2, { says: 'nope does not exist' });
  });
});
