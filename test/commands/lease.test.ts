import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { holderName, processHolder } from '../../src/machine/files/lock.ts';
import { leaseDirectory } from '../../src/machine/settings/directories.ts';
import type { Child } from '../../src/machine/world.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { openBed, type Run } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { editLeases, leasedTokens, leasing, savedIn } from '../support/leased.ts';
import { need } from '../support/programs.ts';
import { signedOut, signIn } from '../support/sign-in.ts';

const bed = perTest(openBed);

const LEASE = 'token lease --ability site:read';
const NAME = /^dnx lease-[\w-]+ until 2026-04-16T13:00:\d\dZ$/;
const MARKS = { DNX_TOKEN: undefined, DNX_LEASE: undefined };

/** Leases as a process that was killed left them. */
const killed = { holder: 'elsewhere,1,,,' };

async function left(line = LEASE): Promise<void> {
  bed.sandbox.faults.next({ method: 'DELETE' }, 'drop', 2);
  const run = await leasing(bed, line, async () => {});
  expect([run.code, leasedTokens(bed).length]).toEqual([13, 1]);
}

async function succeeds(run: Promise<Run>): Promise<void> {
  const { code, stderr } = await run;
  expect(code, stderr).toBe(0);
}

describe('token lease', () => {
  test('gives the command a token that can do what its lines need, revokes it, and ends with its exit code', async () => {
    const run = await leasing(bed, 'token lease --for "deploy --wait"', async (inside, child) => {
      const [token] = bed.sandbox.state.tokens.slice(-1);
      expect(token).toMatchObject({ name: expect.stringMatching(NAME), abilities: ['site:deploy', 'site:read'] });
      expect(child).toMatchObject({ file: 'work', args: [], foreground: true });
      expect(child.env.DNX_TOKEN).toMatch(new RegExp(`^${token?.id}\\|`));
      const file = join(leaseDirectory(join(bed.directory, 'config')), `${child.env.DNX_LEASE}.json`);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(JSON.stringify(savedIn(bed))).not.toContain(child.env.DNX_TOKEN?.split('|')[1]);
      await expect(inside('server list')).toExit(5);
      await expect(inside('whoami')).toExit(0);
      return 7;
    });
    expect([run.code, leasedTokens(bed), savedIn(bed)]).toEqual([7, [], []]);
  });

  test('the history has the program, and hides what it is given', async () => {
    await succeeds(bed.dnx([...LEASE.split(' '), '--', 'work', '--key', 'hunter2'], { child: () => 0 }));
    const { stdout } = await bed.dnx('history');
    expect([stdout, stdout.includes('hunter2')]).toEqual([expect.stringContaining("site:read work '***' '***'"), false]);
  });

  test('without abilities, and with a --ttl of more than a day, creates nothing', async () => {
    for (const line of ['token lease', `${LEASE} --ttl 25h`]) {
      const run = await leasing(bed, line, async () => {});
      expect([run.code, run.calls, bed.children], run.stderr).toEqual([2, [], []]);
    }
  });

  test('creates no token if the lease cannot be saved', async () => {
    mkdirSync(join(bed.directory, 'config'), { recursive: true });
    writeFileSync(leaseDirectory(join(bed.directory, 'config')), '');
    const run = await leasing(bed, LEASE, async () => {});
    expect([run.code, run.calls, bed.children]).toEqual([1, [], []]);
    expect(run.stderr).toContain('No token was created.');
  });

  test('says what is needed if the token may not create tokens', async () => {
    bed.sandbox.faults.next({ method: 'POST' }, { status: 403, body: { message: 'Forbidden.' } });
    const run = await leasing(bed, LEASE, async () => {});
    expect([run.code, savedIn(bed), bed.children]).toEqual([5, [], []]);
    expect(run.stderr).toContain('A lease creates a token, which your own token must be allowed to do.');
  });

  test.each(['drop-after', 'cut'] as const)('revokes the token if its response is lost: %s', async (fault) => {
    bed.sandbox.faults.next({ method: 'POST' }, fault);
    const run = await leasing(bed, LEASE, async () => {});
    expect([run.code, leasedTokens(bed), savedIn(bed), bed.children]).toEqual([13, [], [], []]);
  });

  test('looks again for a token whose request arrives late', async () => {
    bed.sandbox.faults.next({ method: 'POST' }, 'drop');
    const run = await leasing(bed, LEASE, async () => {});
    expect([run.code, savedIn(bed)]).toEqual([13, [expect.objectContaining({ id: null, holder: null })]]);
    bed.clock.ahead += 300_000;
    expect((await bed.dnx('server list')).calls).toContain('GET /tokens');
    expect(savedIn(bed)).toEqual([]);
  });

  test('revokes the token over another connection if the first one has died', async () => {
    const run = await leasing(bed, LEASE, async () => void bed.sandbox.faults.next({ method: 'DELETE' }, 'drop'));
    expect([run.code, run.stderr, leasedTokens(bed)]).toEqual([0, '', []]);
  });

  test('a 404 is no proof that the token is revoked: the list of tokens is', async () => {
    const missing = { status: 404, body: { message: 'Not found.' } };
    const run = await leasing(bed, LEASE, async () => void bed.sandbox.faults.next({ method: 'DELETE' }, missing, 2));
    expect([run.code, leasedTokens(bed).length, savedIn(bed).length]).toEqual([6, 1, 1]);
    expect(run.stderr).toContain('Could not revoke the token dnx lease-');
    const next = await bed.dnx('server list');
    expect([next.stderr, leasedTokens(bed).length]).toEqual([expect.stringContaining('Could not revoke the token of a lease'), 1]);
    expect((await bed.dnx('server list')).stderr).toContain('Revoked the token of a lease that was interrupted');
    expect([leasedTokens(bed), savedIn(bed)]).toEqual([[], []]);
    const gone = await leasing(bed, LEASE, async () => {
      bed.sandbox.state.tokens = bed.sandbox.state.tokens.filter(({ name }) => !name.startsWith('dnx '));
    });
    expect([gone.code, gone.stderr, savedIn(bed)]).toEqual([0, '', []]);
  });

  test('revokes the token if the command cannot be started', async () => {
    const child = () => {
      throw new DnxError('usage', 'Could not run work: command not found.');
    };
    const run = await bed.dnx(`${LEASE} -- work`, { child });
    expect([run.code, leasedTokens(bed), savedIn(bed)]).toEqual([2, [], []]);
  });

  test('after Ctrl-C, still revokes the token', async () => {
    const interruption = new AbortController();
    const child = () => {
      interruption.abort(new DnxError('terminated', 'Terminated.'));
      return 143;
    };
    const run = await bed.dnx(`${LEASE} -- work`, { child, signal: interruption.signal });
    expect([run.code, leasedTokens(bed), savedIn(bed)]).toEqual([143, [], []]);
  });

  test('at the deadline revokes the token, and lets the command go on', async () => {
    const run = await leasing(bed, `${LEASE} --ttl 1h`, async (inside, child) => {
      child.tick?.call();
      expect(leasedTokens(bed)).toHaveLength(1);
      // The computer slept, or its clock was set.
      bed.clock.ahead += 3_600_000;
      child.tick?.call();
      await expect.poll(() => leasedTokens(bed)).toEqual([]);
      await expect(inside('whoami')).toExit(4, { says: 'The lease that started this is over.' });
      return 3;
    });
    expect([run.code, savedIn(bed)]).toEqual([3, []]);
    expect(run.stderr).toContain('! The lease is over after 1h, so its token was revoked. The command goes on without it.\n');
  });

  test('a clock that is set back does not make it longer', async () => {
    await succeeds(
      leasing(bed, `${LEASE} --ttl 1h`, async (_, child) => {
        bed.clock.ahead -= 86_400_000;
        await bed.clock.sleep(3_600_000);
        child.tick?.call();
        await expect.poll(() => leasedTokens(bed)).toEqual([]);
      }),
    );
  });

  test('tells of tokens that were created meanwhile, which the API may allow any token', async () => {
    const run = await leasing(bed, LEASE, async (_, { env }) => {
      const headers = { authorization: `Bearer ${env.DNX_TOKEN}`, 'content-type': 'application/json' };
      await fetch(`${env.DNX_HOST}/api/v1/tokens`, { method: 'POST', headers, body: '{"name":"mine"}' });
    });
    const id = bed.sandbox.state.tokens.find(({ name }) => name === 'mine')?.id;
    expect(run.stderr).toContain(`! Token mine was created meanwhile. If that was not you: dnx token revoke ${id}\n`);
  });

  test('several at once are apart', async () => {
    await succeeds(
      leasing(bed, LEASE, async (_, { env: one }) => {
        const other = await bed.dnx(`${LEASE} -- work`, {
          env: { DNX_CONFIG_DIR: join(bed.directory, 'other') },
          child: ({ env }) => {
            expect(env.DNX_TOKEN).not.toBe(one.DNX_TOKEN);
            expect(leasedTokens(bed)).toHaveLength(2);
            return 0;
          },
        });
        expect([other.code, leasedTokens(bed).length]).toEqual([0, 1]);
      }),
    );
    expect(leasedTokens(bed)).toEqual([]);
  });
});

