import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { addDatabaseSite } from '../support/database-site.ts';
import { find, freePort } from '../support/programs.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh();
if (reason !== undefined) process.stderr.write(`Skipped the tests of a dnx db tunnel that fails: ${reason}\n`);
const it = test.skipIf(reason !== undefined);

const SITE = 'down.example.com';

let bed: SshBed;
let closed: number;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  closed = await freePort();
  addDatabaseSite(bed, SITE, { DB_CONNECTION: 'mariadb', DB_PORT: String(closed), DB_DATABASE: 'shop', DB_PASSWORD: 'hunter2' });
}, 60_000);
afterAll(() => bed?.close());

it('signs in to the server as another user', async () => {
  await expect(bed.dnx(['db', 'tunnel', SITE, '--user', 'nobody-there', '--', 'true'])).toExit(5, { stdout: '', says: 'nobody-there@' });
});

it('says what is wrong if the server cannot reach the database', async () => {
  const ran = await bed.dnx(['db', 'tunnel', SITE, '--', 'echo', 'ran']);
  expect(ran).toExit(13, { stdout: '' });
  expect(ran.stderr).toBe(
    `Error: web-1 did not reach the database at 127.0.0.1:${closed}: Connection refused\n  Check that the database is running, and DB_HOST and DB_PORT (from Deploynix).\n  See the server: dnx server show web-1\n`,
  );
});

it('says what is wrong if the server forbids port forwarding', async () => {
  const config = join(bed.sshd.directory, 'sshd_config');
  const before = readFileSync(config);
  onTestFinished(async () => {
    writeFileSync(config, before);
    await bed.sshd.stop();
    await bed.sshd.start();
  });
  appendFileSync(config, 'AllowTcpForwarding no\n');
  await bed.sshd.stop();
  await bed.sshd.start();
  await expect(bed.dnx(['db', 'tunnel', SITE, '--', 'echo', 'ran'])).toExit(13, { stdout: '', says: 'AllowTcpForwarding' });
});

it('says which port of the ssh configuration is in use', async () => {
  const before = readFileSync(bed.sshd.config);
  onTestFinished(() => writeFileSync(bed.sshd.config, before));
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  appendFileSync(bed.sshd.config, `  LocalForward 127.0.0.1:${port} 127.0.0.1:1\n`);
  const ran = await bed.dnx(['db', 'tunnel', SITE, '--', 'echo', 'ran']);
  expect(ran).toExit(1, { stdout: '' });
  expect(ran.stderr).toBe(
    `Error: ssh could not listen on port ${port}, which your ssh configuration forwards: it is in use.\n  End the program that uses it, or remove LocalForward or DynamicForward ${port} for web-1.\n`,
  );
});

it('says that ssh is missing', async () => {
  const programs = join(bed.directory, 'without-ssh');
  mkdirSync(programs);
  symlinkSync(find('sh') ?? '', join(programs, 'sh'));
  const ran = await bed.dnx(['db', 'tunnel', SITE], { env: { PATH: programs } });
  expect(ran).toExit(2, { stdout: '', says: 'Error: Could not run ssh: command not found.\n' });
});
