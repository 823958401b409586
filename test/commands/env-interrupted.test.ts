import { beforeEach, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import type { Transport } from '../../src/machine/world.ts';
import { openEnvSite } from '../support/env-site.ts';
import { perTest } from '../support/fixtures.ts';
import { sampled, turn } from '../support/volume.ts';

const wanted = { KEPT: '0', CHANGED: '2', OTHER: '3', NEW: '1', NEWER: '2' };
/** The check of the linked site, the list, two changes and a removal, each after another list, and two new variables. */
const REQUESTS = 10;

const site = perTest(openEnvSite);
beforeEach(async () => {
  site.setAll({ KEPT: '0', CHANGED: '1', OTHER: '1', GONE: '1' });
  await site.succeed('pull');
  site.write(
    Object.entries(wanted)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
});

/** Ctrl-C at the nth request: before it is sent, or before its response is read. */
const interruptedAt = (nth: number, when: 'before' | 'after', stop: AbortController) => {
  let requests = 0;
  const interrupt = () => stop.abort(new DnxError('interrupted', 'Interrupted.'));
  return (network: Transport): Transport => ({
    ...network,
    async request(request) {
      requests += 1;
      if (requests === nth && when === 'before') interrupt();
      const response = await network.request(request);
      if (requests === nth) interrupt();
      return response;
    },
  });
};

const moments = Array.from({ length: REQUESTS }, (_, index) => index + 1).flatMap((nth) =>
  turn(['before', 'after'] as const, nth).map((when) => [nth, when] as const),
);

test.each(sampled(moments, 5, 10))(
  'a push that is interrupted at request %i, %s it is sent, is finished by the next one',
  async (nth, when) => {
    const stop = new AbortController();
    const run = await site.env(['push', '--yes', '--prune'], { signal: stop.signal, through: interruptedAt(nth, when, stop) });
    expect(run).toExit(130, { stdout: '' });
    // It says what was done.
    const done = Object.entries(site.values()).filter(
      ([key, value]) => (wanted as Record<string, string>)[key] === value && key !== 'KEPT',
    ).length;
    if (nth > 4) expect(run.stderr).toContain(' CHANGED');
    expect(done).toBeGreaterThanOrEqual(Math.min(2, Math.floor((nth - 3) / 2)) + Math.min(2, Math.max(0, nth - 7)));
    const again = await site.env(['push', '--yes', '--prune']);
    expect([again.code, site.values()], again.stderr).toEqual([0, wanted]);
    expect((await site.env(['push', '--yes', '--prune'])).stdout).toBe('Nothing to push to blog.example.com.\n');
  },
);
