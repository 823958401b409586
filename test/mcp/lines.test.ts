import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';

const bed = perSuite(() => openBed());

const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
const initialize = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
const ping = (id: unknown) => JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' });

/** What `dnx mcp` answers to lines, until it has answered `last`: a message, or several. */
async function answersTo(chunks: readonly (string | Buffer)[], last: unknown): Promise<readonly unknown[]> {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const ended = bed.dnx('mcp', { pipes: { stdin, stdout } });
  const answers: { id?: unknown }[] = [];
  let rest = '';
  const answered = new Promise<void>((resolve) => {
    stdout.on('data', (chunk: Buffer) => {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      answers.push(...lines.map((line) => JSON.parse(line) as { id?: unknown }));
      if ([last].flat().every((each) => answers.some(({ id }) => id === each))) resolve();
    });
  });
  for (const chunk of [`${initialize}\n`, ...chunks]) stdin.write(chunk);
  await answered;
  stdin.end();
  await expect(ended).toExit(0);
  return answers.filter(({ id }) => id !== 1);
}

const refused = (code: number, id: unknown = null) => ({ jsonrpc: '2.0', id, error: { code, message: expect.any(String) } });
const pong = (id: unknown) => ({ jsonrpc: '2.0', id, result: {} });

test.each<[string, string | Buffer, object]>([
  ['no JSON', '{"jsonrpc":"2.0","id":2,\n', refused(-32700)],
  ['words', 'hello there\n', refused(-32700)],
  ['bytes', Buffer.from([0xff, 0xfe, 0x00, 0x0a]), refused(-32700)],
  ['another value', '7\n', refused(-32600)],
  ['several messages at once', `[${ping(7)}]\n`, refused(-32600)],
  ['an object that is no message', '{"id":4,"what":1}\n', refused(-32600, 4)],
])('%s is answered with an error, and the server goes on', async (_, chunk, answer) => {
  expect(await answersTo([chunk, '\n', `${ping('last')}\n`], 'last')).toEqual([answer, pong('last')]);
});

test('a message of 20 MB is answered with an error, and the server goes on', async () => {
  const words = 'x'.repeat(20_000_000);
  const chunks = [
    `{"method":"tools/call","params":{"name":"read","arguments":{"words":["`,
    ...(words.match(/.{1,65536}/g) ?? []),
    `"]}},"jsonrpc":"2.0","id":9}\n`,
  ];
  expect(await answersTo([...chunks, `${ping('last')}\n`], 'last')).toEqual([refused(-32600, 9), pong('last')]);
});

test('20 calls at once are answered, and nothing else is written', async () => {
  const warnings: string[] = [];
  const warned = ({ message }: Error) => void warnings.push(message);
  process.on('warning', warned);
  const params = { name: 'read', arguments: { words: ['server', 'list', '--fields', 'name'] } };
  const ids = Array.from({ length: 20 }, (_, at) => at + 10);
  const calls = ids.map((id) => `${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })}\n`);
  const answers = await answersTo(calls, ids);
  process.off('warning', warned);
  expect([answers.length, warnings]).toEqual([20, []]);
});

test('a message in pieces is one message', async () => {
  expect(await answersTo([...ping('é'), '\n', `${ping('last')}\n`], 'last')).toEqual([pong('é'), pong('last')]);
});

test('of two approvals of one plan at the same time, one counts', async () => {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const ended = bed.dnx('mcp', { pipes: { stdin, stdout } });
  const answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await answers.next()).value;
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
  };
  const call = (id: number, more: object) => {
    const change = { name: 'change', arguments: { words: ['env', 'set', 'shop.example.com', 'TWICE=1'] }, _meta: meta, ...more };
    return `${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: change })}\n`;
  };
  stdin.write(call(1, {}));
  const { requestState } = JSON.parse(await next()).result;
  const approval = { requestState, inputResponses: { approval: { action: 'accept', content: { approve: true } } } };
  stdin.write(call(2, approval) + call(3, approval));
  const both = [await next(), await next()].join('\n');
  expect([both.match(/"outcome\W+applied/g)?.length, both.match(/does not wait for approval any more/g)?.length]).toEqual([1, 1]);
  stdin.end();
  await expect(ended).toExit(0);
});
