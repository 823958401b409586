import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { killedAt } from '../support/killed.ts';
import { volume } from '../support/volume.ts';

const WRITERS = volume(6, 3);

const executable = perSuite(() => openExecutable({ rateLimit: 0 }));

const history = async () => JSON.parse((await executable.here(['history', '--json'])).stdout) as { outcome: string; command: string }[];
const create = (name: string) => ['crontab', 'create', name, '--frequency', '0 3 * * *', '--server', 'web-1'];

test('several processes write one history', async () => {
  const runs = await Promise.all(Array.from({ length: WRITERS }, (_, at) => executable.dnx(create(`date ${at}`))));
  expect(runs.map(({ exitCode }) => exitCode)).toEqual(Array(WRITERS).fill(0));
  const all = await history();
  expect([all.length, all.every(({ outcome }) => outcome === 'applied')]).toEqual([WRITERS, true]);
  for (const line of readFileSync(join(executable.directory, '.local/state/dnx/history.jsonl'), 'utf8').trim().split('\n'))
    expect(() => JSON.parse(line)).not.toThrow();
});

test('a change of a process that was killed before the response is unknown', async () => {
  const before = executable.sandbox.calls.length;
  const isSent = () => executable.sandbox.calls.slice(before).some(({ method }) => method === 'POST');
  for (let request = 1; !isSent(); request++) await killedAt(executable, create(`uptime ${request}`), { request });
  const [latest] = await history();
  expect(latest).toMatchObject({ outcome: 'unknown', command: expect.stringContaining('uptime') });
});
