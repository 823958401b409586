import { expect, test } from 'vitest';
import { arranged } from '../../src/cli/run/argv.ts';

const depth = (word: string) => ({ server: 2, sandbox: 2, deploy: 1 })[word] ?? 0;

test.each([
  ['server list --json', 'server list --json'],
  ['--json server list', 'server list --json'],
  ['--profile work -o ids server list --limit 2', 'server list --profile work -o ids --limit 2'],
  ['--host=http://127.0.0.1:1 -oids server show web-1', 'server show --host=http://127.0.0.1:1 -oids web-1'],
  ['--server web-1 deploy shop.example.com', 'deploy --server web-1 shop.example.com'],
  ['--json sandbox run -- dnx --json server list', 'sandbox run --json -- dnx --json server list'],
  ['--no-input server create --name', 'server create --no-input --name'],
  ['--json server', 'server --json'],
  ['--help server', 'server --help'],
  ['help server list', 'server list --help'],
  ['--no-color help server', 'server --no-color --help'],
  ['--json', '--help'],
  ['', ''],
  ['--nope server list', '--nope server list'],
  ['--version --json', '--version --json'],
  ['-- server list', '-- server list'],
])('dnx %s is read as dnx %s', (given, read) => {
  const words = (line: string) => line.split(' ').filter(Boolean);
  expect(arranged(words(given), depth)).toEqual(words(read));
});
