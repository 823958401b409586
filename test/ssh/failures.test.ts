import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { said } from '../support/executable.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { openSilence, sshWith, stubSsh } from '../support/ssh-stub.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh('failures of dnx ssh');

let bed: SshBed;
beforeAll(async () => {
  if (reason === undefined) bed = await openSshBed();
});
afterAll(() => bed?.close());

const addKey = (name: string, file: string) => `dnx ssh-key create ${name} --server web-1 --public-key ${file}`;

describe.skipIf(reason !== undefined)('if ssh fails, its exit code is passed on and dnx says what to do', () => {
  const words = ['ssh', 'web-1', '--', 'echo', 'ran'];
  const run = (PATH: string) => bed.here(words, { env: { PATH } });

  test('a refused key: add one of your public keys', async () => {
    const other = join(bed.directory, 'other');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other]);
    const PATH = sshWith(bed.sshd, `IdentityFile=${other}`, 'IdentitiesOnly=yes');
    const config = readFileSync(bed.sshd.config, 'utf8');
    writeFileSync(bed.sshd.config, config.replace(/ {2}IdentityFile .*\n/, ''));
    try {
      const none = await bed.dnx(words, { env: { PATH } });
      expect(none).toExit(255, { stdout: '' });
      expect(none.stderr.split('\n').slice(-4)).toEqual([
        expect.stringMatching(/^deploynix@127\.0\.0\.1: Permission denied \(publickey\)/),
        'web-1 does not accept your SSH key. You have none in ~/.ssh; create one with: ssh-keygen -t ed25519',
        `Add it: ${addKey('my-key', "'@~/.ssh/id_ed25519.pub'")}`,
        '',
      ]);
      mkdirSync(join(bed.directory, '.ssh'), { recursive: true });
      writeFileSync(join(bed.directory, '.ssh/work.pub'), readFileSync(`${other}.pub`, 'utf8').replace(/ [^ ]*\n$/, ' ada@laptop\n'));
      expect((await bed.dnx(words, { env: { PATH } })).stderr).toContain(`Add it: ${addKey('ada@laptop', "'@~/.ssh/work.pub'")}\n`);
      await expect(bed.shell(addKey('ada@laptop', "'@~/.ssh/work.pub'"))).toExit(0);
    } finally {
      rmSync(join(bed.directory, '.ssh'), { recursive: true, force: true });
      writeFileSync(bed.sshd.config, config);
    }
  });

  test('a changed host key: remove the old one, but never without a warning', async () => {
    const before = readFileSync(bed.sshd.knownHosts, 'utf8');
    const other = readFileSync(join(bed.sshd.directory, 'key.pub'), 'utf8');
    const removal = `ssh-keygen -f ${bed.sshd.knownHosts} -R '[127.0.0.1]:${bed.sshd.port}'`;
    writeFileSync(bed.sshd.knownHosts, `[127.0.0.1]:${bed.sshd.port} ${other}`);
    try {
      const ran = await run(bed.sshd.path);
      expect(ran).toExit(255, { stdout: '', says: 'REMOTE HOST IDENTIFICATION HAS CHANGED' });
      expect(ran.stderr).toContain(`remove the old key: ${removal}\nOtherwise another machine`);
      await expect(bed.shell(removal)).toExit(0);
      expect(readFileSync(bed.sshd.knownHosts, 'utf8')).toBe('');
      expect(ran.stderr).not.toMatch(/StrictHostKeyChecking=?\s*(no|off)|UserKnownHostsFile/);
    } finally {
      writeFileSync(bed.sshd.knownHosts, before);
    }
  });

  test('an unknown host key: accept it in a terminal', async () => {
    const ran = await run(sshWith(bed.sshd, 'UserKnownHostsFile=/dev/null', 'StrictHostKeyChecking=yes'));
    expect(ran).toExit(255, { stdout: '', says: 'The host key of web-1 is not in known_hosts.\n' });
    expect(ran.stderr).toContain('connect in a terminal: dnx ssh web-1\n');
  });

  test('a server that is down: its status and firewall', async () => {
    await bed.sshd.stop();
    try {
      const ran = await run(bed.sshd.path);
      expect(ran).toExit(255, { stdout: '' });
      expect(ran.stderr).toMatch(/^ssh: connect to host 127\.0\.0\.1 port \d+: Connection refused/);
      expect(ran.stderr).toContain('\nFirewall: dnx network-rule list --server web-1\n');
      const artisan = await bed.here(['artisan', '--site', 'shop.example.com', 'list']);
      expect([artisan.exitCode, artisan.stderr.includes('dnx server show web-1')]).toEqual([255, true]);
    } finally {
      await bed.sshd.start();
    }
  });

  test('a server that does not answer', async () => {
    const silence = await openSilence(bed.sshd);
    const port = /Port=(\d+)/.exec(readFileSync(`${silence.path.split(':')[0]}/ssh`, 'utf8'))?.[1];
    const ran = await run(sshWith(bed.sshd, `Port=${port}`, 'ConnectTimeout=1'));
    await silence.close();
    expect(ran).toExit(255, { stdout: '', says: 'Check that web-1 is active' });
  });

  test('a connection that is lost in the middle', async () => {
    const child = bed.dnx(['ssh', 'web-1', '--', 'sh', '-c', 'echo before; echo ready >&2; exec sleep 60']);
    await said(child, 'ready');
    bed.sshd.drop();
    await expect(child).toExit(255, { stdout: 'before\n', says: '! Lost the connection to web-1.\n' });
  });

  test('a remote command that exits 255 is not taken for ssh', async () => {
    await expect(bed.here(['ssh', 'web-1', '--', 'sh', '-c', 'exit 255'])).toExit(255, { stdout: '', stderr: '' });
  });

  test.each([
    ['Received disconnect from 203.0.113.10 port 22:2: Too many authentication failures', 'IdentitiesOnly'],
    ['@ WARNING: UNPROTECTED PRIVATE KEY FILE! @\nme@x: Permission denied (publickey).', 'chmod 600'],
  ])('%s', async (words, hint) => {
    const ran = await run(stubSsh(bed.sshd, `echo '${words}' >&2; exit 255`));
    expect([ran.exitCode, ran.stderr.includes(hint), ran.stderr.includes('ssh-key create')]).toEqual([255, true, false]);
  });
});

