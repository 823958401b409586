import { join } from 'node:path';
import { expect } from 'vitest';
import { savedLeases } from '../../src/machine/lease.ts';
import { type Executable, executableTest as test } from '../support/executable.ts';
import { killedAt } from '../support/killed.ts';
import { leasedTokens } from '../support/leased.ts';
import { leading } from '../support/volume.ts';

const LEASE = ['token', 'lease', '--preset', 'read-only'];
/** Signs in, as one does before a session: dnx keeps the token in a file. */
const signIn = ({ here, sandbox }: Executable) =>
  expect(here(['login', '--with-token', '--insecure-storage'], { stdin: sandbox.token, env: { DNX_TOKEN: '' } })).toExit(0);
const leases = ({ directory }: Executable) => savedLeases(join(directory, '.config/dnx'));

test('killed at any request, or while its command runs, a lease leaves no token after the next command', async ({ open }) => {
  const executable = await open({ rateLimit: 0 });
  const { sandbox, dnx, here } = executable;
  const next = async (when: string) => {
    const { exitCode, stderr } = await here(['server', 'list']);
    expect([exitCode, leasedTokens(executable), leases(executable)], `${when}: ${stderr}`).toEqual([0, [], []]);
  };
  for (const request of [1, 2, 3]) {
    await killedAt(executable, [...LEASE, '--', 'true'], { request });
    await next(`request ${request}`);
  }
  const { signal } = await dnx([...LEASE, '--', 'sh', '-c', 'kill -9 $PPID']);
  expect([signal, leasedTokens(executable).length]).toEqual(['SIGKILL', 1]);
  await next('its command');
  // A request that was on its way when dnx was killed.
  sandbox.faults.next({ method: 'POST', path: '/tokens' }, 'hang');
  const child = dnx([...LEASE, '--', 'true']);
  await expect.poll(() => sandbox.calls.at(-1)?.method).toBe('POST');
  child.kill('SIGKILL');
  expect((await child).signal).toBe('SIGKILL');
  expect([leasedTokens(executable), leases(executable).length]).toEqual([[], 1]);
});

