import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { find, freePort, lacking } from '../support/programs.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { openSilence, stubSsh } from '../support/ssh-stub.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';

const missing = lacking(['nginx']);
const reason = reasonAgainstSsh('dnx service') ?? (missing.length > 0 ? `this machine lacks ${missing.join(', ')}` : undefined);

const SITE = ownDomain('service');

/** A stand-in for systemd, which runs in no container: real nginx processes, and other units that only have a state. */
const SYSTEMCTL = `#!/bin/sh
cd DIRECTORY/units || exit 1
running() { [ -s nginx.pid ] && kill -0 "$(cat nginx.pid)" 2>/dev/null; }
state() {
  if [ "$1" = nginx ]; then if running; then echo active running; else echo failed failed; fi; else cat "$1"; fi
}
refuse() {
  if [ ! -e ../refused ] || [ -n "$AS_ROOT" ]; then return 0; fi
  echo "Failed to $1 $2.service: Interactive authentication required." >&2
  exit 1
}
action=$1
case $action in
  show)
    if [ -e ../offline ]; then echo "System has not been booted with systemd as init system (PID 1). Can't operate." >&2; exit 1; fi
    shift
    for each; do
      name=\${each%.service} id='' result=success
      case $name in -*) continue ;; mysql) name=mariadb ;; php\\*-fpm) name=php8.4-fpm ;; postgresql@\\*) name=postgresql@17-main ;; esac
      if [ "$name" != nginx ] && [ ! -e "$name" ]; then printf 'Id=%s.service\\nNames=%s.service\\nLoadState=not-found\\nActiveState=inactive\\nSubState=dead\\n\\n' "$name" "$name"; continue; fi
      set -- $(state "$name")
      if [ "$1" = failed ]; then result=exit-code; fi
      printf 'Type=notify\\nMemoryCurrent=%s\\nResult=%s\\nId=%s.service\\nNames=%s.service%s\\nLoadState=loaded\\nActiveState=%s\\nSubState=%s\\nUnitFileState=%s\\nStateChangeTimestamp=Tue 2026-11-24 10:11:12 UTC\\n\\n' "$([ "$name" = redis-server ] && echo '[not set]' || echo 41943040)" "\${4:-$result}" "$name" "$name" "$([ "$name" = mariadb ] && echo ' mysql.service')" "$1" "$2" "\${3:-enabled}"
    done
    ;;
  restart)
    refuse "$1" "$2"
    case $(cat "$2" 2>/dev/null) in *masked) echo "Failed to $1 $2.service: Unit $2.service is masked." >&2; exit 1 ;; esac
    if [ "$2" != nginx ]; then echo 'active running' >"$2"; exit; fi
    if [ -e ../slow ]; then echo restarting >../begun; while [ -e ../slow ]; do sleep 0.1; done; fi
    if running; then kill -QUIT "$(cat nginx.pid)"; while running; do sleep 0.02; done; fi
    DIRECTORY/programs/nginx 2>../journal || { echo "Job for nginx.service failed because the control process exited with error code." >&2; exit 1; }
    ;;
  reload)
    refuse "$1" "$2"
    case $2 in
      nginx) kill -HUP "$(cat nginx.pid)" ;;
      *) echo "Failed to reload $2.service: Job type reload is not applicable for unit $2.service." >&2; exit 3 ;;
    esac
    ;;
esac
exit 0
`;

/** A sudo that allows what a file lists, as sudoers does. */
const SUDO = `#!/bin/sh
shift
echo "$*" >>DIRECTORY/asked
if [ -e DIRECTORY/unnamed ]; then echo 'sudo: unable to resolve host web-1: Name or service not known' >&2; fi
if grep -qxF "$*" DIRECTORY/sudoers 2>/dev/null; then AS_ROOT=1 exec "$@"; fi
echo 'sudo: a password is required' >&2
exit 1
`;

let bed: SshBed;
let port: number;
const at = (name: string) => join(bed.sshd.directory, name);
const configure = (extra = '') =>
  writeFileSync(
    at('nginx.conf'),
    `pid ${at('units/nginx.pid')};\nerror_log ${at('units/error.log')};\nevents {}\nhttp {\n  access_log off;\n${[
      'client_body',
      'proxy',
      'fastcgi',
      'uwsgi',
      'scgi',
    ]
      .map((name) => `  ${name}_temp_path ${at(`units/${name}`)};\n`)
      .join('')}  ${extra}\n  server { listen 127.0.0.1:${port}; return 200 "up"; }\n}\n`,
  );

beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  bed.sshd.share();
  bed.shop(SITE, { releases: ['20260102_000000'] });
  mkdirSync(at('units'));
  port = await freePort();
  const program = (name: string, script: string) => bed.sshd.program(name, script.replaceAll('DIRECTORY', bed.sshd.directory));
  program('systemctl', SYSTEMCTL);
  program('sudo', SUDO);
  program('nginx', `#!/bin/sh\nexec ${find('nginx')} -c DIRECTORY/nginx.conf "$@"\n`);
  program('journalctl', '#!/bin/sh\ncat DIRECTORY/journal 2>/dev/null\n');
  for (const unit of ['mariadb', 'php8.4-fpm', 'postgresql', 'postgresql@17-main', 'redis-server', 'supervisor'])
    writeFileSync(
      at(`units/${unit}`),
      unit === 'supervisor' ? 'failed failed enabled start-limit-hit' : `active ${unit === 'postgresql' ? 'exited' : 'running'}`,
    );
  execFileSync('chmod', ['-R', 'a+rwX', bed.sshd.directory]);
  chmodSync(at('key'), 0o600);
});
beforeEach(() => {
  if (reason !== undefined) return;
  configure();
  for (const name of ['refused', 'sudoers', 'slow', 'begun', 'asked', 'unnamed', 'offline', 'journal']) rmSync(at(name), { force: true });
});
afterAll(async () => {
  if (bed) stopNginx();
  await bed?.close();
});

