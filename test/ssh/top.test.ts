import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Printed } from '../../src/base/schema.ts';
import type { serverDiagnosisShape } from '../../src/features/why/server/diagnose.ts';
import { openFpm } from '../support/fpm.ts';
import { freePort, lacking, need, startServer } from '../support/programs.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { openSilence } from '../support/ssh-stub.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';
import { keys, openTerminal, shown } from '../support/terminal.ts';
import { sampled, seedOf } from '../support/volume.ts';

const reason = reasonAgainstSsh('dnx top and dnx why of a server');

let bed: SshBed;
let silence: Awaited<ReturnType<typeof openSilence>>;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  bed.sshd.share();
  // The address of web-2.
  silence = await openSilence(bed.sshd, '203.0.113.11');
});
afterAll(async () => {
  await silence?.close();
  await bed?.close();
});
afterEach(() => {
  if (reason === undefined) well();
});

const plant = (name: string, script: string): void => bed.sshd.program(name, `#!/bin/sh\n${script}\n`);
const prints = (name: string, ...lines: readonly string[]): void => plant(name, `cat <<'END'\n${lines.join('\n')}\nEND`);

const HEAD = 'Filesystem 1024-blocks Used Available Capacity Mounted on';
const df = (used: number, inodes: number): void =>
  plant('df', `case $1 in *i) used=${inodes} ;; *) used=${used} ;; esac; echo '${HEAD}'; echo "/dev/vda1 100 1 1 $used% /"`);
const free = (available: number): void =>
  prints('free', 'total used free shared buff/cache available', `Mem: 4000000000 1 1 1 1 ${available}`, 'Swap: 2000000000 500000000 1');

/** A stand-in for systemd, which does not run here. */
const systemd = (states: Readonly<Record<string, string>>, failed = ''): void =>
  plant(
    'systemctl',
    `if [ "$1" = list-units ]; then printf '%s' '${failed}'; exit; fi\n${Object.entries({
      nginx: 'active',
      'php8.3-fpm': 'active',
      ...states,
    })
      .map(([name, state]) => `printf 'Id=%s.service\\nActiveState=%s\\nUnitFileState=enabled\\n\\n' ${name} ${state}`)
      .join('\n')}`,
  );

/** A server with nothing to report. */
function well(): void {
  df(32, 8);
  free(3_000_000_000);
  prints('uptime', ' 03:00:01 up 2 days,  3:14,  1 user,  load average: 0.42, 0.31, 0.28');
  prints('nproc', '2');
  systemd({});
  prints('supervisorctl', 'shop:shop_00   RUNNING   pid 812, uptime 3:12:07');
  plant('dmesg', 'exit 0');
  plant('apt-get', 'exit 0');
  plant('openssl', 'exit 0');
}

const here = (...words: readonly string[]) => bed.here(words, { env: { PATH: silence.path } });

async function diagnose(...words: readonly string[]) {
  const { exitCode, stdout, stderr } = await here('why', 'web-1', '--json', ...words);
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout) as Printed<typeof serverDiagnosisShape>;
}

const row = async (...words: readonly string[]) => (JSON.parse((await here('top', 'web-1', '--json', ...words)).stdout) as object[])[0];

