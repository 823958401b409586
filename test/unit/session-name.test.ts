import { expect, test } from 'vitest';
import { leaseEnd, leaseName, sessionName } from '../../src/machine/lease.ts';

test('the name of a session is as wide for every process, time and number', () => {
  const nows = [Date.UTC(2026, 0, 1), Date.UTC(2055, 0, 1)];
  // The largest id of Linux is 4194304.
  const names = nows.flatMap((now) =>
    [1, 99, 4_194_304].flatMap((pid) => [0, 0.5, 0.999].map((chance) => sessionName('agent', { now, pid, chance }))),
  );
  expect(new Set(names.map(({ length }) => length))).toEqual(new Set([27]));
  for (const name of names) expect(leaseEnd(leaseName(name, '2026-01-01T00:00:00.000Z'))).toBe(Date.UTC(2026, 0, 1));
});