describe('a token that could not be revoked', () => {
  test('is told, with an exit code, and is revoked by the next command', async () => {
    bed.sandbox.faults.next({ method: 'DELETE' }, 'drop', 2);
    const run = await leasing(bed, LEASE, async () => {});
    const [token = ''] = leasedTokens(bed);
    expect(run).toExit(13);
    expect(run.stderr).toMatch(/! Could not revoke the token dnx lease-.+ The next dnx command does, or now: dnx token revoke \d+\n/);
    await expect(bed.dnx('server list')).toExit(0, { stderr: `Revoked the token of a lease that was interrupted: ${token}\n` });
    expect([leasedTokens(bed), savedIn(bed)]).toEqual([[], []]);
    expect((await bed.dnx('server list')).calls).toEqual(['GET /servers']);
  });

  test('keeps the exit code of a command that failed', async () => {
    bed.sandbox.faults.next({ method: 'DELETE' }, 'drop', 2);
    await expect(leasing(bed, LEASE, async () => 3)).toExit(3);
  });

  test('is found by its name if its id never arrived, also if the request arrives late', async () => {
    await left();
    const { tokens } = bed.sandbox.state;
    editLeases(bed, { id: null });
    const late = tokens.splice(-1);
    await succeeds(bed.dnx('server list'));
    expect(savedIn(bed)).toHaveLength(1);
    tokens.push(...late);
    await succeeds(bed.dnx('server list'));
    expect([leasedTokens(bed), savedIn(bed)]).toEqual([[], []]);
  });

  test('is left alone while its process runs, until it is overdue', async () => {
    await left();
    editLeases(bed, killed);
    await succeeds(bed.dnx('server list'));
    expect(leasedTokens(bed)).toHaveLength(1);
    bed.clock.ahead += 2 * 3_600_000;
    await succeeds(bed.dnx('server list'));
    expect([leasedTokens(bed), savedIn(bed)]).toEqual([[], []]);
  });

  test('is not looked for by another user, at another host, in a dry run, or by a command without requests', async () => {
    await left();
    const other = bed.sandbox.mint(['server:read'], { role: 'viewer' });
    await succeeds(bed.dnx('server list', { env: { DNX_TOKEN: other } }));
    await succeeds(bed.dnx('site suspend shop.example.com --dry-run'));
    await succeeds(bed.dnx('config list'));
    expect([leasedTokens(bed).length, savedIn(bed).length]).toEqual([1, 1]);
  });

  test('is only told of under DNX_READ_ONLY', async () => {
    await left();
    const run = await bed.dnx('server list', { env: { DNX_READ_ONLY: '1' } });
    expect([run.code, leasedTokens(bed).length]).toEqual([0, 1]);
    expect(run.stderr).toContain('! Could not revoke the token of a lease that was interrupted');
  });

  test('is gone already if somebody else revoked it', async () => {
    await left();
    bed.sandbox.state.tokens.pop();
    const run = await bed.dnx('server list');
    expect([run.code, run.stderr, savedIn(bed)]).toEqual([0, '', []]);
  });

  test('is an overdue lease in token list --audit', async () => {
    await succeeds(
      leasing(bed, LEASE, async (inside) => {
        const running = await inside('token list --audit');
        expect(running.stdout).toMatch(/lease, until 2026-04-16 13:00 UTC/);
        expect(running.stderr).toContain('5 of 7 tokens need attention.');
        bed.clock.ahead += 2 * 3_600_000;
        const late = await inside('token list --audit');
        expect(late.stdout).toMatch(/overdue lease, until 2026-04-16 13:00 UTC/);
        expect(late.stderr).toContain('6 of 7 tokens need attention.');
      }),
    );
  });
});

