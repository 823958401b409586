import { expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { killedAt } from '../support/killed.ts';

const executable = perSuite(() => openExecutable({ rateLimit: 0 }));

const lines = [
  ['crontab', 'ensure', 'date', '--frequency', '0 8 * * *', '--server', 'web-1'],
  ['site', 'ensure', 'new.example.com', '--server', 'web-1', '--no-wait'],
  ['certificate', 'ensure', 'new.example.com', '--site', 'shop.example.com', '--no-wait'],
];

test.each(lines)('%s ensure that is killed at any request is done once it is run again, and creates one', async (...line) => {
  const { calls, state } = executable.sandbox;
  const initial = structuredClone(state);
  const before = calls.length;
  await expect(executable.here(line)).toExit(0);
  const requests = calls.length - before;
  expect(requests).toBeGreaterThan(1);
  for (let request = 1; request <= requests; request++) {
    Object.assign(state, structuredClone(initial));
    const since = calls.length;
    await killedAt(executable, line, { request });
    const again = await executable.here([...line, '--json']);
    expect(again, `request ${request}`).toExit(0);
    expect(
      calls.slice(since).filter(({ method }) => method === 'POST'),
      `request ${request}`,
    ).toHaveLength(1);
  }
});
