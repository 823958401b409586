import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { filesWith, treeOf } from '../support/editor.ts';
import { openExecutable, said } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { preloading } from '../support/program.ts';
import { openProxy } from '../support/proxy.ts';
import { leading, sampled } from '../support/volume.ts';

const run = ['env', 'run', '--server', seeded.servers['web-1'], '--site', seeded.sites['shop.example.com'], '--all', '--'];
const shell = (script: string) => [...run, 'sh', '-c', script];

const executable = perTest(openExecutable);

const add = (key: string, value: string) => {
  const [first] = executable.sandbox.state.environment_variables.filter((each) => each.site_id === seeded.sites['shop.example.com']);
  if (!first) throw new Error('no variable');
  executable.sandbox.state.environment_variables.push({ ...first, id: `NEW-${key}`, key, value });
};

test.each(leading([255, 0, 130], 1))('its exit code %i is passed on', async (code) => {
  await expect(executable.dnx(shell(`exit ${code}`))).toExit(code, { stdout: '', stderr: '' });
});

test.each(
  leading(
    [
      ['KILL', 137],
      ['SEGV', 139],
      ['PIPE', 141],
    ],
    1,
  ),
)('a command that ends by SIG%s exits %i', async (signal, code) => {
  await expect(executable.dnx(shell(`kill -${signal} $$`))).toExit(code, { stdout: '', stderr: '' });
});

test('the command keeps your own DNX_TOKEN', async () => {
  await expect(executable.dnx(shell('echo "$DNX_TOKEN"'))).toExit(0, { stdout: `${executable.sandbox.token}\n` });
});

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

describe.each(sampled(signals, 1, 2))('%s', (signal) => {
  const name = signal.slice(3);

  test('reaches the command, whose exit code counts', async () => {
    const child = executable.dnx(shell(`trap 'echo caught; exit 5' ${name}; echo ready >&2; while :; do sleep 0.01; done`));
    await said(child, 'ready');
    child.kill(signal);
    await expect(child).toExit(5, { stdout: 'caught\n' });
  });

  test('reaches it every time', async () => {
    const trap = `trap 'n=x$n; echo "$n." >&2' ${name}`;
    const child = executable.dnx(shell(`${trap}; echo ready >&2; while [ "$n" != xxx ]; do sleep 0.01; done; exit 7`));
    for (const each of ['ready', 'x.', 'xx.', 'xxx.']) {
      await said(child, each);
      if (each !== 'xxx.') child.kill(signal);
    }
    await expect(child).toExit(7);
  });
});

test('SIGTERM gives the command all the time it takes', async () => {
  // Five seconds, the usual limit, are a quarter of a second here.
  const fast = await openExecutable({ speed: 20 });
  onTestFinished(() => fast.close());
  const child = fast.dnx(shell("trap 'sleep 0.6; echo done; exit 0' TERM; echo ready >&2; while :; do sleep 0.01; done"));
  await said(child, 'ready');
  kill(child.pid ?? 0, 'SIGTERM');
  await expect(child).toExit(0, { stdout: 'done\n' });
});

test('SIGTERM while the variables are read starts nothing', async () => {
  executable.sandbox.faults.always({ path: /environment-variables$/ }, 'hang');
  const child = executable.dnx([...shell('echo started'), '--debug']);
  await expect.poll(() => executable.sandbox.calls.length, { timeout: 20_000 }).toBe(1);
  child.kill('SIGTERM');
  await expect(child).toExit(143, { stdout: '' });
});

test('streams are its own: bytes go in and out unchanged', async () => {
  const line = `head -c 3000000 /dev/urandom > in; dnx ${run.join(' ')} sh -c 'tee copy; echo "$APP_NAME" >&2' < in > out; cmp in out && cmp in copy`;
  await expect(executable.shell(line)).toExit(0, { stdout: '', stderr: 'Example Shop\n' });
});

test('a closed pipe ends it as it would end the command', async () => {
  expect((await executable.shell(`dnx ${run.join(' ')} yes | head -1; echo "\${PIPESTATUS[0]}"`)).stdout).toBe('y\n141\n');
});

