import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { rows } from '../../src/cli/output/view.ts';
import { changesIn, pollAgain, polled } from '../../src/features/watch/watch.ts';
import { FakeClock } from '../support/clock.ts';
import { capture } from '../support/streams.ts';

const columns = [{ key: 'name' }, { key: 'status' }];

/** The rows of a reading: one of them differs each time, and one is replaced. */
const listed = (turn: number) => [
  ...Array.from({ length: 20 }, (_, n) => ({ id: `row-${n}`, name: `app-${n}`, status: n === turn % 20 ? 'deploying' : 'active' })),
  { id: `new-${turn}`, name: 'new', status: 'active' },
];

function used(): number {
  setFlagsFromString('--expose_gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

test('1,000 readings in which something changes take no more memory than a hundred', async () => {
  const clock = new FakeClock();
  const changes = changesIn(clock);
  let turn = 0;
  let before = 0;
  const missed: number[] = [];
  const read = async () => {
    turn += 1;
    return listed(turn);
  };
  const { signal } = new AbortController();
  const world = { stdout: capture(true).stream, spawn: async () => 0, platform: 'linux', env: {} } as const;
  const states = polled({ clock, signal, world }, listed(0), {
    pause: () => 6_000,
    read: () => pollAgain({ clock, signal }, read),
  });
  for await (const { value, fresh } of states) {
    if (!fresh) continue;
    const { changed, gone } = changes.see({ items: value, columns });
    changes.isRecent(rows(value, columns, '').items[0] ?? {});
    if (!changed || gone?.length !== (turn === 0 ? 0 : 1)) missed.push(turn);
    if (turn === 100) before = used();
    if (turn === 1_000) break;
  }
  expect(missed).toEqual([]);
  expect(clock.elapsed()).toBe(1_000 * 6_000);
  expect((used() - before) / 1e6).toBeLessThan(0.5);
});