test('after a signal, a lease revokes its token, however slow Deploynix is, and exits with its code', async ({ open }) => {
  const ended = async ([signal, code]: readonly [NodeJS.Signals, number]) => {
    const executable = await open({ rateLimit: 0, latencyMs: 900 });
    const child = executable.dnx([...LEASE, '--', 'sh', '-c', 'echo ready; exec sleep 60']);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(leasedTokens(executable)).toHaveLength(1);
    child.kill(signal);
    expect([signal, (await child).exitCode, leasedTokens(executable), leases(executable)]).toEqual([signal, code, [], []]);
  };
  const signals = [
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const;
  await Promise.all(leading(signals, 1).map(ended));
});

test('the command and what it starts reach no stored sign-in, and other processes do', async ({ open }) => {
  const executable = await open({ rateLimit: 0 });
  const { shell, sandbox, env } = executable;
  await signIn(executable);
  const inside = [
    'env -u DNX_TOKEN -u DNX_LEASE "$NODE" "$DNX" whoami -o text; echo $?',
    `env -i HOME="$HOME" PATH="$PATH" "$NODE" "$DNX" whoami --host ${sandbox.url}; echo $?`,
    '(unset DNX_TOKEN DNX_LEASE; XDG_STATE_HOME="$PWD/moved" "$NODE" "$DNX" whoami & wait $!); echo $?',
    'echo in; until [ -e seen ]; do sleep 0.05; done',
  ].join('\n');
  const run = await shell(`unset DNX_TOKEN; dnx ${LEASE.join(' ')} -- sh -c '${inside}' > inside 2>/dev/null &
    until grep -q in inside; do sleep 0.05; done; dnx whoami --fields email; touch seen; wait; tr '\\n' ' ' < inside`);
  expect(run.stdout, run.stderr).toContain('ada@example.com');
  expect(run.stdout.trim()).toMatch(/4 4 4 in$/);
  expect([env.DNX_TOKEN, leasedTokens(executable)]).toEqual([sandbox.token, []]);
});

test('a hostile agent deletes nothing', async ({ open }) => {
  const executable = await open({ rateLimit: 0 });
  const { shell, sandbox } = executable;
  const before = sandbox.state.servers.map(({ id }) => id);
  const fetching = `const { DNX_HOST: host, DNX_TOKEN: token } = process.env;
    for (const id of process.argv.slice(1)) {
      const sent = { method: "DELETE", headers: { authorization: "Bearer " + token } };
      console.log((await fetch(host + "/api/v1/servers/" + id, sent)).status);
    }`;
  const lines = [
    'export DNX_HOST',
    '"$NODE" "$DNX" server delete web-2 --yes --confirm web-2; echo $?',
    'env -u DNX_LEASE -u DNX_TOKEN "$NODE" "$DNX" server delete web-2 --confirm web-2; echo $?',
    'env -i HOME="$HOME" PATH="$PATH" DNX_HOST="$DNX_HOST" "$NODE" "$DNX" api DELETE /servers/{server} --server web-2 --yes; echo $?',
    'XDG_STATE_HOME="$PWD/moved" DNX_NO_HISTORY=1 "$NODE" "$DNX" token create x --ability server:delete; echo $?',
    `"$FETCH" --input-type=module -e '${fetching}' ${before.join(' ')}`,
  ];
  await signIn(executable);
  const run = await shell(`unset DNX_TOKEN; printf '%s\\n' "$LINES" > hostile.sh; dnx agent run -- sh hostile.sh 2>/dev/null`, {
    env: { LINES: lines.join('\n'), FETCH: process.execPath },
  });
  expect(run.stdout.split('\n').filter(Boolean), run.stderr).toEqual(['2', '2', '4', '2', ...before.map(() => '403')]);
  expect(sandbox.state.servers.map(({ id }) => id)).toEqual(before);
});

test.runIf(process.platform === 'linux')('no variable that a child sets or removes leaves the session of an agent', async ({ open }) => {
  const executable = await open({ rateLimit: 0 });
  const { shell, sandbox } = executable;
  await signIn(executable);
  const own = `"$NODE" "$DNX" site delete blog.example.com --server web-1 --confirm blog.example.com --host ${sandbox.url}`;
  const inSession = async (lines: string) => {
    const run = await shell(`unset DNX_TOKEN; printf '%s' "$LINES" > lines.sh; dnx agent run --ability site:delete -- sh lines.sh`, {
      env: { LINES: lines },
    });
    return [run.stdout.trim(), run.stderr.split('In the session of an agent, nothing confirms this.').length - 1];
  };
  const lines = [
    `env -u DNX_LEASE DNX_CONFIG_DIR=/nonexistent/x ${own}`,
    `DNX_CONFIG_DIR=/nonexistent/x ${own}`,
    `env -u DNX_LEASE XDG_CONFIG_HOME=/nonexistent/x ${own}`,
    `env -u DNX_LEASE HOME=/nonexistent/x ${own}`,
    `mkdir linked; ln -s "$HOME"/.config/dnx/*.json linked; env -u DNX_LEASE -u DNX_TOKEN DNX_CONFIG_DIR="$PWD/linked" ${own}`,
    `DNX_LEASE=agent-other DNX_CONFIG_DIR=/nonexistent/x ${own}`,
  ];
  expect(await inSession(lines.map((line) => `${line}; echo $?`).join('\n'))).toEqual([lines.map(() => 2).join('\n'), lines.length]);
  // No process between the two dnx was started with the variable of the session.
  for (const moved of leading(['-u DNX_LEASE -u DNX_TOKEN HOME=/nonexistent/x', '-u DNX_LEASE DNX_CONFIG_DIR=/nonexistent/x'], 1))
    expect(await inSession(`exec env ${moved} ${own}`)).toEqual(['', 1]);
  expect(sandbox.state.sites.map(({ domain }) => domain)).toContain('blog.example.com');
  // A person's own line, which no session started.
  await expect(shell(own)).toExit(0);
});

test.runIf(process.platform === 'linux')(
  'no variable that a child sets lets dnx replace or send what it keeps outside of the session',
  async ({ open }) => {
    const executable = await open({ rateLimit: 0 });
    await signIn(executable);
    const moved = 'DNX_CONFIG_DIR=$PWD/a DNX_STATE_DIR=$PWD/b DNX_CACHE_DIR=$PWD/c HOME=$PWD/d';
    const own = `${moved} "$NODE" "$DNX"`;
    const lines = [
      ...['tokens.json', 'leases/new.json'].map(
        (name) => `F=$HOME/.config/dnx/${name}; ${own} deploy $SITE --yes --no-wait --result-file "$F"`,
      ),
      'F=$HOME/.config/dnx/tokens.json; echo "X=file://$F" > x.env',
      `${own} env push x.env $SITE --yes --allow-file "$F"`,
    ];
    const run = await executable.shell(
      `unset DNX_TOKEN; printf '%s' "$LINES" > lines.sh; dnx agent run --ability site:update -- sh lines.sh; cat "$HOME"/.config/dnx/tokens.json`,
      { env: { LINES: lines.join('\n'), SITE: '--site blog.example.com' } },
    );
    expect(run.stderr.split('is where dnx keeps its own files.').length - 1, run.stderr).toBe(2);
    expect(run.stderr).toContain('a reference never reads the files of dnx.');
    expect(run.stdout).toContain('@http');
  },
);

test('what names a session that is not there is refused', async ({ open }) => {
  const { here, sandbox } = await open({ rateLimit: 0 });
  for (const DNX_LEASE of ['agent-mhk3f9x2-1a2b-x9z3k1', 'lease-1', 'x']) {
    await expect(here(['site', 'list'], { env: { DNX_LEASE } })).toExit(4, { stdout: '', says: 'The lease that started this is over.' });
  }
  expect(sandbox.calls).toEqual([]);
});

test('on a full disk no token is created', async ({ open }) => {
  const executable = await open({ rateLimit: 0 });
  await expect(executable.shell(`trap '' XFSZ; ulimit -f 0; dnx ${LEASE.join(' ')} -- true`)).toExit(1, { says: 'No token was created.' });
  expect(executable.sandbox.calls.filter(({ method }) => method === 'POST')).toEqual([]);
});