test('values arrive byte for byte, large ones too', async () => {
  const odd = 'a "b" \'c\' $d `e` \\n\n\ttab é 🚀 =x#y';
  add('ODD', odd);
  add('LARGE', 'x'.repeat(100_000));
  const ran = await executable.dnx([...run, 'node', '-e', 'process.stdout.write(process.env.ODD + process.env.LARGE.length)']);
  expect(ran).toExit(0, { stdout: `${odd}100000` });
});

test('values that are too large for the system are an error of dnx', async () => {
  add('HUGE', 'x'.repeat(200_000));
  const ran = await executable.dnx([...run, 'true']);
  expect(ran).toExit(2, { stdout: '', stderr: 'Error: Could not run true: its arguments and environment variables are too large.\n' });
});

test('what cannot be run is an error of dnx', async () => {
  const missing = await executable.dnx([...run, 'no-such-command']);
  expect(missing).toExit(2, { stdout: '', stderr: 'Error: Could not run no-such-command: command not found.\n' });
  mkdirSync(join(executable.directory, 'folder'));
  const folder = await executable.dnx([...run, './folder']);
  expect(folder).toExit(2, { stdout: '', stderr: 'Error: Could not run ./folder: permission denied.\n' });
});

test('a hostile site cannot run other code', async () => {
  const keys = ['PATH', 'LD_PRELOAD', 'BASH_ENV', 'ENV', 'NODE_OPTIONS', 'BASH_FUNC_echo%%', 'A=1\nPATH', 'RSYNC_RSH', 'TAR_OPTIONS'];
  for (const key of keys) add(key, '() { exit 66; }');
  writeFileSync(join(executable.directory, '.env.example'), 'APP_NAME=\n');
  const named = run.filter((word) => word !== '--all');
  const ran = await executable.dnx([...named, 'bash', '-c', 'echo "fine $APP_NAME$RSYNC_RSH$TAR_OPTIONS$DB_PASSWORD"; node -e 0']);
  expect(ran).toExit(0, { stdout: 'fine Example Shop\n' });
});

test('a dnx inside the command loads no code that the site names', async () => {
  const file = join(executable.directory, 'evil.cjs');
  writeFileSync(file, "require('node:fs').writeFileSync(__filename + '.ran', process.env.DNX_TOKEN);\n");
  const given = { ...preloading(file), NODE_OPTIONS: `--require ${file}`, BUN_OPTIONS: `--preload ${file}`, BUN_INSPECT_PRELOAD: file };
  for (const [key, value] of Object.entries(given)) add(key, value);
  const ran = await executable.dnx(shell('"$NODE" "$DNX" whoami'));
  expect([ran.exitCode, existsSync(`${file}.ran`)], ran.stderr).toEqual([0, false]);
  for (const key of Object.keys(given)) expect(ran.stderr).toMatch(new RegExp(`Left out .*\\b${key}\\b.*: settings of dnx`));
});

test.each(leading(['HTTP_PROXY', 'http_proxy', 'all_proxy'], 1))(
  'a dnx inside the command sends its token to no proxy of the site: %s',
  async (key) => {
    const proxy = await openProxy();
    onTestFinished(() => proxy.close());
    add(key, proxy.url);
    const ran = await executable.dnx(shell('"$NODE" "$DNX" whoami'));
    expect([ran.exitCode, ran.stderr, proxy.asked]).toEqual([0, expect.stringContaining(`Left out ${key}: `), []]);
  },
);

test('nothing is written to any file', async () => {
  await expect(executable.dnx([...run, 'true'])).toExit(0);
  const before = treeOf(executable.directory);
  const ran = await executable.dnx(shell('printf %s "$DB_PASSWORD" | wc -c'));
  expect([ran.stdout.trim(), treeOf(executable.directory)]).toEqual(['18', before]);
  expect(filesWith(executable.directory, 'hunter2')).toEqual([]);
});