function pid(): string | undefined {
  try {
    return readFileSync(at('units/nginx.pid'), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
function stopNginx(): void {
  const running = pid();
  if (running !== undefined) execFileSync('kill', [running]);
}
const restart = (...words: readonly string[]) => bed.here(['service', 'restart', ...words, '--yes']);

describe.skipIf(reason !== undefined)('dnx service list', () => {
  test('shows each service once, as systemd has it', async () => {
    await expect(restart('nginx', 'web-1')).toExit(0);
    const ran = await bed.here(['service', 'list', 'web-1', '--json']);
    expect(ran).toExit(0);
    const common = { server: 'web-1', detail: 'running', changed_at: '2026-11-24T10:11:12Z', memory_bytes: 41_943_040, at_boot: 'enabled' };
    const services = JSON.parse(ran.stdout);
    expect(services.map(({ name }: { name: string }) => name)).toEqual([
      'mariadb',
      'nginx',
      'php8.4-fpm',
      'postgresql@17-main',
      'redis-server',
      'supervisor',
    ]);
    expect(services[1]).toEqual({ ...common, name: 'nginx', status: 'active' });
    expect(services[4]).toMatchObject({ memory_bytes: null });
    expect(services[5]).toMatchObject({ status: 'failed', detail: 'start-limit-hit' });
  });

  test('of a user without a shell is a failure, and no empty list', async () => {
    const path = stubSsh(bed.sshd, 'echo "This account is currently not available."; exit 1');
    const ran = await bed.here(['service', 'list', 'web-1'], { env: { PATH: path } });
    expect(ran).toExit(1, { stdout: '', says: 'web-1 ran no command over SSH.' });
  });

  test('with --all names a server that does not answer, beside the others', async () => {
    const silence = await openSilence(bed.sshd, '203.0.113.11');
    const ran = await bed.here(['service', 'list', '--all', '--json'], { env: { PATH: silence.path } });
    await silence.close();
    const servers = new Set(JSON.parse(ran.stdout).map(({ server }: { server: string }) => server));
    expect([ran.exitCode, servers]).toEqual([
      12,
      new Set(bed.sandbox.state.servers.map(({ name }) => name).filter((name) => name !== 'web-2')),
    ]);
    expect(ran.stderr).toContain('web-2: Could not connect to web-2 over SSH');
    expect(ran.stderr).toContain('web-2 did not answer within 10 s.');
  });
});

describe.skipIf(reason !== undefined)('dnx service restart', () => {
  test('restarts nginx after a test of its configuration', async () => {
    await expect(restart('nginx', 'web-1')).toExit(0);
    const before = pid();
    const ran = await restart('nginx', 'web-1');
    expect(ran).toExit(0, { stdout: '✓ Restarted nginx on web-1\n', stderr: '' });
    expect(pid()).not.toBe(before);
    expect(existsSync(at('asked')), 'sudo').toBe(false);
  });

  test('leaves one alone whose configuration is broken, and shows the line', async () => {
    await expect(restart('nginx', 'web-1')).toExit(0);
    const before = pid();
    configure('serve_nothing on;');
    for (const words of [
      ['restart', 'nginx', 'web-1', '--yes'],
      ['reload', 'nginx', 'web-1'],
    ]) {
      const ran = await bed.here(['service', ...words]);
      expect(ran).toExit(1, { stdout: '', says: `The configuration of nginx on web-1 is broken, so it was not ${words[0]}ed.` });
      expect(ran.stderr).toContain('[emerg]');
      expect(ran.stderr).toContain(`unknown directive "serve_nothing" in ${at('nginx.conf')}`);
    }
    expect(pid()).toBe(before);
  });

  test('fails for one that does not come up, with its last lines', async () => {
    stopNginx();
    await expect.poll(pid).toBe(undefined);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    const ran = await restart('nginx', 'web-1');
    await new Promise((resolve) => other.close(resolve));
    expect(ran).toExit(1, { stdout: '', says: 'nginx on web-1 is failed (exit-code) after the restart.' });
    expect(ran.stderr).toContain(`bind() to 127.0.0.1:${port} failed (98: Address already in use)`);
    expect(ran.stderr).toContain('dnx ssh web-1 -- systemctl status nginx');
  });

  test('takes php-fpm as that of the site, and a whole PostgreSQL', async () => {
    Object.assign(bed.sandbox.state.sites.find(({ domain }) => domain === SITE) ?? {}, { php_version: '8.4' });
    writeFileSync(at('units/php8.4-fpm'), 'failed failed');
    await expect(restart('php-fpm', SITE)).toExit(0, { stdout: '✓ Restarted php8.4-fpm on web-1\n' });
    writeFileSync(at('units/postgresql@17-main'), 'failed failed');
    await expect(restart('postgresql', 'web-1')).toExit(1, { says: 'postgresql@17-main on web-1 is failed (exit-code)' });
    writeFileSync(at('units/postgresql@17-main'), 'active running');
  });

  test('does it with sudo, and where that is not allowed, says what would allow it', async () => {
    writeFileSync(at('refused'), '');
    const ran = await restart('nginx', 'web-1');
    expect(ran).toExit(5, { stdout: '', says: 'deploynix may not restart nginx on web-1.' });
    expect(ran.stderr).toContain('dnx ssh web-1 --user root -- systemctl restart nginx');
    const [, rule = ''] = /NOPASSWD: (.*)/.exec(ran.stderr) ?? [];
    expect(rule).toBe(`${at('programs/systemctl')} restart nginx`);
    // sudo finds the path of a word itself.
    writeFileSync(at('sudoers'), `${rule.replace(/^\S*\//, '')}\n`);
    await expect(restart('nginx', 'web-1')).toExit(0, { stdout: '✓ Restarted nginx on web-1\n' });
  });

  test('takes a warning of sudo for no refusal', async () => {
    for (const name of ['refused', 'unnamed']) writeFileSync(at(name), '');
    writeFileSync(at('sudoers'), 'systemctl restart redis-server\n');
    writeFileSync(at('units/redis-server'), 'inactive dead masked');
    const ran = await restart('redis-server', 'web-1');
    writeFileSync(at('units/redis-server'), 'active running');
    expect(ran).toExit(1, { stdout: '', says: 'redis-server on web-1 is inactive (dead) after the restart.' });
    expect(ran.stderr).toContain('Unit redis-server.service is masked.');
  });

  test('says that systemd does not answer, instead of that there are no services', async () => {
    writeFileSync(at('offline'), '');
    for (const words of [
      ['list', 'web-1'],
      ['restart', 'nginx', 'web-1', '--yes'],
    ])
      await expect(bed.here(['service', ...words])).toExit(1, { stdout: '', says: 'systemd does not answer on web-1' });
  });

  test('does not reload what cannot be', async () => {
    const ran = await bed.here(['service', 'reload', 'redis-server', 'web-1']);
    expect(ran).toExit(1, { says: 'Could not reload redis-server on web-1.' });
    expect(ran.stderr).toContain('Job type reload is not applicable');
  });

  test('asks a person, by the names of the service and the server', async () => {
    const ran = await bed.here(['service', 'restart', 'nginx', SITE], { columns: 100, keys: 'n\r' });
    expect(ran).toExit(1, { says: 'Its sites may be down until it is back up.' });
    expect(ran.stderr).toContain('Restart nginx on web-1?');
  });

  test('Ctrl-C says how to see whether it restarted', async () => {
    writeFileSync(at('slow'), '');
    const child = bed.dnx(['service', 'restart', 'nginx', 'web-1', '--yes']);
    await expect.poll(() => existsSync(at('begun'))).toBe(true);
    child.kill('SIGINT');
    await expect(child).toExit(130, { stdout: '', says: 'See whether it restarted: dnx service list web-1' });
  });

  test.each([
    [['restart', 'nginx', 'web-1'], 2, 'Use --yes.'],
    [['restart', 'cron', 'web-1', '--yes'], 6, 'No service cron on web-1.\n  It has mariadb, nginx, php8.4-fpm'],
    [['restart', '-x', 'web-1', '--yes'], 2, "Unknown option '-x'"],
    [['reload', '*', 'web-1'], 2, "'*' is not the name of a service."],
    [['reload', 'nginx;id', 'web-1'], 2, "'nginx;id' is not the name of a service."],
    [['reload', 'php-fpm', 'web-9'], 6, "'web-9' not found"],
    [['list', 'web-1', '--all'], 2, '--all cannot be combined'],
  ])('refuses %j', async (words, code, message) => {
    await expect(bed.here(['service', ...words])).toExit(code, { stdout: '', says: message });
  });
});
