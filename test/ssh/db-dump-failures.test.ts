import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { copyingSuite, SLOWLY, stuckDump } from '../support/database-copies.ts';
import { dumpersOf, holding, waitingFor } from '../support/database-processes.ts';
import { addDatabaseSite, variablesFor } from '../support/database-site.ts';
import { find } from '../support/programs.ts';
import { leading, sampled } from '../support/volume.ts';

const { copying, it } = copyingSuite('failing dumps', 'dump-failures');

/** For a busy machine. */
const TIME = 60_000;

describe('no file is left, and the reason is clear, if', { timeout: TIME }, () => {
  const failures = [
    ['the password is wrong', 'mariadb', { DB_PASSWORD: 'wrong password' }, 1, /Access denied for user 'shop'/],
    ['there is no such database', 'mariadb', { DB_DATABASE: 'nothing' }, 1, /Unknown database 'nothing'/],
    [
      'MariaDB is down',
      'mariadb',
      { DB_PORT: '1' },
      13,
      /web-1 did not reach the database at 127\.0\.0\.1:1\.\n {2}Check that the database/,
    ],
    [
      'PostgreSQL is down',
      'pgsql',
      { DB_PORT: '1' },
      13,
      /did not reach the database at 127\.0\.0\.1:1: Connection refused\n {2}Check that/,
    ],
    ['the socket is gone', 'mariadb', { DB_SOCKET: '/tmp/no-socket' }, 13, /did not reach the database at \/tmp\/no-socket\.\n/],
    ['the host is unknown', 'pgsql', { DB_HOST: 'nowhere.invalid' }, 13, /did not reach the database at nowhere\.invalid:\d+\.\n/],
    [
      'the password is wrong for PostgreSQL',
      'pgsql',
      { DB_PASSWORD: 'wrong password' },
      1,
      /password authentication failed for user "shop"/,
    ],
  ] as const;
  it.each(sampled(failures, 3, 5))('%s', async (what, driver, changes, code, words) => {
    const into = copying.folder();
    const site = addDatabaseSite(copying, `dump-${what.replaceAll(' ', '-')}.example.com`, {
      ...variablesFor(copying.servers[driver], driver),
      ...changes,
    });
    const ran = await copying.run(['db', 'dump', site, '-O', into]);
    expect([ran.code, ran.stdout, readdirSync(into)]).toEqual([code, '', []]);
    expect(ran.stderr).toMatch(words);
    expect(ran.stderr).not.toMatch(/wrong password|loose-/);
  });

  it('the server lacks the program', async () => {
    const empty = join(copying.sshd.directory, 'path');
    mkdirSync(empty);
    for (const name of ['sh', 'bash', 'cat']) symlinkSync(find(name) ?? '', join(empty, name));
    const config = join(copying.sshd.directory, 'sshd_config');
    const before = readFileSync(config, 'utf8');
    await copying.sshd.stop();
    writeFileSync(config, before.replace(/^SetEnv PATH=.*$/m, `SetEnv PATH=${empty}`));
    await copying.sshd.start();
    onTestFinished(async () => {
      await copying.sshd.stop();
      writeFileSync(config, before);
      await copying.sshd.start();
    });
    const into = copying.folder();
    const [ran, other] = [
      await copying.run(['db', 'dump', copying.sites.mariadb, '-O', into]),
      await copying.run(['db', 'dump', copying.sites.pgsql, '-O', into]),
    ];
    expect([ran.code, other.code, readdirSync(into)]).toEqual([1, 1, []]);
    expect(ran.stderr).toMatch(/Could not find mariadb-dump or mysqldump on web-1/);
    expect(other.stderr).toMatch(/Could not find pg_dump on web-1/);
  });

  it('the disk is full', async () => {
    const into = copying.folder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', into]);
    onTestFinished(() => void execFileSync('umount', [into]));
    const ran = await copying.run(['db', 'dump', copying.sites.large, '-O', into]);
    expect([ran.code, ran.stdout, readdirSync(into)]).toEqual([1, '', []]);
    expect(ran.stderr).toMatch(/the disk is full/);
  });

  it('the folder is read-only, or is none', async () => {
    const into = copying.folder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', into]);
    onTestFinished(() => void execFileSync('umount', [into]));
    await expect(copying.run(['db', 'dump', copying.sites.mariadb, '-O', into])).toExit(1, { stderr: expect.stringMatching(/read-only/) });
    await expect(copying.run(['db', 'dump', copying.sites.mariadb, '-O', join(into, 'none/shop.sql')])).toExit(2);
  });

  it('the line is cut', async () => {
    const into = copying.folder();
    const { running } = await stuckDump(copying, into);
    copying.sshd.drop();
    const ran = await running;
    expect([ran.exitCode, ran.stdout, readdirSync(into)]).toEqual([13, '', []]);
    expect(ran.stderr).toMatch(/The connection to web-1 was lost after [\d.]+ MB\./);
  });

  it('the line is cut before the first byte', async () => {
    const release = await holding(copying.servers.mariadb, 'shop', 'LOCK TABLES users WRITE');
    onTestFinished(release);
    const into = copying.folder();
    const running = copying.run(['db', 'dump', copying.sites.mariadb, '-O', into]);
    await expect.poll(() => waitingFor(copying.servers.mariadb, 'users'), SLOWLY).toBe(1);
    copying.sshd.drop();
    const ran = await running;
    expect([ran.code, readdirSync(into)]).toEqual([13, []]);
  });

  it('the program on the server is killed', async () => {
    const into = copying.folder();
    const { running } = await stuckDump(copying, into);
    for (const pid of dumpersOf(copying.servers.mariadb, 'large')) process.kill(pid, 'SIGKILL');
    const ran = await running;
    expect([ran.exitCode, readdirSync(into)]).toEqual([1, []]);
    expect(ran.stderr).toMatch(/Could not dump large on web-1: the program was killed \(SIGKILL\)/);
  });

  const endless = [
    ['the login shell prints without end', 'sh', 'yes'],
    ['the program complains without end', 'mariadb-dump', 'yes >&2'],
  ] as const;
  it.each(leading(endless, 1))('%s', async (_, name, line) => {
    copying.sshd.program(name, `#!/bin/dash\n${line}\n`);
    onTestFinished(() => rmSync(join(copying.sshd.directory, 'programs'), { recursive: true }));
    const into = copying.folder();
    const ran = await copying.run(['db', 'dump', copying.sites.mariadb, '-O', into]);
    expect([ran.code, ran.stdout, readdirSync(into)], ran.stderr).toEqual([1, '', []]);
    expect(ran.stderr).toMatch(/web-1 printed more than [\d.]+ [kM]B besides the contents of shop\./);
  });

  const signals = [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const;
  it.each(leading(signals, 1))('dnx gets %s', async (signal, code) => {
    const into = copying.folder();
    const { running } = await stuckDump(copying, into);
    running.kill(signal);
    const ran = await running;
    expect([ran.exitCode, readdirSync(into)]).toEqual([code, []]);
  });
});