describe.skipIf(reason !== undefined)('what fails before ssh has the exit codes of dnx', () => {
  test('no ssh on this machine', async () => {
    await expect(bed.dnx(['ssh', 'web-1'], { env: { PATH: bed.directory } })).toExit(2, {
      stdout: '',
      stderr: 'Error: Could not run ssh: command not found.\n  Install OpenSSH, for example: sudo apt install openssh-client\n',
    });
  });

  test('not signed in, an unknown server, no network', async () => {
    const coded = async (words: readonly string[], env: Record<string, string> = {}) => (await bed.here(words, { env })).exitCode;
    expect(await coded(['ssh', 'web-1', '--', 'true'], { DNX_TOKEN: 'wrong' })).toBe(4);
    expect(await coded(['ssh', 'web-9', '--', 'true'])).toBe(6);
    expect(await coded(['ssh', 'web-1', '--', 'true'], { DNX_HOST: 'http://127.0.0.1:1' })).toBe(13);
  });

  test('a server of the sandbox that ssh does not map', async () => {
    const ssh = stubSsh(bed.sshd, '');
    writeFileSync(`${ssh.split(':')[0]}/ssh`, `#!/bin/sh\nif [ "$1" = -G ]; then echo "hostname $2"; else echo ran; fi\n`);
    for (const words of [
      ['ssh', 'web-2', '--', 'true'],
      ['artisan', '--site', 'web-2/staging.example.com', 'list'],
      ['logs', 'web-2/staging.example.com', '-f'],
    ]) {
      const ran = await bed.here(words, { env: { PATH: ssh } });
      expect(ran).toExit(13, { stdout: '' });
      expect(ran.stderr).toMatch(
        /^Error: Cannot connect to web-2: 203\.0\.113\.11 is an example address, as in the sandbox\.\n {2}To try this/,
      );
    }
  });
});
