import { expect, test } from 'vitest';
import type { DnxError } from '../../src/base/errors.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { openBed } from '../support/dnx.ts';

const read = (line: string) => parse(line.split(' ').filter(Boolean), tree);

test.each([
  ['server list --json', 'server list', { json: true }],
  ['--json server list', 'server list', { json: true }],
  ['server --json list', 'server list', { json: true }],
  ['--profile work -o ids servers ls --limit 2', 'server list', { profile: 'work', output: 'ids', limit: '2' }],
  ['--host=http://127.0.0.1:1 -oids server show web-1', 'server show', { host: 'http://127.0.0.1:1', output: 'ids' }],
  ['--no-header --no-color server list', 'server list', { header: false, color: false }],
  ['server list', 'server list', { header: true, color: true, input: true, json: false }],
])('dnx %s runs %s with its global options anywhere', async (line, path, globals) => {
  const { line: typedLine } = await read(line);
  expect(typedLine).toMatchObject({ path, globals });
});

test.each([
  ['--server web-1 deploy shop.example.com', { server: ['web-1'], site: ['shop.example.com'] }],
  ['--server web-1 daemon show 1 --server web-2', { server: ['web-2'], daemon: ['1'] }],
  ['daemon --server web-1 show 1', { server: ['web-1'], daemon: ['1'] }],
  ['backup create --site shop.example.com', { site: ['shop.example.com'] }],
])('dnx %s receives its targets', async (line, targets) => {
  expect((await read(line)).line?.targets).toEqual(targets);
});

test.each([
  ['cron list', 'crontab list'],
  ['certs ls', 'certificate list'],
  ['worker get 1', 'queue show'],
  ['workers rm 1', 'queue delete'],
  ['firewall list', 'network-rule list'],
  ['repos list', 'git-repository list'],
  ['db list', 'database list'],
  ['dbs ls', 'database list'],
  ['db tunnel', 'db tunnel'],
  ['db-users list', 'database-user list'],
  ['watch', 'watch'],
  ['releases shop.example.com', 'releases'],
  ['version', 'version'],
])('dnx %s runs %s', async (line, path) => {
  expect((await read(line)).line?.path).toBe(path);
});

test.each([
  ['sandbox run -- dnx --json server list', ['dnx', '--json', 'server', 'list']],
  ['sandbox run dnx --json server list -- x', ['dnx', '--json', 'server', 'list', '--', 'x']],
  ['--json sandbox run --fail-deploys disk sh -c exit --port 1', ['sh', '-c', 'exit', '--port', '1']],
])('dnx %s passes on the words of the other program', async (line, words) => {
  expect((await read(line)).line?.options.command).toEqual(words);
});

test.each(['artisan --version', 'env run --production npm start'])('dnx %s says how to pass the option on', async (line) => {
  expect((await read(line)).error).toMatchObject({ code: 'usage', hint: 'To pass it on, put -- before it.' });
});

test.each(['nonsense --json', 'server nonsense -o json', '--debug=x server --json', 'deploy --nope --json', 'help nope --json'])(
  'dnx %s fails in JSON',
  async (line) => {
    const { globals, error } = await read(line);
    expect([globals.json || globals.output === 'json', error]).toEqual([true, expect.objectContaining({ code: 'usage' })]);
  },
);

test.each([
  ['ssh -- df -h', { command: ['df', '-h'] }, {}],
  ['ssh web-1 -- df -h', { command: ['df', '-h'] }, { server: ['web-1'] }],
  ['ssh web-1 df', { command: ['df'] }, { server: ['web-1'] }],
  ['ssh web-1 ls -la --user x --help', { command: ['ls', '-la', '--user', 'x', '--help'] }, { server: ['web-1'] }],
  ['ssh web-1 --user ada git log --oneline -- x', { command: ['git', 'log', '--oneline', '--', 'x'], user: 'ada' }, { server: ['web-1'] }],
  ['ssh --user ada web-1 --print php --version', { command: ['php', '--version'], user: 'ada', print: true }, { server: ['web-1'] }],
  ['ssh -- ls -- -la', { command: ['ls', '--', '-la'] }, {}],
  ['db tunnel shop.example.com php --help', { command: ['php', '--help'] }, { site: ['shop.example.com'] }],
  ['-- ssh web-1', {}, { server: ['web-1'] }],
])('dnx %s has a command and a target', async (line, options, targets) => {
  expect((await read(line)).line).toMatchObject({ options, targets });
});

test('the value of an option may look like a global option', async () => {
  expect((await read('crontab create --command --json')).line).toMatchObject({
    fields: { command: '--json' },
    globals: { json: false },
  });
});

