import { describe, expect, onTestFinished, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { leading, sampled } from '../support/volume.ts';

const executable = perSuite(() => openExecutable({ rateLimit: 0 }));

const lines = ['--version', '--help', 'server list', 'server list --json'];

describe('stdout', () => {
  test('dnx server list | head -1 exits 0', async () => {
    const run = await executable.shell('dnx server list --no-header | head -1; exit $PIPESTATUS');
    expect([run.exitCode, run.stderr, run.stdout.split('\n').length]).toEqual([0, '', 2]);
  });

  // The reader closes the pipe before dnx starts.
  test.each(sampled(lines, 1, 2))('dnx %s into a closed pipe exits 0 and prints nothing', async (line) => {
    await expect(executable.shell(`exec 3> >(:); wait $!; dnx ${line} >&3`)).toExit(0, { stderr: '' });
  });

  test.each(sampled(lines, 1, 5))('dnx %s on a full disk says so and exits 1', async (line) => {
    const run = await executable.shell(`dnx ${line} > /dev/full`);
    expect(run).toExit(1, { says: 'the disk is full' });
    expect(run.stderr).not.toContain('    at ');
  });

  test('on a full disk does not hide that a change was made', async () => {
    const run = await executable.shell(
      'echo "$TOKEN" | dnx login --with-token --insecure-storage > /dev/full; dnx whoami -o text --fields email',
      {
        env: { DNX_TOKEN: '', TOKEN: executable.sandbox.token },
      },
    );
    expect(run.stderr).toContain('Could not write the output: the disk is full.\n  The command itself succeeded.');
    expect(run.stdout).toBe('ada@example.com\n');
  });

  test.each(leading(['', '--json', '-o ndjson'], 1))('a failed deployment %s exits 1 even if nobody reads its output', async (options) => {
    const failing = await openExecutable({ failDeploys: true, speed: 20 });
    onTestFinished(() => failing.close());
    const { exitCode, stdout } = await failing.shell(`dnx deploy shop.example.com ${options} | true; exit \${PIPESTATUS[0]}`);
    expect([exitCode, stdout]).toEqual([1, '']);
  });
});

describe('a file as stdout', () => {
  const full = 'Could not write the output: the disk is full.';
  const large = 'Could not write the output: the file has reached the size limit.';

  /** Runs a line of bash in a new file system; undefined if it cannot be mounted. */
  async function onDisk(size: string, line: string) {
    const mounted = await executable.shell(`mkdir -p disk && mount -t tmpfs -o size=${size} none disk`);
    if (mounted.exitCode !== 0) {
      process.stderr.write(`No file system of ${size}: ${mounted.stderr}`);
      return undefined;
    }
    try {
      return await executable.shell(`cd disk; ${line}`);
    } finally {
      await expect(executable.shell('umount disk')).toExit(0);
    }
  }

  const whole = (run: { readonly stdout: string }) =>
    run.stdout
      .match(/^(\d+) (\d+)\n$/)
      ?.slice(1)
      .map(Number);
  const backup = `backup download ${seeded.backups['shop database, completed']} -q -O -`;

  test.for(leading([backup, 'token abilities --json'], 1))('dnx %s on a disk that fills up exits 1', async (line, { skip }) => {
    const run = await onDisk('64k', `head -c 61440 /dev/zero > z; dnx ${line} > f; echo $? $(stat -c %s f)`);
    if (!run) return skip('no file system can be mounted');
    expect(whole(run)).toEqual([1, 4096]);
    expect(run.stderr).toContain(full);
  });

  test.each(sampled(['deploy --help', 'server list -o ndjson', backup], 1, 7))(
    'dnx %s into a file limited to 1 kB exits 1',
    async (line) => {
      const run = await executable.shell(`(ulimit -f 1; dnx ${line} > f); echo $? $(stat -c %s f)`);
      expect(whole(run)).toEqual([1, 1024]);
      expect(run.stderr).toContain(large);
    },
  );

  test('an event that cannot be written is an error', async () => {
    const fast = await openExecutable({ speed: 20 });
    onTestFinished(() => fast.close());
    await expect(fast.shell('dnx deploy shop.example.com -o ndjson > /dev/full')).toExit(1, { stdout: '', says: 'the disk is full' });
  });

  test('a full disk and a failed deployment are reported in one line of JSON', async () => {
    const failing = await openExecutable({ failDeploys: true, speed: 20 });
    onTestFinished(() => failing.close());
    const { exitCode, stderr } = await failing.shell('dnx deploy shop.example.com -q --json > /dev/full');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: 'failed', message: full, hint: expect.stringContaining('Deployment of shop.example.com failed') },
    });
  });
});

describe('stdin and stderr', () => {
  test('an error is written completely to a slow pipe', async () => {
    const message = 'x'.repeat(200_000);
    executable.sandbox.faults.next({ path: '/servers' }, { status: 422, body: { message } });
    const run = await executable.shell('dnx server list --json 2>&1 >/dev/null | (sleep 0.3; cat); exit $PIPESTATUS');
    expect(run).toExit(7);
    expect(JSON.parse(run.stdout)).toMatchObject({ error: { message } });
  });

  test('a closed stdout acts like the null device and keeps the exit code', async () => {
    const run = await executable.shell('dnx server list >&-; echo $? >&2');
    expect([run.stderr, run.stdout]).toEqual(['0\n', '']);
  });

  test('a closed stdin only prevents prompts', async () => {
    await expect(executable.shell('dnx server list -o ids <&-')).toExit(0, { stderr: '' });
    const login = await executable.shell('dnx login --with-token --insecure-storage <&-', { env: { DNX_TOKEN: '' } });
    expect(login).toExit(2, { stdout: '', stderr: expect.stringMatching(/token/i) });
  });

  test('a closed stderr does not change the result', async () => {
    const run = await executable.shell(
      'exec 3> >(:); wait $!; dnx server show web-1 -o ids 2>&3; echo $?; dnx server show web-9 2>&3; echo $?',
    );
    expect(run.stdout).toMatch(/^01\w+\n0\n6\n$/);
  });
});
