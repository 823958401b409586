import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { program } from '../support/program.ts';

const { env, close, dnx, shell } = await openExecutable();
afterAll(close);

test.each([
  ['2025-11-25', 'legacy' as const],
  ['2026-07-28', { pin: '2026-07-28' }],
])('the built dnx serves revision %s, and ends with its client', async (revision, mode) => {
  const [command, ...args] = program;
  const transport = new StdioClientTransport({ command, args: [...args, 'mcp'], env });
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
  await client.connect(transport);
  expect(client.getNegotiatedProtocolVersion()).toBe(revision);
  const { content } = await client.callTool({ name: 'read', arguments: { words: ['server', 'list', '--fields', 'name'] } });
  expect(content).toEqual([{ type: 'text', text: expect.stringContaining('{"name":"web-1"}') }]);
  const pid = transport.pid ?? 0;
  await client.close();
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test.each([
  ['its input ends', (run: ReturnType<typeof dnx>) => run.stdin?.end()],
  [
    'nobody reads its output',
    (run: ReturnType<typeof dnx>) => run.stdout?.destroy() && run.stdin?.write('{"jsonrpc":"2.0","id":2,"method":"ping"}\n'),
  ],
  ['it gets SIGTERM', (run: ReturnType<typeof dnx>) => run.kill('SIGTERM')],
])('it ends at once when %s', async (_, end) => {
  const run = dnx(['mcp'], { stdin: 'pipe' });
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  run.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
  await new Promise((resolve) => run.stdout?.once('data', resolve));
  end(run);
  await expect(run).toExit(0);
});

test('on a full disk it says that it cannot answer, and exits 1', async () => {
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  for (const line of [ping, 'not JSON'])
    await expect(shell(`echo '${line}' | dnx mcp > /dev/full`)).toExit(1, { says: 'Could not write the output: the disk is full.' });
});
