import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, createServer, type Server } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AuditFinding } from '../../src/features/audit/finding.ts';
import { sshRules } from '../../src/features/audit/rules.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh('dnx audit --ssh');

/** Where Debian and Ubuntu note that a reboot is pending. */
const REBOOT = '/var/run/reboot-required';
const pending = existsSync(REBOOT);

let bed: SshBed;
let web: Server;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  bed.sshd.share();
  web = await openWeb(bed.directory);
  const { port } = web.address() as AddressInfo;
  plant(
    'openssl',
    `for each; do shift; case $each in 127.0.0.1:443) each=127.0.0.1:${port} ;; esac; set -- "$@" "$each"; done
exec /usr/bin/openssl "$@"`,
  );
});
afterEach(() => {
  if (reason === undefined) well();
});
afterAll(async () => {
  web?.close();
  await bed?.close();
});

const plant = (name: string, script: string): void => bed.sshd.program(name, `#!/bin/sh\n${script}\n`);

const df = (used: number): string =>
  `echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'\necho '/dev/vda1 81106868 25342128 55748356 ${used}% /'`;

function removeReboot(): void {
  if (!pending) for (const each of [REBOOT, `${REBOOT}.pkgs`]) rmSync(each, { force: true });
}

/** A server with nothing to report. */
function well(): void {
  removeReboot();
  plant('df', df(32));
  plant('apt-get', "echo 'Inst curl [8.5.0-2] (8.5.0-3 Ubuntu:24.04/noble-updates [amd64])'");
  plant('supervisorctl', "echo 'shop-worker:shop-worker_00   RUNNING   pid 812, uptime 3:12:07'");
}

/** Serves a certificate of a CA for each site: one that is fine, one that expires in 3 days, and one for another name. */
async function openWeb(directory: string): Promise<Server> {
  const at = (name: string) => join(directory, name);
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=Test CA', '-days', '900');
  const context = (name: string, days: number) => {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    writeFileSync(at('names'), `subjectAltName=DNS:${name}\n`);
    const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-days', String(days), '-extfile', 'names'];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, ...signed);
    return createSecureContext({ key: readFileSync(at(`${name}.key`)), cert: readFileSync(at(`${name}.crt`)) });
  };
  const fine = context('shop.example.com', 60);
  const soon = context('blog.example.com', 3);
  const server = createServer({
    SNICallback: (name, answer) => answer(null, name === 'blog.example.com' ? soon : fine),
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

/** What an audit of web-1 finds on the server itself, and how it ends. */
async function audit(...options: readonly string[]) {
  const { exitCode, stdout, stderr } = await bed.here(['audit', '--server', 'web-1', '--json', ...options]);
  const found = (JSON.parse(stdout) as AuditFinding[]).filter(({ rule }) => (sshRules as readonly string[]).includes(rule));
  return { exitCode, stderr, found, brief: found.map(({ severity, site, message }) => [severity, site, message]) };
}

describe.skipIf(reason !== undefined)('dnx audit --ssh', () => {
  test('finds the certificates that are really served', async () => {
    well();
    const { brief, found } = await audit('--ssh');
    expect(brief).toEqual([
      ['high', 'blog.example.com', expect.stringMatching(/^The certificate that nginx serves expires in (2d|3d)/)],
      ...bed.sandbox.state.sites
        .filter(
          ({ domain, server_id }) => server_id === seeded.servers['web-1'] && !['shop.example.com', 'blog.example.com'].includes(domain),
        )
        .map(({ domain }) => ['high', domain, 'The certificate that nginx serves is for another name']),
    ]);
    expect(found[0]?.fix?.command).toBe('dnx ssh web-1 sudo systemctl reload nginx');
  });

  test('finds pending updates, a pending reboot, a disk that is almost full, and what Supervisor gave up', async () => {
    plant('df', df(96));
    plant('apt-get', "echo 'Inst openssl [3.0.13-0ubuntu3.4] (3.0.13-0ubuntu3.5 Ubuntu:24.04/noble-security [amd64])'");
    plant('supervisorctl', "echo 'shop-worker:shop-worker_00   FATAL     Exited too quickly (process log may have details)'; exit 3");
    writeFileSync(REBOOT, '*** System restart required ***\n');
    writeFileSync(`${REBOOT}.pkgs`, 'linux-image-6.8.0-88-generic\nlinux-base\nlinux-base\n');
    const { found } = await audit('--ssh');
    // Others read this machine, too.
    removeReboot();
    expect(
      found.filter(({ site }) => site === null).map(({ rule, severity, message, fix }) => [rule, severity, message, fix?.command]),
    ).toEqual([
      ['disk-almost-full', 'high', 'Disk / is 96% full', 'dnx ssh web-1 df -h'],
      [
        'process-given-up',
        'high',
        'Supervisor gave up shop-worker:shop-worker_00: Exited too quickly (process log may have details)',
        'dnx ssh web-1 sudo supervisorctl tail shop-worker:shop-worker_00 stderr',
      ],
      [
        'security-updates-pending',
        'medium',
        '1 security update is not installed: openssl',
        'dnx ssh web-1 sudo apt-get upgrade --with-new-pkgs',
      ],
      ['reboot-pending', 'low', 'A reboot is pending: linux-image-6.8.0-88-generic and linux-base', 'dnx server restart web-1'],
    ]);
    expect((await audit()).found).toEqual([]);
  });

  test('says what it could not check, and exits 12', async () => {
    plant('apt-get', 'exit 100');
    plant(
      'supervisorctl',
      'echo "error: <class \'PermissionError\'>, [Errno 13] Permission denied: file: /usr/lib/python3/dist-packages/supervisor/xmlrpc.py line: 560"',
    );
    const { brief, exitCode } = await audit('--ssh');
    expect(exitCode).toBe(12);
    expect(brief.filter(([severity]) => severity === 'not_checked').map(([, , message]) => message)).toEqual([
      'Not checked on web-1: apt-get did not say which updates there are.',
      'Not checked on web-1: This user may not ask Supervisor.',
    ]);
  });

  test('signs in to no server that is being provisioned, and says so if the sites could not be read', async () => {
    const server = bed.sandbox.state.servers.find(({ name }) => name === 'web-1');
    const { status, provisioned_at } = server ?? {};
    Object.assign(server ?? {}, { status: 'provisioning', provisioned_at: null });
    const { exitCode, brief } = await audit('--ssh');
    Object.assign(server ?? {}, { status, provisioned_at });
    expect([exitCode, new Set(brief.map(([, , message]) => message))]).toEqual([
      0,
      new Set(['Not checked on web-1: The server is still being provisioned.']),
    ]);
    const sites = { method: 'GET', path: /\/sites$/ };
    bed.sandbox.faults.always(sites, { status: 403, body: { message: 'Invalid ability provided.' } });
    const unread = await audit('--ssh');
    bed.sandbox.faults.clear();
    expect(unread.brief).toEqual([['not_checked', null, 'Not checked on web-1: The sites of the server could not be read.']]);
  });

  test('lists every check of a server that cannot be reached', async () => {
    const { stdout, exitCode } = await bed.here(['audit', '--server', 'web-1', '--ssh', '--json'], { env: { PATH: '/nowhere' } });
    const gaps = (JSON.parse(stdout) as AuditFinding[]).filter(({ severity }) => severity === 'not_checked');
    expect([exitCode, gaps.map(({ rule }) => rule)]).toEqual([12, [...sshRules]]);
    expect(gaps[0]?.message).toBe('Not checked on web-1: Could not run ssh: command not found.');
  });
});
