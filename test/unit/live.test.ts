import { expect, test } from 'vitest';
import { writeLive } from '../../src/cli/output/live.ts';
import { type LiveState, message } from '../../src/cli/output/view.ts';
import { capture } from '../support/streams.ts';

const view = message('state', {});

/** What is written for these states, drawn as this text on a terminal of 10 columns. */
async function written(states: (resize: () => void) => AsyncIterable<LiveState>, text: string, late: () => Promise<void> = async () => {}) {
  const { stream } = capture(true, 10);
  const writes: string[] = [];
  await writeLive(
    states(() => stream.emit('resize')),
    {
      stdout: stream,
      inPlace: true,
      blocks: true,
      frame: async () => ({ above: '', text }),
      warn: () => {},
      out: async (chunk) => {
        await late();
        writes.push(chunk);
      },
    },
  );
  return writes;
}

test('a line as wide as the terminal keeps its last character', async () => {
  async function* once(): AsyncIterable<LiveState> {
    yield { view, changed: true };
  }
  const [frame] = await written(once, '0123456789\nshort\n0123456789012\n');
  expect(frame).toBe('0123456789\nshort\u001b[K\n012345678…\n\u001b[J');
});

test('nothing is drawn after the end, which an error or Ctrl-C brings', async () => {
  let drawn = 0;
  async function* resized(resize: () => void): AsyncIterable<LiveState> {
    yield { view, changed: true };
    resize();
    throw new Error('the end');
  }
  const slowly = () => new Promise<void>((resolve) => setImmediate(resolve));
  const late = async () => {
    await slowly();
    drawn += 1;
  };
  await expect(written(resized, 'x\n', late)).rejects.toThrow('the end');
  const before = drawn;
  for (let turn = 0; turn < 5; turn += 1) await slowly();
  expect([before, drawn]).toEqual([2, 2]);
});
