import { expect, test } from 'vitest';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';

const read = (line: string) => parse(line.split(' ').filter(Boolean), tree);

test.each([
  ['server list --json', 'server list', { json: true }],
  ['--json server list', 'server list', { json: true }],
  ['server --json list', 'server list', { json: true }],
  ['--profile work -o ids servers ls --limit 2', 'server list', { profile: 'work', output: 'ids', limit: '2' }],
  ['--host=http://127.0.0.1:1 -oids server show web-1', 'server show', { host: 'http://127.0.0.1:1', output: 'ids' }],
  ['--no-header --no-color server list', 'server list', { header: false, color: false }],
  ['server list', 'server list', { header: true, color: true, input: true, json: false }],
])('dnx %s is %s, with the options of every command on either side', async (line, path, globals) => {
  const { invocation } = await read(line);
  expect(invocation).toMatchObject({ path, globals });
});

test.each([
  ['--server web-1 deploy shop.example.com', { server: ['web-1'], site: ['shop.example.com'] }],
  ['--server web-1 daemon show 1 --server web-2', { server: ['web-2'], daemon: ['1'] }],
  ['backup create --site shop.example.com', { site: ['shop.example.com'] }],
])('dnx %s names its parents', async (line, targets) => {
  expect((await read(line)).invocation?.targets).toEqual(targets);
});

test.each([
  ['sandbox run -- dnx --json server list', ['dnx', '--json', 'server', 'list']],
  ['sandbox run dnx --json server list -- x', ['dnx', '--json', 'server', 'list', '--', 'x']],
  ['--json sandbox run --fail-deploys sh -c exit --port 1', ['sh', '-c', 'exit', '--port', '1']],
])('dnx %s hands the words of the other program on untouched', async (line, words) => {
  expect((await read(line)).invocation?.options.command).toEqual(words);
});

test('a value that looks like an option of every command is a value', async () => {
  expect((await read('crontab create --command --json')).invocation).toMatchObject({
    fields: { command: '--json' },
    globals: { json: false },
  });
});

test.each([
  ['help server list', true],
  ['server help', true],
  ['server help list', true],
  ['help server help', true],
  ['--no-color help server', true],
  ['--json', true],
  ['', true],
  ['--help server', true],
  ['server --help', true],
])('dnx %s asks for help', async (line, asked) => {
  const { help, error, invocation } = await read(line);
  expect([help !== undefined, error, invocation]).toEqual([asked, undefined, undefined]);
});

test.each([
  ['nonsense list --sort', "Unknown command 'nonsense'."],
  ['server nonsense --query', "Unknown command 'nonsense'."],
  ['server help nonsense', "Unknown command 'nonsense'."],
  ['-- --help', "Unknown option '--help'."],
  ['server -- -h', "Unknown option '-h'."],
])('dnx %s is refused for its first fault', async (line, message) => {
  expect((await read(line)).error).toMatchObject({ code: 'usage', message });
});

test.each(['--nope server list', 'token list --server 1', 'site show a --site b', 'server nope --help', 'help nope'])(
  'dnx %s is refused',
  async (line) => {
    expect((await read(line)).error).toMatchObject({ code: 'usage' });
  },
);
