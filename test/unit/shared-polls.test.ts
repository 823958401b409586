import { beforeEach, describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { SharedPolls } from '../../src/platform/follow/shared-polls.ts';
import { FakeClock } from '../support/clock.ts';

const PACE_MS = 5_000;
const NEVER = 1_000_000;

let clock: FakeClock;
let stop: AbortController;
let reads: { readonly at: number; readonly retry: boolean }[];
let takesMs: number;
let faults: number;
let polls: SharedPolls<number>;

beforeEach(() => {
  clock = new FakeClock();
  stop = new AbortController();
  reads = [];
  takesMs = 100;
  faults = 0;
  polls = new SharedPolls({
    clock,
    signal: stop.signal,
    wait: (last) => last + PACE_MS - clock.elapsed(),
    async read({ retry }) {
      reads.push({ at: clock.elapsed(), retry });
      const value = reads.length;
      await clock.sleep(takesMs, stop.signal);
      if (faults-- > 0) throw new DnxError('network', 'No response.');
      return value;
    },
  });
});

const times = () => reads.map(({ at }) => at);
const message = (work: Promise<unknown>) => work.then(String, ({ message: text }: Error) => text);

describe('a reading', () => {
  test('serves everyone who waits for it, at the pace', async () => {
    const first = await Promise.all([polls.next(0, NEVER), clock.sleep(3_000).then(() => polls.next(0, NEVER))]);
    expect(first.map(({ value }) => value)).toEqual([1, 1]);
    expect((await polls.next(1, NEVER)).value).toBe(2);
    expect(times()).toEqual([5_000, 10_000]);
  });

  test('that began before the request does not count, even if it ends later', async () => {
    takesMs = 4_000;
    const early = polls.now(NEVER);
    await clock.sleep(1_000);
    const mark = polls.started;
    const late = await polls.next(mark, NEVER);
    expect([(await early).value, late.value, late.startedAt]).toEqual([1, 2, 5_000]);
  });

  test('before a request is at most a second old', async () => {
    expect([(await polls.now(NEVER)).value, (await polls.now(NEVER)).value]).toEqual([1, 1]);
    await clock.sleep(1_000);
    expect((await polls.now(NEVER)).value).toBe(2);
    expect(reads.map(({ retry }) => retry)).toEqual([true, true]);
  });

  test('wakes whoever sleeps, and serves them at once', async () => {
    const asleep = polls.sleep(60_000).then(() => polls.next(0, NEVER));
    await polls.next(0, NEVER);
    expect((await asleep).value).toBe(1);
    expect(clock.elapsed()).toBe(5_100);
  });
});

describe('a failed read', () => {
  test('is one fault for each who waited, and wakes no one else', async () => {
    faults = 1;
    let awake = false;
    const asleep = polls.sleep(20_000).then(() => {
      awake = true;
    });
    const waited = await Promise.all([message(polls.next(0, NEVER)), message(polls.next(0, NEVER))]);
    expect([waited, awake, reads.length]).toEqual([['No response.', 'No response.'], false, 1]);
    await clock.sleep(2_000);
    expect((await polls.next(0, NEVER)).value).toBe(2);
    await asleep;
  });
});

describe('a deadline', () => {
  test('of one does not stop the read for the others', async () => {
    takesMs = 30_000;
    const [one, other] = await Promise.all([message(polls.next(0, 10_000)), polls.next(0, NEVER)]);
    expect([one, other.value, times()]).toEqual(['Timed out waiting for a response.', 1, [5_000]]);
  });

  test('that is near comes before the pace', async () => {
    await polls.now(NEVER);
    await polls.next(1, 4_000);
    expect(times()).toEqual([0, 2_000]);
  });

  test('Ctrl-C ends everything at once', async () => {
    takesMs = 30_000;
    clock.at(7_000, () => stop.abort(new DnxError('interrupted', 'Interrupted.')));
    const all = [polls.next(0, NEVER), polls.next(0, NEVER), polls.sleep(60_000)].map(message);
    expect(await Promise.all(all)).toEqual(['Interrupted.', 'Interrupted.', 'Interrupted.']);
    expect(clock.elapsed()).toBe(7_000);
  });
});