test.each([
  'help server list',
  'server help',
  'server help list',
  'help server help',
  '--no-color help server',
  '--json',
  '',
  'server',
  'server --json',
  '--help server',
  'server --help',
  'help exit-codes',
  'help tokens',
  'help token',
  'deploy --help --api',
  'ssh web-1 --help',
  'ssh --help -- df -h',
  'help artisan migrate',
  'help ssh web-1 df',
])('dnx %s shows help', async (line) => {
  const { help, error, line: typedLine } = await read(line);
  expect([help !== undefined, error, typedLine]).toEqual([true, undefined, undefined]);
});

test.each([
  ['nonsense list --json', "Unknown command 'nonsense'."],
  ['nonsense --help', "Unknown command 'nonsense'."],
  ['sevrer list', "Unknown command 'sevrer'. Did you mean 'server'?"],
  ['delpoy', "Unknown command 'delpoy'. Did you mean 'deploy'?"],
  ['server nonsense -q', "Unknown command 'server nonsense'."],
  ['server help nonsense', "Unknown command 'server nonsense'."],
  ['site delpoy', "Unknown command 'site delpoy'. Did you mean 'site deploy'?"],
  // Only one other group has `deploy` or `provision`; several have `restart`, most have `list`.
  ['server deploy', "Unknown command 'server deploy'. Did you mean 'site deploy'?"],
  ['provision', "Unknown command 'provision'. Did you mean 'server provision'?"],
  ['db lst', "Unknown command 'db lst'. Did you mean 'db list'?"],
  ['dbs tunel', "Unknown command 'db tunel'. Did you mean 'db tunnel'?"],
  [
    'site restart',
    "Unknown command 'site restart'. Did you mean 'server restart', 'queue restart', 'daemon restart' or 'service restart'?",
  ],
  ['list', "Unknown command 'list'. Did you mean 'server list' or 'site list'?"],
  ['help exit-code', "Unknown command 'exit-code'. Did you mean 'exit-codes'?"],
  ['help nope', "Unknown command 'nope'."],
  ['-- --help', "Unknown command '--help'. Did you mean 'help'?"],
  ['server -- -h', "Unknown command 'server -h'."],
  ['-1s', "Unknown option '-1s'."],
  ['login -1s', "Unknown option '-1s'."],
  ['login -1', "Too many arguments: '-1'."],
  ['--nope server list', "Unknown option '--nope'."],
  ['deploy a --verfy=/up', "Unknown option '--verfy'. Did you mean '--verify'?"],
  ['deploy a -qx', "Unknown option '-x'."],
  ['logs web-1 --follow=3', "Option '--follow' takes no value."],
  ['ssh web-1 --df', "Unknown option '--df'."],
  ['deploy a --api', "Unknown option '--api'."],
  ['token list --server 1', "Unknown option '--server'."],
  ['server list --sort', "Option '--sort <field>' argument missing."],
  ['server --site', "Option '-s, --site <site>' argument missing."],
  ['server list -o', "Option '-o, --output <format>' argument missing."],
  ['whoami a b', "Too many arguments: 'a', 'b'."],
  ['site show a b', "Too many arguments: 'b'."],
])('dnx %s fails with: %s', async (line, message) => {
  expect((await read(line)).error).toMatchObject({ code: 'usage', message });
});

test.each(['site show a --site b', 'server nope --help'])('dnx %s is a usage error', async (line) => {
  expect((await read(line)).error).toMatchObject({ code: 'usage' });
});

test('an unknown command suggests help and prints nothing on stdout', async () => {
  const bed = await openBed();
  try {
    const run = await bed.dnx('site delpoy --json');
    expect(run).toExit(2, { stdout: '', calls: [] });
    expect(JSON.parse(run.stderr).error).toMatchObject({
      code: 'usage',
      message: "Unknown command 'site delpoy'. Did you mean 'site deploy'?",
      next: [{ command: 'dnx site --help', why: 'See' }],
    });
    const flag = await bed.dnx('--debug=x server list --json');
    expect([flag.code, JSON.parse(flag.stderr).error.message]).toEqual([2, "Option '--debug' takes no value."]);
    for (const line of ['version', '-v', '--version']) expect((await bed.dnx(line)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  } finally {
    await bed.close();
  }
});

test.each([
  'site list shop.example.com',
  'env list web-1',
  'env list shop.example.com --site blog.example.com',
  '--site blog.example.com env list shop.example.com',
  'env list shop.example.com blog.example.com',
  'token list shop.example.com',
  'api GET /servers shop.example.com',
  'why shop.example.com deploy.log',
  'db dump shop.example.com dump.sql',
  'open shop.example.com blog.example.com',
])('dnx %s has too many arguments, which belong to no option', async (line) => {
  const { error } = await read(line);
  expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining('Too many arguments') });
  expect((error as DnxError).hint).toBeUndefined();
});
