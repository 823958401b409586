import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { firstObject, said } from '../support/executable.ts';
import { freePort } from '../support/programs.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh('dnx tunnel');

const SITE = ownDomain('tunnel');

let bed: SshBed;
/** What listens on the loopback of the server, which is that of this machine, so a tunnel gets another port. It waits for a line, as Redis does, and repeats it. */
let service: Server;
let remote: number;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  bed.shop(SITE, { releases: ['20260102_000000'] });
  service = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  remote = await freePort();
  await new Promise<void>((resolve) => service.listen(remote, '127.0.0.1', resolve));
});
afterAll(async () => {
  service?.close();
  await bed?.close();
});

/** Sends a line to a port in bash, and prints the answer. */
const ASK = 'exec 3<>/dev/tcp/$TUNNEL_HOST/$TUNNEL_PORT; echo PING >&3; head -n 1 <&3';

/** Starts a tunnel with `--json` and resolves once it says where it is. */
async function opened(...words: readonly string[]) {
  const child = bed.dnx(['tunnel', String(remote), ...words, '--json']);
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, tunnel: JSON.parse(await firstObject(child)) as { port: number } };
}

const ask = (port: number) => bed.shell(ASK, { env: { TUNNEL_HOST: '127.0.0.1', TUNNEL_PORT: String(port) } });

describe.skipIf(reason !== undefined)('dnx tunnel', () => {
  test.each([['web-1'], [SITE]])('runs a command through a port of %s, and ends with its exit code', async (target) => {
    const ran = await bed.dnx(['tunnel', String(remote), target, '--', 'bash', '-c', `${ASK}; exit 42`]);
    expect(ran).toExit(42, { stderr: '', stdout: 'PING\n' });
  });

  test('leads to a host behind the server, named before or after it, by IPv6, too', async () => {
    const six = createServer((socket) => socket.on('error', () => {}).pipe(socket));
    await new Promise<void>((resolve) => six.listen(remote, '::1', resolve));
    for (const words of [
      [`localhost:${remote}`, SITE],
      ['web-1', `[::1]:${remote}`],
    ])
      await expect(bed.dnx(['tunnel', ...words, '--', 'bash', '-c', ASK])).toExit(0, { stderr: '', stdout: 'PING\n' });
    await new Promise((resolve) => six.close(resolve));
    const gone = await bed.dnx(['tunnel', 'web-1', `[::1]:${remote}`, '--', 'echo', 'ran']);
    expect(gone).toExit(13, { stdout: '', says: `Check that [::1] accepts connections from web-1 on port ${remote}.` });
    const child = bed.dnx(['tunnel', 'web-1', `127.0.0.1:${remote}`, '--json']);
    onTestFinished(() => void child.kill('SIGKILL'));
    expect(JSON.parse(await firstObject(child))).toMatchObject({ server: 'web-1', remote_host: '127.0.0.1', remote_port: remote });
    child.kill('SIGTERM');
    await expect(child).toExit(143);
  });

  test('finds the site of the settings, and a command after --', async () => {
    const ran = await bed.dnx(['tunnel', String(remote), '--', 'bash', '-c', ASK], { env: { DNX_SITE: SITE } });
    expect(ran).toExit(0, { stderr: '', stdout: 'PING\n' });
  });

  test('says where it is, keeps its port when the line is cut, and closes with Ctrl-C', async () => {
    const wanted = await freePort();
    const { child, tunnel } = await opened('web-1', '--port', String(wanted));
    expect(tunnel).toEqual({ host: '127.0.0.1', port: wanted, server: 'web-1', remote_host: 'localhost', remote_port: remote });
    expect((await ask(wanted)).stdout).toBe('PING\n');
    const lost = said(child, 'Lost the connection to web-1; reconnecting');
    const back = said(child, `Reconnected 127.0.0.1:${wanted} → web-1:${remote}`);
    bed.sshd.drop();
    await lost;
    await back;
    expect((await ask(wanted)).stdout).toBe('PING\n');
    child.kill('SIGINT');
    await expect(child).toExit(130);
    expect((await ask(wanted)).exitCode).not.toBe(0);
  });

  test('takes another port if the same one is in use here', async () => {
    const { child, tunnel } = await opened('web-1');
    expect(tunnel.port).toBeGreaterThan(remote);
    expect((await ask(tunnel.port)).stdout).toBe('PING\n');
    child.kill('SIGTERM');
    await expect(child).toExit(143);
  });

  test('shows people one line', async () => {
    const child = bed.dnx(['tunnel', String(remote), 'web-1', '--port', String(await freePort())]);
    await said(child, 'Ctrl-C');
    child.kill('SIGTERM');
    const { stdout, stderr } = await child;
    expect(stdout).toMatch(new RegExp(`^127\\.0\\.0\\.1:\\d+ → web-1:${remote}\\n$`));
    expect(stderr).toBe('Press Ctrl-C to close the tunnel.\nError: Terminated.\n');
  });

  test('fails if nothing listens there, before it says that it is open', async () => {
    const free = await freePort();
    const ran = await bed.dnx(['tunnel', String(free), 'web-1', '--port', String(await freePort()), '--', 'echo', 'ran']);
    expect(ran).toExit(13, { stdout: '' });
    expect(ran.stderr).toBe(
      `Error: web-1 did not reach a program at localhost:${free}: Connection refused\n  Check that a program on web-1 listens on port ${free}.\n  See the server: dnx server show web-1\n`,
    );
  });

  test.each([
    [['tunnel', '--server', 'web-1'], 'Missing port'],
    [['tunnel', 'web-1'], 'Missing port'],
    [['tunnel', 'web-1', 'web-2'], "'web-1' is not a port or HOST:PORT."],
    [['tunnel', '70000', 'web-1'], 'must be from 1 to 65535'],
    [['tunnel', 'web-1', 'redis:0'], 'must be from 1 to 65535'],
    [['tunnel', '::1:6379', 'web-1'], 'Put an IPv6 address in brackets'],
    [['tunnel', 'web-1', '-L:1'], "Unknown option '-L:1'"],
    [['tunnel', '/tmp/socket:6379', 'web-1'], 'is not a port or HOST:PORT.'],
    [['tunnel', 'a b:6379', 'web-1'], 'is not a port or HOST:PORT.'],
    [['tunnel', 'a:80:b:6379', 'web-1'], 'is not a port or HOST:PORT.'],
    [['tunnel', '6379', 'web-1', '--port', '70000'], 'must be at most 65535'],
    [['tunnel', '6379'], 'No server or site given'],
  ])('refuses %j', async (words, message) => {
    await expect(bed.here(words)).toExit(2, { stdout: '', says: message });
  });
});
