import { expect, test } from 'vitest';
import { BANNER, type Frame, framesIn } from '../../src/features/logs/connection.ts';

/** What the script prints for these parts of a file. */
const printed = (parts: readonly string[]): Buffer =>
  Buffer.from(
    [
      `Welcome!\n F 1 0 /fake\n${BANNER}\nL /live\nF 8:1:2 0 /home/a b/ü.log\nS\n`,
      // As sed does it: a space before each line, and no newline that the part does not have.
      ...parts.map((part) => `F 8:1:2 0 /home/a b/ü.log\n${part.replace(/^(?=.|\n)/gm, ' ').replace(/ $/, '')}\nE\n`),
      '.\nQ\n',
    ].join(''),
  );

async function read(chunks: readonly Buffer[]): Promise<readonly Frame[]> {
  async function* output() {
    yield* chunks;
  }
  const frames: Frame[] = [];
  for await (const frame of framesIn(output())) frames.push(frame);
  return frames;
}

const textOf = (frames: readonly Frame[]): string =>
  Buffer.concat(frames.flatMap((frame) => (frame.kind === 'bytes' ? [frame.bytes] : []))).toString();

const cases = [['one\n'], ['one'], ['one', ' more\ntwo'], ['\n', '\n\n', 'x'], ['ü\n E\nQ\nF 1 2 3\n', ' \n', '.\n'], ['']];

test.each(cases.map((parts) => [parts]))('every division into chunks gives the same bytes: %j', async (parts) => {
  const output = printed(parts);
  for (let at = 0; at <= output.length; at += 1) {
    const frames = await read([output.subarray(0, at), output.subarray(at)]);
    expect(textOf(frames)).toBe(parts.join(''));
    expect(frames.filter(({ kind }) => kind !== 'bytes')).toEqual([
      { kind: 'live', path: '/live' },
      { kind: 'file', id: '8:1:2', offset: 0, name: '/home/a b/ü.log' },
      { kind: 'surveyed' },
      ...parts.map(() => ({ kind: 'file', id: '8:1:2', offset: 0, name: '/home/a b/ü.log' })),
      { kind: 'idle' },
      { kind: 'finished' },
    ]);
  }
});

test('a cut connection gives no newline of which nobody knows whose it is', async () => {
  const output = printed(['one\ntwo']);
  const cut = output.subarray(0, output.indexOf('\nE\n') + 1);
  expect(textOf(await read([cut]))).toBe('one\ntwo');
  expect(textOf(await read([...cut].map((byte) => Buffer.of(byte))))).toBe('one\ntwo');
});
