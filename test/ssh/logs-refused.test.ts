import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LogBed, openLogBed } from '../support/followed.ts';
import { stubSsh } from '../support/ssh-stub.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { sampled, seedOf } from '../support/volume.ts';

const reason = reasonAgainstSsh('dnx logs');
const it = test.skipIf(reason !== undefined);
const DOMAIN = ownDomain('refused');
const OTHER = `/var/log/nginx/other.${DOMAIN}-error.log`;
const LARAVEL = 'shared/storage/logs/laravel.log';

let bed: LogBed;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openLogBed(DOMAIN);
  bed.sshd.share();
  mkdirSync('/var/log/nginx', { recursive: true });
  writeFileSync(OTHER, 'of another site\n');
});
beforeEach(() => bed?.reset());
afterAll(async () => {
  rmSync(OTHER, { force: true });
  await bed?.close();
});

const logs = (...args: readonly string[]) => bed.here(['logs', DOMAIN, ...args]);

describe('what cannot be shown', () => {
  it('a site without a log has a note', async () => {
    await expect(logs()).toExit(0, { stdout: '', stderr: `No Laravel log of ${DOMAIN} yet\n` });
    expect((await logs('--json')).stdout).toBe('[]\n');
  });

  it('a site without a directory says where dnx looked', async () => {
    rmSync(bed.root, { recursive: true });
    const run = await logs();
    expect(run).toExit(6, { stdout: '', stderr: `Error: No directory of ${DOMAIN} on web-1: ${bed.root}\n  Name the file with --path.\n` });
  });

  it('a missing file of --path, with the files that there are', async () => {
    bed.reset({ 'there.log': 'there\n' });
    const run = await logs('--path', '/no/such.log', '--path', `${bed.root}/there.log`);
    expect(run).toExit(6, { stdout: 'there\n', stderr: 'Error: No such file on web-1: /no/such.log\n' });
    await expect(logs('--path', bed.root)).toExit(6);
  });

  it('a file of root, and files in a directory of root', async () => {
    bed.reset({ [LARAVEL]: 'secret\n', 'locked/a.log': 'secret\n' });
    execFileSync('chown', ['root', join(bed.root, LARAVEL), join(bed.root, 'locked')]);
    execFileSync('chmod', ['700', join(bed.root, LARAVEL), join(bed.root, 'locked')]);
    const hint = '  Only its owner and root may read it. Use --user root.\n';
    await expect(logs()).toExit(5, { stdout: '', stderr: `Error: Cannot read ${bed.root}/${LARAVEL}: permission denied\n${hint}` });
    const locked = await logs('--path', `${bed.root}/locked/a.log`);
    expect(locked).toExit(5, { stderr: `Error: Cannot read ${bed.root}/locked/a.log: permission denied\n${hint}` });
  });

  it('a file that a group may read, with the command that lets the user read it', async () => {
    bed.reset({ [LARAVEL]: 'secret\n' });
    execFileSync('chown', ['root:adm', join(bed.root, LARAVEL)]);
    execFileSync('chmod', ['640', join(bed.root, LARAVEL)]);
    const hint = 'The group adm may read it. On the server, as root: usermod -aG adm deploynix. Or use --user root.';
    await expect(logs()).toExit(5, { stderr: `Error: Cannot read ${bed.root}/${LARAVEL}: permission denied\n  ${hint}\n` });
    await expect(logs('--source', 'worker')).toExit(0, { stderr: `No worker log of ${DOMAIN} yet\n` });
  });

  it('neither a device nor a FIFO is read', async () => {
    execFileSync('mkfifo', [join(bed.root, 'fifo')]);
    await expect(logs('--path', '/dev/zero', '--path', `${bed.root}/fifo`)).toExit(6);
  });
});

it('an account that runs no commands fails, also with -f', async () => {
  const path = stubSsh(bed.sshd, 'echo "This account is not available." >&2; exit 1');
  const run = await bed.here(['logs', DOMAIN, '-f'], { env: { PATH: path } });
  expect(run).toExit(1, { stdout: '', stderr: 'Error: Could not run sh on web-1 (exit code 1): This account is not available.\n' });
});

describe('hostile names change nothing', () => {
  const names = ["'; touch ran; '", '$(touch ran)', '`touch ran`', '-rf', '*', '?[a-z]', 'a  b ', 'a\\b', '"', '~', 'root:x', '%s %n'];
  it('in --path', async () => {
    const live = 'releases/20260102_000000';
    bed.reset({ [`${live}/x`]: 'wrong\n', ...Object.fromEntries(names.map((name) => [`${live}/${name}`, `this is ${name}\n`])) });
    const some = sampled(names, 2, seedOf(11));
    const runs = await Promise.all(some.map((name) => logs('--path', name)));
    expect(runs.map(({ exitCode, stderr, stdout }) => [exitCode, stderr, stdout])).toEqual(
      some.map((name) => [0, '', `this is ${name}\n`]),
    );
    expect(readdirSync(`${bed.root}/${live}`).sort()).toEqual([...names, 'x'].sort());
    expect(existsSync('/home/deploynix/ran')).toBe(false);
  });

  it.each([`*.${DOMAIN}`, "$(touch ran);'"])('a domain such as %j matches no other file of nginx', async (domain) => {
    const site = bed.sandbox.state.sites.find((each) => each.domain === DOMAIN);
    if (!site) throw new Error('the site is there');
    site.domain = domain;
    const run = await bed.here(['logs', '--site', site.id, '--server', 'web-1', '--source', 'nginx']);
    site.domain = DOMAIN;
    // What nginx logs for all sites may be there, and only root may be allowed to read it.
    expect([0, 5]).toContain(run.exitCode);
    expect(run.stdout).not.toContain('of another site');
    expect(existsSync('/home/deploynix/ran')).toBe(false);
  });

  it('a domain is not a pattern of dnx', async () => {
    const site = bed.sandbox.state.sites.find((each) => each.domain === DOMAIN) ?? expect.fail('no site');
    site.domain = `PHP.${DOMAIN}`;
    const file = `/var/log/nginx/${site.domain}-error.log`;
    writeFileSync(file, 'of PHP\n');
    const run = await bed.here(['logs', '--site', site.id, '--server', 'web-1', '--source', 'nginx']);
    rmSync(file);
    site.domain = DOMAIN;
    expect(run).toExit(0, { stdout: 'of PHP\n' });
  });

  it('a file of a worker whose name has a newline is left out', async () => {
    bed.reset({
      'shared/storage/logs/worker.log': 'right\n',
      'shared/storage/logs/worker': 'wrong\n',
      'shared/storage/logs/worker\nx.log': 'wrong\n',
    });
    await expect(logs('--source', 'daemon')).toExit(0, { stderr: '', stdout: 'right\n' });
  });
});