describe('in a lease, dnx uses only the leased token', () => {
  beforeEach(async () => {
    await succeeds(signIn(bed));
    await succeeds(signIn(bed, 'login --with-token --insecure-storage --profile work'));
  });

  test('not the stored sign-in, another profile or another host, even if the environment is removed', async () => {
    const opened: string[] = [];
    const get = bed.keychain.get.bind(bed.keychain);
    await succeeds(
      leasing(
        bed,
        LEASE,
        async (inside) => {
          bed.keychain.get = (account) => {
            opened.push(account);
            return get(account);
          };
          for (const [line, env] of [
            ['whoami', MARKS],
            ['whoami', { DNX_TOKEN: undefined }],
            ['whoami', { ...MARKS, DNX_STATE_DIR: join(bed.directory, 'moved') }],
            ['whoami --profile work', MARKS],
            ['whoami --profile work', { ...MARKS, DNX_PROFILE: undefined }],
            ['whoami', { DNX_TOKEN: bed.sandbox.token }],
            ['whoami', { DNX_TOKEN: bed.sandbox.token, DNX_LEASE: undefined }],
            ['whoami --host http://127.0.0.1:9', {}],
          ] as const) {
            const run = await inside(line, env);
            expect([run.code, run.calls], `${line} ${run.stderr}`).toEqual([4, []]);
            expect(run.stderr).toContain('dnx token lease started this, so only its token is used here.');
          }
          await expect(inside('whoami', { ...MARKS, DNX_CONFIG_DIR: join(bed.directory, 'moved') })).toExit(4, { calls: [] });
        },
        signedOut,
      ),
    );
    expect(opened).toEqual([]);
    bed.keychain.get = get;
    expect(leasedTokens(bed)).toEqual([]);
  });

  test('but a sandbox with a token of its own is used', async () => {
    const other = await startSandbox();
    const run = await leasing(bed, LEASE, async (inside) => {
      const own = await inside(`whoami --host ${other.url} --fields email`, { DNX_TOKEN: other.token });
      expect(own).toExit(0, { stdout: expect.stringContaining('ada@example.com') });
      await expect(inside(`whoami --host ${other.url}`)).toExit(4);
    });
    await other.close();
    expect(run).toExit(0);
  });

  test('what reaches past it, or outlasts it, is refused before any request', async () => {
    const lines = [
      'login --with-token',
      'logout',
      'auth refresh --ability site:deploy',
      'auth switch work',
      'token create x --ability site:read',
      'token revoke Grafana --yes',
      'token rotate Grafana --yes',
      'token lease --ability site:read -- true',
      'config set host https://example.com',
      'config unset host',
      'config delete-profile work --yes',
      'api POST /tokens -F name=x',
      'api DELETE /tokens/4 --yes',
      'api POST /logout',
    ];
    const envs = [{}, { DNX_LEASE: undefined }, { DNX_NO_HISTORY: '1' }];
    const work = async (inside: Parameters<Parameters<typeof leasing>[2]>[0]) => {
      for (const [at, line] of lines.entries()) {
        const run = await inside(line, envs[at % envs.length]);
        expect([run.code, run.calls], `${line} ${run.stderr}`).toEqual([2, []]);
        expect(run.stderr).toMatch(/^Error: .+ is refused here: .+\.\n {2}This runs in dnx token lease\. Use another terminal\.\n$/);
      }
    };
    await succeeds(leasing(bed, LEASE, work, signedOut));
  });

  test.each([
    ['linux', 4],
    ['darwin', 4],
    // Windows does not tell which process started another.
    ['win32', 0],
  ] as const)('its processes are known on %s without the environment: %d', async (platform, code) => {
    if (platform === 'darwin') need('ps');
    const work = async (_: unknown, { env }: Child) => {
      editLeases(bed, { holder: holderName(processHolder(process.ppid)) });
      await expect(bed.dnx('whoami', { env: { ...env, ...MARKS }, platform })).toExit(code);
      await expect(bed.dnx('whoami', { env: { ...env, DNX_TOKEN: undefined }, platform })).toExit(4);
    };
    await succeeds(leasing(bed, LEASE, work, signedOut));
  });

  test('what it changes is in the history of the user, with the name of the session', async () => {
    await succeeds(
      leasing(bed, 'token lease --ability site:update --ability site:read --ability server:read', async (inside, { env }) => {
        await expect(
          inside('site suspend shop.example.com --yes', {
            DNX_STATE_DIR: join(bed.directory, 'moved'),
            DNX_NO_HISTORY: '1',
          }),
        ).toExit(0);
        const [last] = (await bed.dnx('history --json')).json<readonly { session: string; command: string }[]>();
        expect(last).toMatchObject({ session: env.DNX_LEASE, command: 'dnx site suspend shop.example.com' });
      }),
    );
    expect((await bed.dnx('history')).stdout).toMatch(/ SESSION /);
    const [last] = (await bed.dnx('history --json')).json<readonly { id: string }[]>();
    expect((await bed.dnx(`history show ${last?.id}`)).stdout).toMatch(/session +lease-/);
  });
});
