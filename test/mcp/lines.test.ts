import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeAll(async () => {
  bed = await openBed({ rateLimit: 0 });
});
afterAll(() => bed.close());

const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
const initialize = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
const ping = (id: unknown) => JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' });

/** What `dnx mcp` answers to lines, until it has answered `last`. */
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
      if (answers.some(({ id }) => id === last)) resolve();
    });
  });
  for (const chunk of [`${initialize}\n`, ...chunks]) stdin.write(chunk);
  await answered;
  stdin.end();
  expect((await ended).code).toBe(0);
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

test('a message in pieces is one message', async () => {
  expect(await answersTo([...ping('é'), '\n', `${ping('last')}\n`], 'last')).toEqual([pong('é'), pong('last')]);
});