describe.skipIf(reason !== undefined)('dnx top', () => {
  test('shows numbers with their units, over one connection and with one request', async () => {
    well();
    const before = bed.sandbox.calls.length;
    const ran = await here('top', 'web-1', '--json');
    const found = JSON.parse(ran.stdout) as object[];
    expect(found).toEqual([
      expect.objectContaining({
        ...{ name: 'web-1', load_1m: 0.42, load_5m: 0.31, load_15m: 0.28, cores: 2, disk_percent: 32, inodes_percent: 8, error: null },
        ...{ memory_total_bytes: 4e9, memory_available_bytes: 3e9, swap_total_bytes: 2e9, swap_used_bytes: 5e8 },
        ...{ workers_running: 1, workers_failed: 0 },
      }),
    ]);
    free(5_000_000_000);
    expect(await row()).toMatchObject({ memory_available_bytes: 4e9 });
    free(3_000_000_000);
    expect(bed.sandbox.calls.slice(before).filter(({ path }) => !/\/servers(\/\w+)?(\?|$)/.test(path))).toEqual([]);
    expect((await here('top', 'web-1')).stdout.replaceAll(/ +/g, ' ')).toMatch(
      /^SERVER LOAD MEMORY DISK PHP-FPM WORKERS\nweb-1 0.42 of 2 25% 32% \S.* 1\n$/,
    );
  });

  test('shows the others beside a server that does not answer', async () => {
    well();
    const { length } = bed.sandbox.state.servers;
    const ran = await here('top', '--json');
    const rows = JSON.parse(ran.stdout) as { name: string; load_1m: number | null; error: { code: string; message: string } | null }[];
    expect([ran.exitCode, rows.length]).toEqual([12, length]);
    for (const { name, load_1m, error } of rows)
      expect([name, load_1m, error?.message], name).toEqual(
        name === 'web-2' ? [name, null, expect.stringContaining('web-2')] : [name, 0.42, undefined],
      );
    expect(ran.stderr).toContain(`1 of ${length} servers could not be read: web-2.`);
    const table = await here('top', 'web-1', 'web-2');
    expect(table).toExit(12, { stdout: expect.stringMatching(/^web-2 +– .*Connection to .* timed out$/m) });
  });

  test('says nothing of what a server does not say', async () => {
    for (const name of ['uptime', 'free', 'df', 'ps', 'ss']) plant(name, 'exit 1');
    plant('supervisorctl', 'echo "unix:///var/run/supervisor.sock no such file"; exit 4');
    const found = await row();
    for (const name of ['ps', 'ss']) plant(name, `exec /usr/bin/${name} "$@"`);
    expect(found).toMatchObject({
      load_1m: null,
      memory_total_bytes: null,
      disk_percent: null,
      fpm_busy: null,
      fpm_processes: null,
      workers_running: null,
      workers_failed: null,
      error: null,
    });
  });

  test('is drawn again with --watch on a terminal, also beside a server that does not answer, and Ctrl-C exits 130', async () => {
    well();
    const words = ['top', 'web-1', 'web-2', '--watch', '--interval', '1s'];
    const terminal = openTerminal(words, { ...bed.env, PATH: silence.path, NO_COLOR: '1' }, bed.directory, 140);
    await terminal.shows(/web-1 +0\.42 of 2 +██░░░░░░ 25% +███░░░░░ 32%/);
    await terminal.shows(/web-2 +– .*Connection/);
    df(96, 8);
    await terminal.shows(/████████ 96%/);
    terminal.type(keys.interrupt);
    const { raw, code } = await terminal.ended;
    const rows = await shown(raw);
    expect([code, rows.length, rows[0]]).toEqual([130, 4, expect.stringMatching(/^Checked .*, every 1s$/)]);
    expect(raw).not.toContain('Interrupted');
  });

  test('rejects a server that is not there, and an interval that is too short', async () => {
    await expect(here('top', 'web-9')).toExit(6, { says: "Server 'web-9' not found" });
    await expect(here('top', '--watch', '--interval', '0s')).toExit(2);
    await expect(here('top', '--interval', '2s')).toExit(2, { says: '--interval needs --watch.' });
  });

  const unable = lacking(['php-fpm8.4', 'ss']);
  test.skipIf(unable.length > 0)('counts the requests that a real PHP-FPM works on, and those that wait', async () => {
    for (const each of ['php-fpm8.4', 'ss']) need(each);
    well();
    const fpm = await openFpm(2);
    try {
      const idle = (await row()) as Record<string, number>;
      await fpm.keepBusy(1);
      expect(await row()).toMatchObject({ fpm_busy: (idle.fpm_busy ?? 0) + 1, fpm_max: idle.fpm_max });
      await fpm.keepBusy(3);
      expect(await row()).toMatchObject({ fpm_busy: (idle.fpm_busy ?? 0) + 2, fpm_waiting: 2 });
      const { problems } = await diagnose();
      expect(problems.find(({ cause }) => cause === 'fpm_children')?.evidence[0]?.line).toMatch(/ are busy, 2 requests waiting$/);
      // It does not run.
      plant('ps', 'exit 0');
      prints('ss', 'Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port', 'tcp LISTEN 0 511 0.0.0.0:443 0.0.0.0:*');
      expect((await here('top', 'web-1')).stdout).toContain(' 0 started ');
      for (const name of ['ps', 'ss']) plant(name, `exec /usr/bin/${name} "$@"`);
    } finally {
      await fpm.close();
    }
  });

  test.skipIf(lacking(['supervisord']).length > 0)('counts the programs of a real Supervisor', async () => {
    need('supervisord');
    well();
    const at = (name: string) => join(bed.sshd.directory, name);
    const programs = ['[program:sleeps]\ncommand=sleep 600\nstartsecs=0', '[program:fails]\ncommand=false\nstartretries=0'];
    writeFileSync(
      at('supervisor.conf'),
      `[unix_http_server]\nfile=${at('supervisor.sock')}\nchmod=0777\n[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n[supervisord]\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile=${at('supervisor.pid')}\n[supervisorctl]\nserverurl=unix://${at('supervisor.sock')}\n${programs.join('\n')}\n`,
      { mode: 0o644 },
    );
    plant('supervisorctl', `exec /usr/bin/supervisorctl -c ${at('supervisor.conf')} "$@"`);
    const supervisord = spawn('supervisord', ['-n', '-c', at('supervisor.conf')], { stdio: 'ignore' });
    try {
      const status = () => {
        try {
          return execFileSync('supervisorctl', ['-c', at('supervisor.conf'), 'status'], { encoding: 'utf8', stdio: 'pipe' });
        } catch (error) {
          return String((error as { stdout: unknown }).stdout);
        }
      };
      while (!/fails +FATAL/.test(status())) await delay(50);
      expect(await row()).toMatchObject({ workers_running: 1, workers_failed: 1 });
      expect((await diagnose()).problems).toMatchObject([
        { cause: 'supervisor_fatal', title: 'The program fails of Supervisor does not run' },
      ]);
    } finally {
      const exit = once(supervisord, 'exit');
      supervisord.kill();
      await exit;
    }
  });
});

