import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { sshWith } from '../support/ssh-stub.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { keys, openProgram, openTerminal, type Terminal } from '../support/terminal.ts';
import { leading } from '../support/volume.ts';

const reason = reasonAgainstSsh('dnx ssh on a terminal');

const SITE = ownDomain('terminal');
const PHP = '#!/bin/sh\n';

let bed: SshBed;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  bed.shop(SITE, { releases: ['20260102_000000'] });
});
afterAll(() => bed?.close());

const open = (...words: readonly string[]): Terminal => openTerminal(words, { ...bed.env, NO_COLOR: '1' }, bed.directory);

/** A command on the server that is told from its echo: `a""b` prints `ab`. */
const marked = (mark: string) => `${mark.slice(0, 1)}""${mark.slice(1)}`;

describe.skipIf(reason !== undefined)('on a terminal', () => {
  test('dnx ssh is a login shell in the live release of a site, whose exit code is passed on', async () => {
    const terminal = open('ssh', SITE);
    terminal.type(`pwd -P; shopt -q login_shell && echo ${marked('login')}; tty; exit 42\r`);
    await terminal.shows(`/home/deploynix/${SITE}/releases/20260102_000000`);
    await terminal.shows('login');
    await terminal.shows('/dev/pts/');
    await expect(terminal.ended).toExit(42);
  });

  test('without a directory of the site it starts in the home directory and says so', async () => {
    const terminal = open('ssh', SITE, '--path', '/nowhere');
    await terminal.shows(`No directory of ${SITE} on web-1. This is the home directory.`);
    terminal.type('pwd; exit\r');
    await terminal.shows(/^\/home\/deploynix\r?$/m);
    await expect(terminal.ended).toExit(0);
  });

  test('the size of the terminal reaches the server, also when it changes', async () => {
    const terminal = open('ssh', SITE);
    terminal.type('stty size\r');
    await terminal.shows('40 120');
    // The remote terminal gets its size before the signal.
    terminal.type(`trap 'echo "now: $(stty size)"' WINCH; echo ${marked('ready')}\r`);
    await terminal.shows('ready');
    terminal.resize(77);
    await terminal.shows('now: 40 77');
    terminal.type('exit\r');
    await expect(terminal.ended).toExit(0);
  });

  test('Ctrl-C reaches the remote command, as often as it is typed, and not dnx', async () => {
    const script = `trap 'n=x$n; echo "caught $n."' INT; echo ready; until read enter; do :; done; echo "in all $n."; exit 3`;
    for (const target of leading([SITE, 'web-1'], 1)) {
      const terminal = open('ssh', target, '--', 'sh', '-c', script);
      await terminal.shows('ready');
      for (const each of ['x.', 'xx.', 'xxx.']) {
        terminal.type(keys.interrupt);
        await terminal.shows(`caught ${each}`);
      }
      terminal.type(keys.enter);
      await terminal.shows('in all xxx.');
      await expect(terminal.ended).toExit(3);
    }
  });

  test('Ctrl-C ends a remote command that does not catch it, and the shell goes on until Ctrl-D', async () => {
    const terminal = open('ssh', 'web-1');
    terminal.type(`sh -c 'echo rea""dy; exec sleep 60'\r`);
    await terminal.shows('ready');
    terminal.type(keys.interrupt);
    terminal.type(`echo ${marked('after')} $?\r`);
    await terminal.shows('after 130');
    terminal.type('\u0004');
    await terminal.shows(/Connection to \S+ closed/);
    await expect(terminal.ended).toExit(0);
  });

  test('a command has a terminal, but none if its output is piped', async () => {
    const terminal = open('ssh', 'web-1', '--', 'sh', '-c', 'test -t 0 && test -t 1 && echo "both: $TERM"');
    await terminal.shows('both: xterm');
    await expect(terminal.ended).toExit(0);
    writeFileSync(join(bed.directory, 'piped.sh'), `"$NODE" "$DNX" ssh web-1 -- sh -c 'test -t 1 || echo none' | od -c; exit 0\n`);
    const piped = openProgram(['sh', 'piped.sh'], { ...bed.env, NO_COLOR: '1' }, bed.directory, 120);
    await piped.shows(/n\s+o\s+n\s+e\s+\\n/);
    const { text } = await piped.ended;
    expect(text).not.toContain('Pseudo-terminal');
  });

  test('Ctrl-C ends a command whose output is piped, with 130', async () => {
    const line = `"$NODE" "$DNX" ssh web-1 -- sh -c 'echo ready; exec sleep 60'`;
    // In a file, because a terminal may end before all of its output was read.
    const code = join(bed.directory, 'code');
    writeFileSync(join(bed.directory, 'stopped.sh'), `trap : INT; { trap : INT; ${line}; echo $? > ${code}; } | cat\n`);
    const terminal = openProgram(['sh', 'stopped.sh'], { ...bed.env, NO_COLOR: '1' }, bed.directory, 120);
    await terminal.shows('ready');
    terminal.type(keys.interrupt);
    await terminal.ended;
    expect(readFileSync(code, 'utf8')).toBe('130\n');
  });

  test('a site or server is picked if nothing is given', async () => {
    const terminal = open('ssh', '--', 'echo', 'arrived');
    await terminal.shows(/which site or server\?/i);
    terminal.type('web-1\r');
    await terminal.shows('arrived');
    await expect(terminal.ended).toExit(0);
  });

  test('ssh itself asks about an unknown host key', async () => {
    const known = join(bed.directory, 'known_hosts');
    const PATH = sshWith(bed.sshd, 'StrictHostKeyChecking=ask', `UserKnownHostsFile=${known}`);
    const start = () => openTerminal(['ssh', 'web-1', '--', 'echo', 'arrived'], { ...bed.env, PATH, NO_COLOR: '1' }, bed.directory);
    const refused = start();
    await refused.shows('continue connecting (yes/no/[fingerprint])?');
    refused.type('no\r');
    const { code, text } = await refused.ended;
    expect([code, text]).toEqual([255, expect.not.stringContaining('arrived')]);
    const accepted = start();
    await accepted.shows('continue connecting (yes/no/[fingerprint])?');
    accepted.type('yes\r');
    await accepted.shows('arrived');
    await expect(accepted.ended).toExit(0);
  });

  test('closing the terminal ends dnx and ssh', async () => {
    const terminal = open('ssh', 'web-1');
    terminal.type(`echo ${marked('ready')}\r`);
    await terminal.shows('ready');
    terminal.close();
    await expect(terminal.ended).toExit(129);
  });

  test('dnx logs says that it connects, and leaves a question of ssh alone', async () => {
    bed.sshd.site(SITE, { releases: ['20260102_000000'], files: { 'current/storage/logs/laravel.log': 'logged\n' } });
    const known = join(bed.directory, 'known_hosts_of_logs');
    const PATH = sshWith(bed.sshd, 'StrictHostKeyChecking=ask', `UserKnownHostsFile=${known}`);
    const terminal = openTerminal(['logs', SITE], { ...bed.env, PATH, NO_COLOR: '1' }, bed.directory);
    await terminal.shows('continue connecting (yes/no/[fingerprint])?');
    terminal.type('yes\r');
    await terminal.shows('logged');
    const { code, text } = await terminal.ended;
    const [before = '', asked = ''] = text.split('continue connecting');
    expect([code, before]).toEqual([0, expect.stringContaining('Connecting to web-1\r\n')]);
    // A spinner would move the cursor.
    expect(`${before.split('Connecting to').at(-1)}${asked}`).not.toContain('\u001b');
  });

  test('dnx tinker has a terminal in the live release', async () => {
    bed.sshd.site(SITE, { releases: ['20260102_000000'], files: { 'current/artisan': '' } });
    bed.sshd.program('php8.3', `${PHP}test -t 0 && echo "$@" in "$(pwd -P)"; read line; echo "got $line"; exit 9\n`);
    const terminal = open('tinker', '--site', SITE);
    await terminal.shows(`artisan tinker in /home/deploynix/${SITE}/releases/20260102_000000`);
    terminal.type('1 + 1\r');
    await terminal.shows('got 1 + 1');
    await expect(terminal.ended).toExit(9);
  });
});