describe.skipIf(reason !== undefined)('dnx why of a server', () => {
  test.each([['web-1'], ['--server', 'web-1'], ['server', 'web-1']].map((words) => [words]))(
    'finds nothing wrong with %j',
    async (words) => {
      well();
      const ran = await here('why', ...words);
      expect(ran).toExit(0, { stdout: expect.stringMatching(/^✓ Nothing is wrong with web-1\n {2}load +0.31 on 2 cores\n/) });
    },
  );

  const DAY = 24 * 60 * 60_000;
  const killed = (ago: number) =>
    `[${new Date(Date.now() - ago).toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) (\S+) GMT$/, '$1 $3 $2 $5 $4')}] Out of memory: Killed process 812 (php8.3) total-vm:1kB`;
  const supervisorOf = (...lines: readonly string[]) => prints('supervisorctl', ...lines);

  const faults: readonly [string, () => void, readonly (readonly [cause: string, level: string, title: string])[]][] = [
    ['a full disk', () => df(100, 8), [['disk_full', 'error', 'The disk / is full']]],
    ['a disk that is almost full', () => df(93, 8), [['disk_almost_full', 'warning', 'The disk / is 93% full']]],
    ['a disk without inodes', () => df(40, 100), [['inodes_full', 'error', 'The disk / has used 100% of its inodes']]],
    ['a service that is down', () => systemd({ mariadb: 'failed' }), [['service_down', 'error', 'The service mariadb does not run']]],
    [
      'a unit that failed, and no service twice',
      () =>
        systemd({ nginx: 'failed' }, 'nginx.service loaded failed failed nginx\nlogrotate.service loaded failed failed Rotate log files\n'),
      [
        ['service_down', 'error', 'The service nginx does not run'],
        ['unit_failed', 'warning', 'The unit logrotate.service failed'],
      ],
    ],
    [
      'a process that was killed',
      () => prints('dmesg', killed(DAY / 2), killed(2 * DAY)),
      [['memory_killed', 'error', 'The server ran out of memory (4.0 GB, swap 2.0 GB) and killed php8.3']],
    ],
    ['nothing in one that was killed long ago', () => prints('dmesg', killed(2 * DAY)), []],
    ['memory that is used up', () => free(100_000_000), [['memory_low', 'error', 'The memory is almost used up (4.0 GB, swap 2.0 GB)']]],
    [
      'a high load',
      () => prints('uptime', ' 03:00 up 2 days, 1 user, load average: 9.1, 8.5, 4.2'),
      [['load_high', 'error', 'The load is 8.5 on 2 cores']],
    ],
    ['nothing in a short peak', () => prints('uptime', ' 03:00 up 2 days, 1 user, load average: 9.1, 2.5, 1.2'), []],
    [
      'programs that Supervisor gave up, but none that is stopped',
      () =>
        supervisorOf(
          'a:a_00   FATAL     Exited too quickly',
          'b:b_00   STOPPED   Dec 01 03:00 AM',
          'c:c_00   RUNNING   pid 1, uptime 0:01:00',
        ),
      [['supervisor_fatal', 'error', 'The program a:a_00 of Supervisor does not run']],
    ],
    [
      'the processes of a program together',
      () => supervisorOf('a:a_00   FATAL     Exited too quickly', 'b:b_00   FATAL     x', 'a:a_01   BACKOFF   Exited too quickly'),
      [
        ['supervisor_fatal', 'error', '2 processes of a in Supervisor do not run'],
        ['supervisor_fatal', 'error', 'The program b:b_00 of Supervisor does not run'],
      ],
    ],
    [
      'what can wait',
      () =>
        prints(
          'apt-get',
          'Inst openssl [3.0-1] (3.0-2 Ubuntu:24.04/noble-security [amd64])',
          'Inst curl [8-1] (8-2 Ubuntu:24.04/noble-updates [amd64])',
        ),
      [['updates_pending', 'warning', '1 security update is not installed']],
    ],
  ];
  test.each(sampled(faults, 5, seedOf(38)))('finds %s', async (_, plantFault, expected) => {
    well();
    plantFault();
    const { outcome, problems, unknown } = await diagnose();
    expect(problems.map(({ cause, level, title }) => [cause, level, title])).toEqual(expected);
    expect(outcome).toBe(expected.some(([, level]) => level === 'error') ? 'known' : 'healthy');
    expect(unknown.map(({ what }) => what)).toEqual(['certificates']);
    for (const { evidence, fixes } of problems) expect([evidence.length > 0, fixes.length > 0]).toEqual([true, true]);
  });

  test('looks back as far as --since says', async () => {
    well();
    prints('dmesg', killed(2 * DAY));
    expect((await diagnose('--since', '72h')).problems).toMatchObject([{ cause: 'memory_killed' }]);
  });

  test('lists what it cannot read', async () => {
    well();
    for (const name of ['uptime', 'free', 'df', 'systemctl', 'dmesg', 'journalctl', 'apt-get', 'nproc']) plant(name, 'exit 1');
    plant('supervisorctl', 'echo "error: <class \'PermissionError\'>, [Errno 13] Permission denied: file: socket.py"; exit 4');
    // The user of ssh may read that of this machine.
    plant('tail', 'case $* in *kern.log) exit 1 ;; esac; exec /usr/bin/tail "$@"');
    const { outcome, unknown } = await diagnose();
    plant('tail', 'exec /usr/bin/tail "$@"');
    const parts = [
      'load',
      'disks',
      'memory',
      'services',
      'failed units',
      'programs of Supervisor',
      'killed processes',
      'security updates',
      'certificates',
    ];
    expect([outcome, unknown.map(({ what }) => what)]).toEqual(['healthy', parts]);
  });

  test('waits seconds for what hangs, and not again for each site', async () => {
    well();
    for (const name of ['apt-get', 'openssl']) plant(name, 'exec sleep 30');
    const began = performance.now();
    const { outcome, unknown } = await diagnose();
    expect([outcome, unknown.map(({ what }) => what)]).toEqual(['healthy', ['security updates', 'certificates']]);
    expect(bed.sandbox.state.sites.filter(({ server_id }) => server_id === bed.sandbox.state.servers[0]?.id).length).toBeGreaterThan(2);
    expect(performance.now() - began).toBeLessThan(12_000);
  });

  test('says that a server does not answer', async () => {
    const ran = await here('why', 'web-2');
    expect(ran).toExit(13, {
      stdout: expect.stringMatching(/^✗ web-2: Cannot read the server\n {2}unknown +server logs and state: .*web-2 did not answer/),
    });
  });

  test('rejects options of a site', async () => {
    await expect(here('why', 'web-1', '--url', 'https://shop.example.com')).toExit(2, { says: '--url is for a site.' });
    await expect(here('why', 'web-1', '--since', '2999-01-01')).toExit(2, { says: '--since is in the future' });
  });

  test('runs no word that a server says, here or there', async () => {
    well();
    const mark = join(bed.directory, 'mark');
    supervisorOf(`$(touch${mark}):x;touch\t${mark}   FATAL   x`, `a;touch>${mark}   FATAL   \u001b[2Jx`);
    const ran = await here('why', 'web-1');
    expect(ran.stdout).toContain("'a;touch>");
    expect(ran.stdout).not.toContain('\u001b');
  });

  test.skipIf(lacking(['nginx', 'openssl']).length > 0)('reads the certificate that a real nginx serves', async () => {
    for (const each of ['nginx', 'openssl']) need(each);
    well();
    const directory = join(bed.sshd.directory, 'nginx');
    mkdirSync(directory);
    const domain = bed.sandbox.state.sites[0]?.domain ?? '';
    const subject = ['-subj', `/CN=${domain}`, '-addext', `subjectAltName=DNS:${domain}`];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key', '-out', 'crt', ...subject], {
      cwd: directory,
      stdio: 'pipe',
    });
    const port = await freePort();
    writeFileSync(
      join(directory, 'conf'),
      `daemon off;\npid ${directory}/pid;\nerror_log /dev/null;\nevents {}\nhttp { access_log off; server { listen 127.0.0.1:${port} ssl; ssl_certificate ${directory}/crt; ssl_certificate_key ${directory}/key; } }\n`,
    );
    plant('openssl', `case $2 in -connect) shift 3; set -- s_client -connect 127.0.0.1:${port} "$@" ;; esac; exec /usr/bin/openssl "$@"`);
    const nginx = await startServer('nginx', ['-c', join(directory, 'conf')], port, 'SIGQUIT');
    try {
      const found = (await diagnose()).problems.find(({ title }) => title.includes(domain));
      expect(found).toMatchObject({
        ...{ cause: 'certificate_invalid', level: 'error', title: `The certificate that nginx serves for ${domain} is self-signed` },
        fixes: [{ command: expect.stringContaining(`dnx certificate list --site ${domain}`) }],
      });
    } finally {
      await nginx.stop();
    }
  });
});
